package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /socket/publish} and {@code /socket/online} over real HTTP. */
class PublishHttpTest {

    private static final String FORM = "application/x-www-form-urlencoded";
    private static final String JSON = "application/json";
    private static final String TEXT = "text/plain";

    private static final ServerFixture.Clock CLOCK = new ServerFixture.Clock();
    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start(CLOCK);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static RawSocket online(String user) throws Exception {
        RawSocket client = server.plain("/websocket/" + user);
        await().until(() -> server.online(user) == 1);
        return client;
    }

    // ---- the receipt

    @Test
    void aUserWhoIsNamedTwiceIsCountedOnce() throws Exception {
        assertEquals(
                "{\"users\":{\"twice\":0,\"other\":0},\"next\":null}",
                server.get("/socket/online?userId=twice&userId=other&userId=twice")
                        .body()
                        .strip());
    }

    @Test
    void whoIsNotThereIs202AndFindsItLater() throws Exception {
        ServerFixture.Answer answer = server.publish("userId", "later", "message", "hello");
        assertEquals(202, answer.status());
        assertEquals("application/json", answer.type());
        assertEquals(
                "no-store", answer.raw().headers().firstValue("Cache-Control").orElse(""));
        JsonObject receipt = answer.object();
        assertTrue(receipt.get("id").getAsString().matches("[0-9A-HJKMNP-TV-Z]{26}"), answer::body);
        assertEquals("user:later", receipt.get("channel").getAsString());
        assertTrue(receipt.get("position").getAsString().matches("[0-9A-Za-z]{8}-1"), answer::body);
        assertEquals(0, receipt.get("online").getAsInt());
        assertEquals("memory", receipt.get("stored").getAsString());
        assertFalse(receipt.get("duplicate").getAsBoolean());
        try (RawSocket client = server.plain("/websocket/later")) {
            assertEquals("hello", client.readText());
        }
    }

    @Test
    void whoIsThereIs200() throws Exception {
        try (RawSocket client = online("there")) {
            ServerFixture.Answer answer = server.publish("userId", "there", "message", "hello");
            assertEquals(200, answer.status());
            assertEquals(1, answer.object().get("online").getAsInt());
            assertEquals("hello", client.readText());
        }
    }

    /** The ways of DESIGN 3.2 to say the same. */
    @Test
    void queryFormTextAndJsonSayTheSame() throws Exception {
        try (RawSocket client = online("ways")) {
            List<ServerFixture.Answer> answers = List.of(
                    server.get("/socket/publish?userId=ways&message=hello+%C3%A9"),
                    server.post("/socket/publish", FORM, "userId=ways&message=hello+%C3%A9"),
                    server.post("/socket/publish?userId=ways", FORM, "hello é"),
                    server.post("/socket/publish?userId=ways", TEXT, "hello é"),
                    server.post("/socket/publish?userId=ways", "text/plain; charset=UTF-8", "hello é"),
                    server.post("/socket/publish?userId=ways", null, "hello é"),
                    server.post("/socket/publish?userId=ways&message=hello+%C3%A9", FORM, ""),
                    server.post("/socket/publish", JSON, "{\"userId\":\"ways\",\"message\":\"hello \\u00e9\"}"),
                    server.post("/socket/publish?userId=ways", JSON, "{\"message\":\"hello é\"}"),
                    server.post("/socket/publish?message=hello+%C3%A9", JSON, "{\"userId\":[\"ways\"]}"));
            for (ServerFixture.Answer answer : answers) {
                assertEquals(200, answer.status(), answer::body);
                assertEquals("hello é", client.readText());
            }
        }
    }

    @Test
    void severalUsersAreAnArrayInOrder() throws Exception {
        try (RawSocket client = online("several-b")) {
            ServerFixture.Answer answer =
                    server.get("/socket/publish?userId=several-c&userId=several-b&userId=several-a&message=hi");
            assertEquals(200, answer.status()); // one of them was there
            JsonArray receipts = answer.json().getAsJsonArray();
            List<String> channels = new ArrayList<>();
            receipts.forEach(receipt ->
                    channels.add(receipt.getAsJsonObject().get("channel").getAsString()));
            assertEquals(List.of("user:several-c", "user:several-b", "user:several-a"), channels);
            assertEquals(1, receipts.get(1).getAsJsonObject().get("online").getAsInt());
            assertEquals("hi", client.readText());
        }
        ServerFixture.Answer nobody =
                server.post("/socket/publish", JSON, "{\"userId\":[\"several-x\",\"several-y\"],\"message\":1}");
        assertEquals(202, nobody.status());
        assertEquals(2, nobody.json().getAsJsonArray().size());
    }

    @Test
    void allAndTopicReachWhoListens() throws Exception {
        try (RawSocket one = server.plain("/websocket/all-1?topic=http-news");
                RawSocket two = server.plain("/websocket/all-2")) {
            await().until(() -> server.online("all-1") + server.online("all-2") == 2);
            ServerFixture.Answer all = server.publish("all", "true", "message", "to all");
            assertEquals("everyone", all.object().get("channel").getAsString());
            assertTrue(all.object().get("online").getAsInt() >= 2, all::body);
            assertEquals("to all", one.readText());
            assertEquals("to all", two.readText());
            ServerFixture.Answer topic = server.publish("topic", "http-news", "message", "news");
            assertEquals("topic:http-news", topic.object().get("channel").getAsString());
            assertEquals(1, topic.object().get("online").getAsInt());
            assertEquals("news", one.readText());
            assertEquals(
                    202, server.publish("topic", "nobody", "message", "news").status());
        }
    }

    /** The seed's page adds {@code id} and {@code content} to its query. */
    @Test
    void unknownParametersAreIgnored() throws Exception {
        assertEquals(
                202,
                server.get("/socket/publish?userId=ignore&id=7&content=x&message=hi")
                        .status());
        ServerFixture.Answer answer =
                server.post("/socket/publish", JSON, "{\"userId\":\"ignore\",\"message\":1,\"id\":{},\"x\":[1]}");
        assertEquals(202, answer.status(), answer::body);
    }

    @Test
    void numbersMayStandForIds() throws Exception {
        ServerFixture.Answer answer = server.post("/socket/publish", JSON, "{\"userId\":10086,\"message\":true}");
        assertEquals("user:10086", answer.object().get("channel").getAsString(), answer::body);
    }

    // ---- what is refused

    /** Path and query, type (or -), body (or -); status, code. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", textBlock = """
            ?message=hi                              | -     | -                                     | 400 | no_target
            ?userId=a&topic=b&message=hi             | -     | -                                     | 400 | two_targets
            ?userId=a&all=true&message=hi            | -     | -                                     | 400 | two_targets
            ?topic=a&topic=b&message=hi              | -     | -                                     | 400 | two_targets
            ?userId=a&userId=a&message=hi            | -     | -                                     | 400 | two_targets
            ?userId=a                                | -     | -                                     | 400 | no_message
            ?all=false&message=hi                    | -     | -                                     | 400 | no_target
            ?all=maybe&message=hi                    | -     | -                                     | 400 | bad_value
            ?userId=&message=hi                      | -     | -                                     | 400 | bad_user
            ?userId=a%2Fb&message=hi                 | -     | -                                     | 400 | bad_user
            ?userId=a%3Bb&message=hi                 | -     | -                                     | 400 | bad_user
            ?userId=a%00&message=hi                  | -     | -                                     | 400 | bad_user
            ?userId=%E2%80%AE&message=hi             | -     | -                                     | 400 | bad_user
            ?topic=a%5Cb&message=hi                  | -     | -                                     | 400 | bad_topic
            ?userId=a&message=%FF                    | -     | -                                     | 400 | bad_query
            ?userId=a&message=1&message=2            | -     | -                                     | 400 | bad_value
            ?userId=a&message=hi&ttl=soon            | -     | -                                     | 400 | bad_duration
            ?userId=a&message=hi&ttl=-1              | -     | -                                     | 400 | bad_duration
            ?userId=a                                | TEXT  | ``                                    | 400 | no_message
            ?userId=a&message=hi                     | TEXT  | hello                                 | 400 | two_messages
            -                                        | FORM  | {"userId":"a","message":"hi"}         | 400 | bad_form
            ?userId=a                                | FORM  |   {"code":"00"}                       | 400 | bad_form
            -                                        | FORM  | userId=a&message=%FF                  | 400 | bad_query
            -                                        | JSON  | {"userId":"a","message":"hi"          | 400 | bad_json
            -                                        | JSON  | {"userId":"a","userId":"b","message":1} | 400 | bad_json
            -                                        | JSON  | {"userId":"a","message":"\\ud800"}    | 400 | bad_text
            -                                        | JSON  | {"userId":"a","message":NaN}          | 400 | bad_json
            -                                        | JSON  | "hello"                               | 400 | bad_json
            -                                        | JSON  | ``                                    | 400 | bad_json
            -                                        | JSON  | {"userId":"a","message":null}         | 400 | no_message
            -                                        | JSON  | {"userId":"a"}                        | 400 | no_message
            -                                        | JSON  | {"message":"hi"}                      | 400 | no_target
            -                                        | JSON  | {"userId":[],"message":"hi"}          | 400 | no_target
            -                                        | JSON  | {"userId":{},"message":"hi"}          | 400 | bad_value
            -                                        | JSON  | {"userId":[{}],"message":"hi"}        | 400 | bad_value
            -                                        | JSON  | {"userId":"a","flag":[],"message":1}  | 400 | bad_value
            ?userId=a                                | text/html        | hi                         | 415 | bad_media_type
            ?userId=a                                | application/xml  | hi                         | 415 | bad_media_type
            ?userId=a                                | multipart/form-data; boundary=x | hi          | 415 | bad_media_type
            ?userId=a                                | text/plain; charset=latin1      | hi          | 415 | bad_charset
            """)
    void aBadRequestIsAProblemWithACode(String query, String type, String body, int status, String code)
            throws Exception {
        String path = "/socket/publish" + (query == null ? "" : query);
        String header = type == null
                ? null
                : switch (type) {
                    case "TEXT" -> TEXT;
                    case "FORM" -> FORM;
                    case "JSON" -> JSON;
                    default -> type;
                };
        ServerFixture.Answer answer = type == null ? server.get(path) : server.post(path, header, body);
        assertEquals(status, answer.status(), answer::body);
        assertEquals("application/problem+json", answer.type());
        assertEquals(code, answer.code(), answer::body);
        assertEquals(status, answer.object().get("status").getAsInt());
        assertTrue(answer.object().get("detail").getAsString().matches("(?s)\\S.{10,}\\."), answer::body);
        assertEquals("about:blank", answer.object().get("type").getAsString());
    }

    @Test
    void aQueryThatIsNotPercentEncodedIs400() throws Exception {
        try (RawSocket line = server.raw()) {
            line.request("GET", "/socket/publish?userId=a&message=%zz");
            RawSocket.Answer answer = line.readAnswer();
            assertEquals(400, answer.status());
            assertTrue(answer.body().contains("\"bad_query\""), answer::body);
        }
    }

    /** Browsers leave these as they are. */
    @Test
    void aQueryMayHoldUnescapedPunctuation() throws Exception {
        try (RawSocket client = online("punctuation");
                RawSocket line = server.raw()) {
            line.request("GET", "/socket/publish?userId=punctuation&message={'a':[1|2]}^`~");
            assertEquals(200, line.readAnswer().status());
            assertEquals("{'a':[1|2]}^`~", client.readText());
        }
    }

    @Test
    void badJsonIsToldWithItsPlace() throws Exception {
        ServerFixture.Answer answer = server.post("/socket/publish", JSON, "{\"userId\":\"a\",\n \"message\": hi}");
        assertTrue(answer.object().get("detail").getAsString().contains("line 2, column"), answer::body);
    }

    @Test
    void aBodyThatIsNoUtf8Is400() throws Exception {
        try (RawSocket line = server.raw()) {
            line.send("POST /socket/publish?userId=a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n");
            line.send(new byte[] {'a', (byte) 0xff});
            RawSocket.Answer answer = line.readAnswer();
            assertEquals(400, answer.status());
            assertTrue(answer.body().contains("\"bad_utf8\""), answer::body);
        }
    }

    @Test
    void nothingIsHalfDone() throws Exception {
        server.get("/socket/publish?userId=half-1&userId=half%2F2&message=hi");
        server.get("/socket/publish?userId=half-1&userId=half-2&message=hi&ttl=soon");
        assertEquals(
                "-1",
                server.publish("userId", "half-1", "message", "first")
                        .object()
                        .get("position")
                        .getAsString()
                        .substring(8));
    }

    @ParameterizedTest
    @CsvSource({
        "'Host: evil.test',                     421, foreign_host",
        "'Host: localhost.evil.test',           421, foreign_host",
        "'X-Forwarded-For: 127.0.0.1',          401, key_required",
        "'Forwarded: for=127.0.0.1',            401, key_required",
        "'X-Real-IP: 127.0.0.1',                401, key_required",
        "'Via: 1.1 proxy',                      401, key_required",
        "'Sec-Fetch-Site: cross-site',          403, foreign_site",
        "'Sec-Fetch-Site: same-site',           403, foreign_site",
        "'Sec-Fetch-Site: none',                403, foreign_site",
        "'Origin: https://evil.test',           403, foreign_site",
        "'Origin: null',                        403, foreign_site",
        "'Origin: http://localhost:1',          403, foreign_site",
        "'Referer: https://evil.test/',         403, foreign_site",
        "'Purpose: prefetch',                   403, foreign_site",
        "'Sec-Purpose: prefetch;prerender',     403, foreign_site",
        "'Origin: http://localhost:{port}',     202, ",
        "'Sec-Fetch-Site: same-origin',         202, ",
        "'Accept: */*',                         202, ",
    })
    void onlyOurOwnPagesAndProgramsMayPublishWithoutAKey(String header, int status, String code) throws Exception {
        for (String path : List.of("/socket/publish?userId=guarded&message=x", "/socket/online")) {
            try (RawSocket line = server.raw()) {
                line.request("GET", path, header.replace("{port}", "" + server.port()));
                RawSocket.Answer answer = line.readAnswer();
                boolean online = path.equals("/socket/online");
                assertEquals(online && status == 202 ? 200 : status, answer.status());
                if (code != null) {
                    assertEquals("application/problem+json", answer.head().header("Content-Type"));
                    JsonObject problem = JsonParser.parseString(answer.body()).getAsJsonObject();
                    assertEquals(code, problem.get("code").getAsString());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "FOO"})
    void otherMethodsAre405AndPublishNothing(String method) throws Exception {
        String user = "method-" + method;
        try (RawSocket line = server.raw()) {
            line.request(method, "/socket/publish?userId=" + user + "&message=never");
            RawSocket.Head head = line.readHead();
            assertEquals(405, head.status());
            assertEquals("GET, POST", head.header("Allow"));
        }
        String position = server.publish("userId", user, "message", "first")
                .object()
                .get("position")
                .getAsString();
        assertEquals("-1", position.substring(8));
    }

    // ---- bodies

    @Test
    void exactlyOneMebibyteArrivesWhole() throws Exception {
        String text = "0123456789abcde\n".repeat(1 << 16);
        assertEquals(1 << 20, text.length());
        try (JdkSocket socket = JdkSocket.open(server.port(), "/websocket/mebibyte")) {
            await().until(() -> server.online("mebibyte") == 1);
            assertEquals(
                    200,
                    server.post("/socket/publish?userId=mebibyte", TEXT, text).status());
            assertEquals(text, socket.next());
            server.publish("userId", "mebibyte", "message", "after");
            assertEquals("after", socket.next());
        }
    }

    @Test
    void moreThanOneMebibyteIs413() throws Exception {
        try (RawSocket line = server.raw()) { // refused by its length, before it comes
            line.send("POST /socket/publish?userId=big HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n");
            RawSocket.Answer answer = line.readAnswer();
            assertEquals(413, answer.status());
            assertTrue(answer.body().contains("\"too_large\""), answer::body);
        }
        try (RawSocket line = server.raw()) {
            line.send("POST /socket/publish?userId=big HTTP/1.1\r\nHost: localhost\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n");
            String chunk = "10000\r\n" + "x".repeat(1 << 16) + "\r\n";
            for (int i = 0; i < 16; i++) {
                line.send(chunk);
            }
            line.send("1\r\nx\r\n"); // one byte too many
            RawSocket.Answer answer = line.readAnswer();
            assertEquals(413, answer.status());
            assertTrue(answer.body().contains("\"too_large\""), answer::body);
        }
        assertEquals(202, server.publish("userId", "big", "message", "x").status());
    }

    @Test
    void aBodyMayComeInChunks() throws Exception {
        try (RawSocket client = online("chunks");
                RawSocket line = server.raw()) {
            line.send("POST /socket/publish?userId=chunks HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
            line.send("3\r\nhel\r\n");
            line.send("2;ext=1\r\nlo\r\n0\r\n\r\n");
            assertEquals(200, line.readAnswer().status());
            assertEquals("hello", client.readText());
            line.request("GET", "/socket/publish?userId=chunks&message=kept+alive");
            assertEquals(200, line.readAnswer().status());
            assertEquals("kept alive", client.readText());
        }
    }

    @Test
    void requestsMayFollowEachOtherUnanswered() throws Exception {
        try (RawSocket client = online("pipe");
                RawSocket line = server.raw()) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 20; i++) {
                requests.append(
                                "POST /socket/publish?userId=pipe HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n")
                        .append(10 + i)
                        .append("GET /socket/publish?userId=pipe&message=get")
                        .append(10 + i)
                        .append(" HTTP/1.1\r\nHost: localhost\r\n\r\n");
            }
            line.send(requests.toString());
            for (int i = 0; i < 40; i++) {
                RawSocket.Answer answer = line.readAnswer();
                assertEquals(200, answer.status());
                assertTrue(answer.body().contains("-" + (i + 1) + "\""), answer::body);
            }
            for (int i = 0; i < 20; i++) {
                assertEquals("" + (10 + i), client.readText());
                assertEquals("get" + (10 + i), client.readText());
            }
        }
    }

    @Test
    void aRefusedRequestDoesNotHarmTheNextOne() throws Exception {
        try (RawSocket line = server.raw()) {
            line.send("POST /socket/publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/html\r\n"
                    + "Content-Length: 5\r\n\r\nhello");
            assertEquals(415, line.readAnswer().status());
            line.request("GET", "/socket/publish?userId=next&message=x");
            assertEquals(202, line.readAnswer().status());
        }
    }

    /** No thread waits for a slow body: as many as the server has threads, and everybody else is served. */
    @Test
    void slowBodiesBlockNobody() throws Exception {
        List<RawSocket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 40; i++) {
                RawSocket line = server.raw();
                slow.add(line);
                line.send("POST /socket/publish?userId=slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\ns");
            }
            for (RawSocket line : slow) {
                line.send("l");
            }
            try (RawSocket client = online("quick")) {
                for (int i = 0; i < 50; i++) {
                    assertEquals(
                            200,
                            server.publish("userId", "quick", "message", "" + i).status());
                    assertEquals("" + i, client.readText());
                }
            }
            for (RawSocket line : slow) {
                line.send("ow");
                assertEquals(202, line.readAnswer().status());
            }
        } finally {
            for (RawSocket line : slow) {
                line.close();
            }
        }
    }

    // ---- options

    @Test
    void ttlZeroIsForWhoIsThereOnly() throws Exception {
        ServerFixture.Answer nobody = server.publish("userId", "fleeting", "message", "lost", "ttl", "0");
        assertEquals(202, nobody.status());
        assertTrue(nobody.object().get("position").isJsonNull());
        assertEquals("no", nobody.object().get("stored").getAsString());
        try (V1Client client = server.v1("fleeting")) {
            client.hello();
            ServerFixture.Answer answer = server.publish("userId", "fleeting", "message", "now", "ttl", "0ms");
            assertEquals(200, answer.status());
            JsonObject message = client.next("message");
            assertEquals("now", message.get("body").getAsString());
            assertFalse(message.has("position"), message::toString);
            String first = V1Client.position(
                    server.publish("userId", "fleeting", "message", "kept").object());
            assertEquals(1, V1Client.offset(first));
            assertEquals("kept", client.nextBody());
        }
    }

    @Test
    void aTtlEndsAMessageInTheInbox() throws Exception {
        server.publish("userId", "ttl", "message", "short", "ttl", "60s");
        server.publish("userId", "ttl", "message", "minute", "ttl", "2m");
        server.publish("userId", "ttl", "message", "long");
        CLOCK.advance(60_000);
        try (V1Client client = server.v1("ttl")) {
            JsonObject start = V1Client.standing(client.hello(), "user:ttl");
            assertEquals(1, start.get("missed").getAsInt());
            assertEquals("minute", client.nextBody());
            assertEquals("long", client.nextBody());
        }
    }

    @Test
    void flagAndSenderAreCarried() throws Exception {
        try (V1Client client = server.v1("carried")) {
            client.hello();
            server.post(
                    "/socket/publish",
                    JSON,
                    "{\"userId\":\"carried\",\"message\":\"x\",\"flag\":\"command\",\"sender\":\"billing\"}");
            JsonObject message = client.next("message");
            assertEquals("command", message.get("flag").getAsString());
            assertEquals("billing", message.get("sender").getAsString());
        }
    }

    // ---- who is online

    @Test
    void onlineCountsSessions() throws Exception {
        try (RawSocket one = server.plain("/websocket/count-a?topic=counted");
                V1Client two = server.v1("count-a")) {
            two.hello(Map.of(), "counted");
            await().until(() -> server.online("count-a") == 2);
            JsonObject some =
                    server.get("/socket/online?userId=count-a&userId=count-b").object();
            assertEquals("{\"count-a\":2,\"count-b\":0}", some.get("users").toString());
            assertTrue(some.get("next").isJsonNull());
            JsonObject topic = server.get("/socket/online?topic=counted").object();
            assertEquals(2, topic.get("online").getAsInt());
            JsonObject all = server.get("/socket/online").object();
            assertEquals(2, all.getAsJsonObject("users").get("count-a").getAsInt());
            one.closePolitely();
        }
        await().until(() -> !server.get("/socket/online").body().contains("count-a"));
    }

    @Test
    void onlineRefusesWhatItCannotAnswer() throws Exception {
        assertEquals(400, server.get("/socket/online?userId=a%2Fb").status());
        assertEquals(400, server.get("/socket/online?topic=").status());
        ServerFixture.Answer post = server.post("/socket/online", FORM, "");
        assertEquals(405, post.status());
        assertEquals("GET", post.raw().headers().firstValue("Allow").orElse(""));
    }

    // ---- around it

    @Test
    void healthAndReadyAnswer() throws Exception {
        for (String path : List.of("/health", "/ready")) {
            ServerFixture.Answer answer = server.get(path);
            assertEquals(200, answer.status());
            assertEquals("{\"status\":\"up\"}\n", answer.body());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/nowhere", "/socket", "/socket/", "/socket/publish/", "/socket/publish/x", "/static/index.html"
            })
    void anythingElseIs404(String path) throws Exception {
        ServerFixture.Answer answer = server.get(path);
        assertEquals(404, answer.status());
        assertEquals("application/problem+json", answer.type());
    }

    /** TRACE would tell a page what headers a proxy added. */
    @ParameterizedTest
    @ValueSource(strings = {"TRACE", "OPTIONS", "POST", "DELETE"})
    void pagesAndHealthAreOnlyRead(String method) throws Exception {
        for (String path : List.of("/", "/health", "/ready", "/nowhere")) {
            try (RawSocket line = server.raw()) {
                line.request(method, path, "X-Secret: 42");
                RawSocket.Answer answer = line.readAnswer();
                boolean health = path.equals("/health") || path.equals("/ready");
                boolean known = health || method.equals("TRACE") || method.equals("OPTIONS");
                assertEquals(known ? 405 : 404, answer.status(), path);
                assertEquals(known ? "GET, HEAD" : null, answer.head().header("Allow"));
                assertFalse(answer.body().contains("X-Secret"));
            }
        }
    }

    @Test
    void aHeadHasNoBody() throws Exception {
        for (String path : List.of("/", "/health", "/nowhere", "/websocket/a%3Bb")) {
            try (RawSocket line = server.raw()) {
                line.request("HEAD", path);
                line.readHead();
                line.request("GET", "/health");
                assertEquals(200, line.readHead().status(), path);
            }
        }
    }

    @Test
    void aHeaderThatIsTooLongIs431AndAQueryToo() throws Exception {
        ServerFixture.Answer answer = server.get("/socket/publish?userId=a&message=" + "x".repeat(20_000));
        assertTrue(answer.status() == 414 || answer.status() == 431, () -> "" + answer.status());
        assertEquals("application/problem+json", answer.type());
    }

    @Test
    void javasOwnWebSocketWorks() throws Exception {
        try (JdkSocket socket = JdkSocket.open(server.port(), "/websocket/jdk")) {
            socket.send("ping");
            assertEquals("pong", socket.next(5, TimeUnit.SECONDS));
        }
    }
}
