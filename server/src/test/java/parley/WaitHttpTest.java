package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code wait} over real connections. A wait of a minute is longer than the patience of these tests. */
class WaitHttpTest {

    private static ServerFixture server;
    private static final ExecutorService THREADS = Executors.newCachedThreadPool();

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start();
    }

    @AfterAll
    static void stop() {
        THREADS.shutdownNow();
        server.close();
    }

    static <T> T get(Future<T> future) throws Exception {
        return future.get(ServerFixture.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static Future<ServerFixture.Answer> publish(String... namesAndValues) {
        Callable<ServerFixture.Answer> publishing = () -> server.publish(namesAndValues);
        return THREADS.submit(publishing);
    }

    private static Future<ServerFixture.Answer> publishTo(String user) {
        return publish("userId", user, "message", "x", "wait", "60s");
    }

    private static V1Client client(String user) throws Exception {
        V1Client client = server.v1(user);
        client.hello();
        return client;
    }

    static String ack(JsonObject message, boolean handled) {
        String position = message.get("position").getAsString();
        return "{\"type\":\"ack\",\"channel\":\"" + message.get("channel").getAsString() + "\",\"position\":\""
                + position + "\",\"failed\":[" + (handled ? "" : '"' + position + '"') + "]}";
    }

    private static JsonObject nextWaited(V1Client client) throws Exception {
        JsonObject message = client.next("message");
        assertTrue(message.get("ack").getAsBoolean(), message::toString);
        return message;
    }

    private static void expect(int online, int acked, Future<ServerFixture.Answer> answer) throws Exception {
        ServerFixture.Answer receipt = get(answer);
        assertEquals(online == 0 ? 202 : 200, receipt.status(), receipt::body);
        assertEquals(online, receipt.object().get("online").getAsInt(), receipt::body);
        assertEquals(acked, receipt.object().get("acked").getAsInt(), receipt::body);
    }

    @Test
    void theAnswerIsGivenWhenTheHandlerHasReturned() throws Exception {
        try (V1Client client = client("one")) {
            Future<ServerFixture.Answer> answer = publishTo("one");
            JsonObject message = nextWaited(client);
            server.publish("userId", "one", "message", "y");
            assertFalse(client.next("message").has("ack"), "nobody waits for that one");
            assertFalse(answer.isDone());
            client.send(ack(message, true));
            expect(1, 1, answer);
        }
    }

    @Test
    void everyTabIsWaitedForAndOneThatClosesLeaves() throws Exception {
        V1Client closing = client("tabs");
        V1Client reset = client("tabs");
        try (V1Client acking = client("tabs");
                V1Client throwing = client("tabs")) {
            Future<ServerFixture.Answer> answer = publishTo("tabs");
            acking.send(ack(nextWaited(acking), true));
            throwing.send(ack(nextWaited(throwing), false));
            nextWaited(closing);
            nextWaited(reset);
            closing.close();
            assertFalse(answer.isDone());
            reset.socket.reset();
            expect(4, 1, answer);
        }
    }

    @Test
    void nobodyOnlineAnswersAtOnce() throws Exception {
        expect(0, 0, publishTo("nobody"));
    }

    @Test
    void plainClientsAndStreamsAreNotWaitedFor() throws Exception {
        try (RawSocket plain = server.plain("/websocket/plain");
                EventReader stream = EventReader.open(server, "/websocket/plain?format=v1")) {
            await().until(() -> server.online("plain") == 2);
            expect(2, 0, publishTo("plain"));
            assertEquals("x", plain.readText());
            stream.start();
        }
    }

    @Test
    void theTimeAnswersWithWhatThereIs() throws Exception {
        try (V1Client acking = client("timeout");
                V1Client silent = client("timeout")) {
            Future<ServerFixture.Answer> answer = publish("userId", "timeout", "message", "x", "wait", "1500ms");
            acking.send(ack(nextWaited(acking), true));
            JsonObject late = nextWaited(silent);
            expect(2, 1, answer);
            silent.send(ack(late, true)); // too late, and harmless
            silent.send("{\"type\":\"ping\"}");
            silent.next("pong");
        }
    }

    @Test
    void severalUsersAreWaitedForTogether() throws Exception {
        try (V1Client a = client("several-a");
                V1Client b = client("several-b")) {
            Future<ServerFixture.Answer> answer = publish(
                    "userId",
                    "several-a",
                    "userId",
                    "several-none",
                    "userId",
                    "several-b",
                    "message",
                    "x",
                    "wait",
                    "60s");
            a.send(ack(nextWaited(a), true));
            JsonObject message = nextWaited(b);
            assertFalse(answer.isDone());
            b.send(ack(message, false));
            JsonArray receipts = get(answer).json().getAsJsonArray();
            int[] acked = {1, 0, 0};
            int[] online = {1, 0, 1};
            for (int i = 0; i < 3; i++) {
                JsonObject receipt = receipts.get(i).getAsJsonObject();
                assertEquals(acked[i], receipt.get("acked").getAsInt());
                assertEquals(online[i], receipt.get("online").getAsInt());
            }
        }
    }

    @Test
    void topicsAndAllAreWaitedForToo() throws Exception {
        try (V1Client a = server.v1("topical");
                V1Client b = client("not-topical")) {
            a.hello(Map.of(), "wait-topic");
            Future<ServerFixture.Answer> answer = publish("topic", "wait-topic", "message", "x", "wait", "60s");
            a.send(ack(nextWaited(a), true));
            expect(1, 1, answer);
            Future<ServerFixture.Answer> all = publish("all", "true", "message", "x", "wait", "60s");
            a.send(ack(nextWaited(a), true));
            b.send(ack(nextWaited(b), true));
            assertEquals(2, get(all).object().get("acked").getAsInt());
        }
    }

    @Test
    void anExcludedSessionIsNotWaitedFor() throws Exception {
        try (V1Client client = server.v1("excluded");
                V1Client other = client("excluded")) {
            String session = client.hello().get("session").getAsString();
            Future<ServerFixture.Answer> answer =
                    publish("userId", "excluded", "message", "x", "wait", "60s", "exclude", session);
            other.send(ack(nextWaited(other), true));
            expect(1, 1, answer);
            server.publish("userId", "excluded", "message", "for both");
            assertEquals("for both", client.nextBody());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "wait=1s&ttl=0,       400, bad_value",
        "wait=60001ms,        400, bad_value",
        "wait=61,             400, bad_value",
        "wait=soon,           400, bad_duration",
        "wait=-1s,            400, bad_duration",
        "wait=60s,            202, ",
        "wait=60,             202, ",
        "wait=0&ttl=0,        202, ",
    })
    void aWaitIsAMinuteAtMostAndNeedsAPosition(String options, int status, String code) throws Exception {
        ServerFixture.Answer answer = server.get("/socket/publish?userId=limits&message=x&" + options);
        assertEquals(status, answer.status(), answer::body);
        if (code != null) {
            assertEquals(code, answer.code());
        }
    }

    @Test
    void withoutAWaitNothingIsSaidOfAcks() throws Exception {
        assertFalse(server.publish("userId", "quiet", "message", "x").object().has("acked"));
        assertFalse(server.publish("userId", "quiet", "message", "x", "wait", "0")
                .object()
                .has("acked"));
    }
}
