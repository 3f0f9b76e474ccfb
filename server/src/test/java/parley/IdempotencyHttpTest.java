package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code idempotencyKey} over real HTTP: whoever repeats himself gets the first receipt and delivers nothing. */
class IdempotencyHttpTest {

    private static final String JSON = "application/json";

    private static final ServerFixture.Clock CLOCK = new ServerFixture.Clock();
    private static ServerFixture server;
    private static final ExecutorService THREADS = Executors.newCachedThreadPool();

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start(CLOCK);
    }

    @AfterAll
    static void stop() {
        THREADS.shutdownNow();
        server.close();
    }

    private static int published(String user) throws Exception {
        return server.get("/socket/history?userId=" + user)
                .object()
                .getAsJsonArray("messages")
                .size();
    }

    @Test
    void fiftyAtOnceAreOneDeliveryAndFiftyEqualReceipts() throws Exception {
        int count = 50;
        try (RawSocket client = server.plain("/websocket/fifty")) {
            server.publish("userId", "fifty", "message", "before");
            assertEquals("before", client.readText());
            CyclicBarrier together = new CyclicBarrier(count);
            List<Future<ServerFixture.Answer>> answers = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                boolean header = i % 2 == 0;
                answers.add(THREADS.submit(() -> {
                    together.await();
                    return header
                            ? server.get("/socket/publish?userId=fifty&message=once", "Idempotency-Key", "fifty")
                            : server.publish("userId", "fifty", "message", "once", "idempotencyKey", "fifty");
                }));
            }
            Set<JsonObject> different = new HashSet<>();
            int originals = 0;
            for (Future<ServerFixture.Answer> future : answers) {
                ServerFixture.Answer answer = WaitHttpTest.get(future);
                assertEquals(200, answer.status(), answer::body);
                JsonObject receipt = answer.object();
                originals += receipt.remove("duplicate").getAsBoolean() ? 0 : 1;
                different.add(receipt);
            }
            assertEquals(1, originals);
            assertEquals(1, different.size(), different::toString);
            server.publish("userId", "fifty", "message", "after");
            assertEquals("once", client.readText());
            assertEquals("after", client.readText());
            assertEquals(3, published("fifty"));
        }
    }

    @Test
    void theSameInAllItsSpellings() throws Exception {
        String first = server.publish("userId", "spelled", "message", "x", "idempotencyKey", "spelled")
                .object()
                .get("id")
                .getAsString();
        List<ServerFixture.Answer> again = List.of(
                server.post(
                        "/socket/publish",
                        JSON,
                        "{\"userId\":\"spelled\",\"message\":\"x\"}",
                        "Idempotency-Key",
                        "spelled"),
                server.post(
                        "/socket/publish",
                        JSON,
                        "{\"userId\":\"spelled\",\"message\":\"x\",\"idempotencyKey\":\"spelled\"}"),
                server.post(
                        "/socket/publish",
                        "application/x-www-form-urlencoded",
                        "userId=spelled&message=x&idempotencyKey=spelled"),
                server.post("/socket/publish?userId=spelled&idempotencyKey=spelled", "text/plain", "x"));
        for (ServerFixture.Answer answer : again) {
            assertEquals(first, answer.object().get("id").getAsString());
            assertTrue(answer.object().get("duplicate").getAsBoolean());
        }
        assertEquals(1, published("spelled"));
    }

    @ParameterizedTest
    @CsvSource({
        "'userId=reused&message=y'",
        "'userId=reused-2&message=x'",
        "'userId=reused&userId=reused-2&message=x'",
        "'topic=reused&message=x'",
        "'userId=reused&message=x&flag=f'",
        "'userId=reused&message=x&ttl=1m'",
        "'userId=reused&message=x&collapse=c'",
    })
    void somethingElseUnderTheSameKeyIs409(String query) throws Exception {
        assertEquals(
                202,
                server.get("/socket/publish?userId=reused&message=x&idempotencyKey=reused")
                        .status());
        ServerFixture.Answer answer = server.get("/socket/publish?idempotencyKey=reused&" + query);
        assertEquals(409, answer.status(), answer::body);
        assertEquals("key_reused", answer.code());
        assertEquals(1, published("reused"));
        assertEquals(0, published("reused-2"));
    }

    @Test
    void aRefusedRequestDoesNotTakeItsKey() throws Exception {
        assertEquals(
                400,
                server.publish("userId", "freed", "message", "x", "ttl", "soon", "idempotencyKey", "freed")
                        .status());
        ServerFixture.Answer answer = server.publish("userId", "freed", "message", "y", "idempotencyKey", "freed");
        assertEquals(202, answer.status(), answer::body);
        assertFalse(answer.object().get("duplicate").getAsBoolean());
    }

    @Test
    void oneKeyCoversAllUsersOfARequest() throws Exception {
        String path = "/socket/publish?userId=cover-a&userId=cover-b&message=x&idempotencyKey=cover";
        JsonArray first = server.get(path).json().getAsJsonArray();
        JsonArray second = server.get(path).json().getAsJsonArray();
        assertEquals(2, second.size());
        for (int i = 0; i < 2; i++) {
            JsonObject receipt = second.get(i).getAsJsonObject();
            assertTrue(receipt.remove("duplicate").getAsBoolean());
            first.get(i).getAsJsonObject().remove("duplicate");
            assertEquals(first.get(i), receipt);
        }
        assertEquals(1, published("cover-a"));
        assertEquals(1, published("cover-b"));
    }

    @Test
    void aRepetitionDoesNotWait() throws Exception {
        try (V1Client client = server.v1("waiting")) {
            client.hello();
            String[] query = {"userId", "waiting", "message", "x", "wait", "60s", "idempotencyKey", "waiting"};
            Future<ServerFixture.Answer> first = THREADS.submit(() -> server.publish(query));
            JsonObject message = client.next("message");
            ServerFixture.Answer second = server.publish(query);
            assertTrue(second.object().get("duplicate").getAsBoolean());
            assertEquals(message.get("id"), second.object().get("id"));
            assertFalse(first.isDone());
            client.send(WaitHttpTest.ack(message, true));
            assertEquals(1, WaitHttpTest.get(first).object().get("acked").getAsInt());
        }
    }

    @Test
    void whatIsOnlyForThoseThereIsNotRepeatedEither() throws Exception {
        try (V1Client client = server.v1("live")) {
            client.hello();
            for (int i = 0; i < 2; i++) {
                ServerFixture.Answer answer =
                        server.publish("userId", "live", "message", "x", "ttl", "0", "idempotencyKey", "live");
                assertEquals(i == 1, answer.object().get("duplicate").getAsBoolean());
                assertTrue(answer.object().get("position").isJsonNull());
            }
            server.publish("userId", "live", "message", "y");
            assertEquals("x", client.nextBody());
            assertEquals("y", client.nextBody());
        }
    }

    @Test
    void aBatchHasNoKeyButItsItemsMay() throws Exception {
        String items = "[{\"userId\":\"batch\",\"message\":1}]";
        for (ServerFixture.Answer answer : List.of(
                server.post("/socket/publish", JSON, items, "Idempotency-Key", "batch"),
                server.post("/socket/publish?idempotencyKey=batch", JSON, items),
                server.post("/socket/publish?idempotencyKey=batch", "application/x-ndjson", items),
                server.post("/socket/publish", "application/x-ndjson", items, "Idempotency-Key", "batch"))) {
            assertEquals(400, answer.status());
            assertEquals("bad_value", answer.code());
        }
        assertEquals(0, published("batch"));
        String item = "{\"userId\":\"batch\",\"message\":1,\"idempotencyKey\":\"item\"}";
        JsonArray receipts = server.post("/socket/publish", JSON, "[" + item + "," + item + "]")
                .json()
                .getAsJsonArray();
        assertEquals(
                receipts.get(0).getAsJsonObject().get("id"),
                receipts.get(1).getAsJsonObject().get("id"));
        assertTrue(receipts.get(1).getAsJsonObject().get("duplicate").getAsBoolean());
        assertEquals(1, published("batch"));
    }

    @Test
    void anEmptyKeyIs400() throws Exception {
        assertEquals(
                "bad_value",
                server.publish("userId", "empty", "message", "x", "idempotencyKey", "")
                        .code());
    }
}
