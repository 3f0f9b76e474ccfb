package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.CloseReason;
import jakarta.websocket.ContainerProvider;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Session;
import jakarta.websocket.WebSocketContainer;
import java.net.URI;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.component.LifeCycle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** End to end with the standard client of Jakarta WebSocket. */
class JakartaClientTest {

    private static ServerFixture server;
    private static WebSocketContainer container;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start();
        container = ContainerProvider.getWebSocketContainer();
        container.setDefaultMaxTextMessageBufferSize(2 << 20);
    }

    @AfterAll
    static void stop() {
        server.close();
        LifeCycle.stop(container);
    }

    private static final class Client extends Endpoint {
        final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
        final BlockingQueue<CloseReason> closes = new LinkedBlockingQueue<>();
        Session session;

        Client(String user, String... protocols) throws Exception {
            ClientEndpointConfig config = ClientEndpointConfig.Builder.create()
                    .preferredSubprotocols(List.of(protocols))
                    .build();
            session = container.connectToServer(
                    this, config, URI.create("ws://localhost:" + server.port() + "/websocket/" + user));
        }

        @Override
        public void onOpen(Session opened, EndpointConfig config) {
            opened.addMessageHandler(String.class, texts::add);
        }

        @Override
        public void onClose(Session closed, CloseReason reason) {
            closes.add(reason);
        }

        String next() throws InterruptedException {
            return texts.poll(ServerFixture.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        JsonObject nextFrame() throws InterruptedException {
            return JsonParser.parseString(next()).getAsJsonObject();
        }
    }

    @Test
    void aPlainAndAV1ClientTalkToEachOther() throws Exception {
        Client plain = new Client("jakarta-plain");
        Client v1 = new Client("jakarta-v1", "parley.v1");
        assertEquals("", plain.session.getNegotiatedSubprotocol());
        assertEquals("parley.v1", v1.session.getNegotiatedSubprotocol());
        v1.session.getBasicRemote().sendText("{\"type\":\"hello\"}");
        assertEquals("welcome", v1.nextFrame().get("type").getAsString());
        await().until(() -> server.online("jakarta-plain") == 1);

        plain.session.getBasicRemote().sendText("{\"reception\":\"jakarta-v1\",\"body\":\"hi\",\"flag\":\"inform\"}");
        JsonObject message = v1.nextFrame();
        assertEquals("jakarta-plain", message.get("sender").getAsString());
        assertEquals("hi", message.get("body").getAsString());

        v1.session
                .getBasicRemote()
                .sendText("{\"type\":\"send\",\"ref\":\"1\",\"reception\":\"jakarta-plain\",\"body\":[1]}");
        assertEquals("sent", v1.nextFrame().get("type").getAsString());
        assertEquals("{\"sender\":\"jakarta-v1\",\"reception\":\"jakarta-plain\",\"body\":[1]}", plain.next());

        server.publish("userId", "jakarta-plain", "message", "from the back end");
        assertEquals("from the back end", plain.next());

        String large = "é".repeat(300_000); // comes in several frames
        server.post("/socket/publish?userId=jakarta-plain", "text/plain", large);
        assertEquals(large, plain.next());

        v1.session.getBasicRemote().sendText("{");
        assertEquals(
                4000,
                v1.closes
                        .poll(ServerFixture.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                        .getCloseCode()
                        .getCode());
        plain.session.close();
        await().until(() -> server.registry().lines() == 0);
    }
}
