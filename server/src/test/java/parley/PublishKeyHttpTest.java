package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every end point of back ends behind keys. */
class PublishKeyHttpTest {

    private static final String CI = "a-key-of-the-continuous-integration";
    private static final String SHOP = "a-key-of-the-shop";

    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start("--publish-key", "ci:" + CI, "--publish-key", "shop:" + SHOP);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static final String PUBLISH = "/socket/publish?userId=1&message=hi";

    @ParameterizedTest
    @ValueSource(
            strings = {PUBLISH, "/socket/ask?userId=1&message=hi", "/socket/events", "/websocket/1", "/socket/publish"})
    void publishingAndListeningNeedAKey(String path) throws Exception {
        ServerFixture.Answer missing = server.get(path);
        assertEquals(401, missing.status());
        assertEquals("key_required", missing.code());
        assertEquals(
                "Bearer realm=\"parley\"",
                missing.raw().headers().firstValue("WWW-Authenticate").orElse(null));
        ServerFixture.Answer wrong = server.get(path, "X-Api-Key", SHOP + "x");
        assertEquals(401, wrong.status());
        assertEquals(missing.body(), wrong.body());
    }

    @Test
    void aKeyLetsPublish() throws Exception {
        assertEquals(202, server.get(PUBLISH, "X-Api-Key", CI).status());
        assertEquals(202, server.get(PUBLISH, "Authorization", "Bearer " + SHOP).status());
        assertEquals(
                202,
                server.get(PUBLISH, "X-Api-Key", CI, "Origin", "https://evil.test")
                        .status());
        ServerFixture.Answer batch = server.post(
                "/socket/publish", "application/x-ndjson", "{\"userId\":\"1\",\"message\":1}\n", "X-Api-Key", CI);
        assertEquals(200, batch.status(), batch::body);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /socket/online",
        "GET, /socket/history?userId=1",
        "DELETE, /socket/history?userId=2",
        "GET, /socket/why?userId=1",
        "GET, /socket/message?id=x",
        "POST, /socket/disconnect?userId=2"
    })
    void administrationNeedsNoneFromThisMachine(String method, String path) throws Exception {
        assertTrue(server.method(method, path).status() < 405);
        assertFalse(server.method(method, path).status() == 401);
        try (RawSocket line = server.raw()) {
            line.request(method, path, "X-Forwarded-For: 10.0.0.1");
            assertEquals(401, line.readHead().status());
        }
        try (RawSocket line = server.raw()) {
            line.request(method, path, "X-Forwarded-For: 10.0.0.1", "X-Api-Key: " + CI);
            assertFalse(line.readHead().status() == 401);
        }
        try (RawSocket line = server.raw()) {
            line.request(method, path, "X-Api-Key: wrong");
            assertEquals(401, line.readHead().status());
        }
    }

    /** One back end must not swallow what another one publishes. */
    @Test
    void anIdempotencyKeyBelongsToItsCredential() throws Exception {
        String path = "/socket/publish?userId=idem&message=hi&idempotencyKey=once";
        String first = server.get(path, "X-Api-Key", CI).object().get("id").getAsString();
        assertEquals(first, server.get(path, "X-Api-Key", CI).object().get("id").getAsString());
        String other = server.get(path, "X-Api-Key", SHOP).object().get("id").getAsString();
        assertFalse(first.equals(other));
        String item = "[{\"userId\":\"idem\",\"message\":\"hi\",\"idempotencyKey\":\"once\"}]";
        ServerFixture.Answer batch = server.post("/socket/publish", "application/json", item, "X-Api-Key", SHOP);
        assertEquals(
                other,
                batch.json().getAsJsonArray().get(0).getAsJsonObject().get("id").getAsString());
    }
}
