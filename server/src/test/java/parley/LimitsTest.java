package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.auth.AuthSettings;
import parley.auth.NewToken;
import parley.auth.NewTokenSettings;
import parley.message.ManualTime;
import parley.message.Time;
import parley.metrics.Limit;

/** What one client may take of a real server, asked from 127.0.0.2, which is not the loopback that limits leave alone. */
class LimitsTest {

    private static final String CLIENT = "127.0.0.2";

    private final List<RawSocket> lines = new ArrayList<>();
    private ServerFixture server;

    @AfterEach
    void close() throws IOException {
        for (RawSocket line : lines) {
            line.close();
        }
        server.close();
    }

    private RawSocket line(String from) throws IOException {
        RawSocket line = RawSocket.from(from, server.port());
        lines.add(line);
        return line;
    }

    private RawSocket connected(String from) throws IOException {
        return RawSocket.webSocket(line(from), "/websocket/42", null);
    }

    private static RawSocket.Answer stream(RawSocket line) throws IOException {
        line.request("GET", "/websocket/42");
        return line.readAnswer();
    }

    @Test
    void oneAddressTooMany() throws Exception {
        server = ServerFixture.start("--address-connections", "4"); // and eight connects at once: that is what comes
        for (int i = 0; i < 4; i++) {
            connected(CLIENT);
        }
        RawSocket plain = line(CLIENT);
        RawSocket.Head refused = plain.handshake("/websocket/42");
        assertEquals(429, refused.status());
        assertEquals("5", refused.header("Retry-After"));
        assertEquals("close", refused.header("Connection"));
        RawSocket v1 = line(CLIENT);
        assertEquals(
                101,
                v1.handshake("/websocket/42", "Sec-WebSocket-Protocol: parley.v1")
                        .status());
        assertEquals(4029, v1.readFrame().closeCode());
        RawSocket listener = line(CLIENT);
        RawSocket.Answer stream = stream(listener);
        assertEquals(429, stream.head().status());
        assertTrue(stream.body().contains("\"code\":\"too_many_connections\""), stream.body());
        RawSocket publisher = line(CLIENT); // is no session: there is room for it
        publisher.request("GET", "/socket/publish?userId=42&message=hello");
        assertEquals(200, publisher.readHead().status());
        assertEquals(3, server.metrics().timesLimited(Limit.ADDRESS_CONNECTIONS));
        connected("127.0.0.3");
        connected("127.0.0.1");
        lines.remove(0).close();
        plain.close();
        v1.close();
        listener.close();
        publisher.close(); // is a connection, too
        await().until(() -> handshakeOnce() == 101);
    }

    private int handshakeOnce(String... headers) throws IOException {
        try (RawSocket line = RawSocket.from(CLIENT, server.port())) {
            return line.handshake("/websocket/42", headers).status();
        }
    }

    @Test
    void whoTakesFarTooManyIsNotAnswered() throws Exception {
        server = ServerFixture.start("--address-connections", "40");
        int open = 0;
        for (int i = 0; i < 120; i++) {
            try {
                open += line(CLIENT).handshake("/websocket/42").status() == 101 ? 1 : 0;
            } catch (IOException cut) {
                // at once, or when it spoke
            }
        }
        assertEquals(40, open);
        assertEquals(40, server.online("42"));
        connected("127.0.0.1");
    }

    @Test
    void handshakesThatComeTooOften() throws Exception {
        server = ServerFixture.start(new ManualTime(), "--address-connections", "5");
        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            try {
                statuses.add(handshakeOnce());
            } catch (IOException notHeard) {
                statuses.add(0);
            }
        }
        assertEquals(List.of(101, 101, 101, 101, 101, 429, 429, 429, 429, 429, 0, 0), statuses);
        assertEquals(5, server.metrics().timesLimited(Limit.ADDRESS_HANDSHAKES));
        assertEquals(2, server.metrics().timesLimited(Limit.ADDRESS_CONNECTS));
        assertThrows(SocketException.class, () -> line(CLIENT).readByte(), "a reset leaves nothing in the kernel");
        connected("127.0.0.3");
    }

    @Test
    void aServerThatIsFull() throws Exception {
        server = ServerFixture.start("--max-connections", "3");
        for (int i = 0; i < 3; i++) {
            connected("127.0.0.1");
        }
        RawSocket.Head refused = line("127.0.0.1").handshake("/websocket/42");
        assertEquals(503, refused.status());
        assertEquals("5", refused.header("Retry-After"));
        RawSocket v1 = line("127.0.0.1");
        assertEquals(
                101,
                v1.handshake("/websocket/42", "Sec-WebSocket-Protocol: parley.v1")
                        .status());
        assertEquals(4029, v1.readFrame().closeCode());
        assertEquals(200, server.publish("userId", "42", "message", "hello").status());
    }

    @Test
    void oneUserTooMany() throws Exception {
        server = ServerFixture.start();
        RawSocket early = line("127.0.0.1"); // has shaken hands, but says no hello before the others are there
        early.handshake("/websocket/42", "Sec-WebSocket-Protocol: parley.v1");
        for (int i = 0; i < 1_000; i++) {
            connected("127.0.0.1");
        }
        await().until(() -> server.online("42") == 1_000);
        assertEquals(429, line("127.0.0.1").handshake("/websocket/42").status());
        assertEquals(429, stream(line("127.0.0.1")).head().status());
        early.sendText("{\"type\":\"hello\"}");
        assertEquals(4029, early.readClose().closeCode());
        assertEquals(101, line("127.0.0.1").handshake("/websocket/43").status());
        assertEquals(3, server.metrics().timesLimited(Limit.USER_CONNECTIONS));
    }

    @Test
    void keysAreNotGuessed() throws Exception {
        server = ServerFixture.start("--publish-key", "a-key-of-the-shop");
        for (int i = 0; i < 10; i++) {
            assertEquals(401, publish("wrong-key-" + i).head().status());
        }
        RawSocket.Answer refused = publish("a-key-of-the-shop");
        assertEquals(429, refused.head().status());
        assertTrue(refused.body().contains("\"code\":\"too_many_guesses\""), refused.body());
        assertTrue(Integer.parseInt(refused.head().header("Retry-After")) <= 6);
        assertEquals(
                202,
                server.get("/socket/publish?userId=42&message=a", "X-Api-Key", "a-key-of-the-shop")
                        .status());
        assertEquals(10, server.metrics().wrongCredentials.sum());
    }

    @Test
    void tokensAreNotGuessed() throws Exception {
        AuthSettings.Secret secret = new AuthSettings.Secret("the secret of this server's tokens");
        server = ServerFixture.start("--auth", "token", "--token-secret", secret.text());
        String good =
                NewToken.of(new NewTokenSettings(secret, null, "42", List.of(), 3_600_000, null, null), Time.SYSTEM);
        assertEquals(101, handshakeOnce("Authorization: Bearer " + good));
        for (int i = 0; i < 10; i++) {
            assertEquals(401, handshakeOnce("Authorization: Bearer " + good + i));
        }
        assertEquals(429, handshakeOnce("Authorization: Bearer " + good));
        assertEquals(10, server.metrics().wrongCredentials.sum());
    }

    private RawSocket.Answer publish(String key) throws IOException {
        RawSocket line = line(CLIENT);
        line.request("GET", "/socket/publish?userId=42&message=hello", "X-Api-Key: " + key);
        return line.readAnswer();
    }

    @Test
    void behindATrustedProxyClientsAreTold() throws Exception {
        server = ServerFixture.start("--address-connections", "2", "--trusted-proxy", CLIENT);
        for (int i = 0; i < 2; i++) {
            assertEquals(
                    101,
                    line(CLIENT)
                            .handshake("/websocket/42", "X-Forwarded-For: 203.0.113.1")
                            .status());
        }
        assertEquals(
                429,
                line(CLIENT)
                        .handshake("/websocket/42", "X-Forwarded-For: 203.0.113.1")
                        .status());
        assertEquals(
                101,
                line(CLIENT)
                        .handshake("/websocket/42", "X-Forwarded-For: 203.0.113.2")
                        .status());
        lines.remove(0).close();
        await().until(() -> handshakeOnce("X-Forwarded-For: 203.0.113.1") == 101);
    }

    /** A proxy's connection is of one client after the other. */
    @Test
    void aProxysConnectionCountsForItsLastClient() throws Exception {
        ServerFixture.Clock clock = new ServerFixture.Clock();
        server = ServerFixture.start(clock, "--address-connections", "1", "--trusted-proxy", CLIENT);
        RawSocket shared = line(CLIENT);
        for (String client : List.of("203.0.113.1", "203.0.113.2")) {
            shared.request("GET", "/websocket/a", "X-Forwarded-For: " + client);
            assertEquals(401, shared.readAnswer().status());
        }
        clock.advance(500); // for another handshake
        assertEquals(101, handshakeOnce("X-Forwarded-For: 203.0.113.1"));
        RawSocket second = line(CLIENT);
        second.request("GET", "/websocket/a", "X-Forwarded-For: 203.0.113.2");
        assertTrue(second.readAnswer().body().contains("too_many_connections"));
    }

    @ParameterizedTest
    @ValueSource(ints = {RawSocket.PING, RawSocket.PONG})
    void whoFloodsWithControlFramesIsNotReadAnyMore(int opCode) throws Exception {
        ManualTime time = new ManualTime();
        server = ServerFixture.start(time);
        RawSocket client = connected("127.0.0.1");
        AtomicInteger sent = new AtomicInteger();
        CompletableFuture<Void> flood = CompletableFuture.runAsync(() -> flood(client, opCode, sent));
        await().until(() -> server.metrics().timesLimited(Limit.CONTROL_FRAMES) == 1);
        assertEquals(0, server.online("42"));
        int[] before = {-1};
        await().until(() -> before[0] == (before[0] = sent.get())); // what it goes on to send stays in the kernel
        assertFalse(flood.isDone());
        await().until(() -> {
            time.advance(500); // so that nobody takes it for a process that stood still
            return flood.isDone();
        });
        assertEquals(1, server.metrics().timesLimited(Limit.CONTROL_FRAMES));
    }

    /** Until the line ends. */
    private static void flood(RawSocket line, int opCode, AtomicInteger sent) {
        try {
            while (true) {
                line.sendFrame(opCode, new byte[125]);
                sent.incrementAndGet();
            }
        } catch (IOException cut) {
            // at last
        }
    }

    @Test
    void whoFloodsWithMessagesHearsWhy() throws Exception {
        server = ServerFixture.start(new ManualTime());
        RawSocket flood = connected("127.0.0.1");
        for (int i = 0; i < 300; i++) {
            flood.sendText("to the back ends");
        }
        assertEquals(4129, flood.readClose().closeCode());
        assertEquals(1, server.metrics().timesLimited(Limit.MESSAGES));
    }

    @Test
    void publishersHaveARate() throws Exception {
        server = ServerFixture.start(new ManualTime(), "--publish-rate", "1");
        for (int i = 0; i < 4; i++) {
            assertEquals(202, server.publish("userId", "42", "message", "hello").status());
        }
        ServerFixture.Answer refused = server.publish("userId", "42", "message", "hello");
        assertEquals(429, refused.status());
        assertEquals("too_many_messages", refused.code());
        assertEquals("1", refused.raw().headers().firstValue("Retry-After").orElse(null));
        String line = "{\"userId\":\"42\",\"message\":1}\n";
        ServerFixture.Answer stream = server.post("/socket/publish", "application/x-ndjson", line);
        assertEquals(200, stream.status());
        assertEquals(429, stream.object().get("status").getAsInt());
        assertEquals(1, stream.object().get("retryAfter").getAsInt());
        assertEquals(429, server.get("/socket/ask?userId=42&message=hello").status());
        assertEquals(3, server.metrics().timesLimited(Limit.PUBLISHES));
    }

    @Test
    void anArrayHasSoManyReceipts() throws Exception {
        server = ServerFixture.start();
        String item = "{\"userId\":\"42\",\"message\":1,\"ttl\":0}";
        ServerFixture.Answer batch =
                server.post("/socket/publish", "application/json", "[" + (item + ",").repeat(10_000) + item + "]");
        assertEquals(200, batch.status());
        JsonArray answers = batch.json().getAsJsonArray();
        assertEquals(202, answers.get(9_999).getAsJsonObject().get("status").getAsInt());
        assertEquals(
                "too_many_items",
                answers.get(10_000).getAsJsonObject().get("code").getAsString());
        assertEquals(1, server.metrics().timesLimited(Limit.TARGETS));
    }
}
