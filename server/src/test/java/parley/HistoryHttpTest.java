package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /socket/history} and {@code /socket/disconnect} over real HTTP. */
class HistoryHttpTest {

    private static final String FORM = "application/x-www-form-urlencoded";

    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start("--history", "users=1500/7d,topics=5/1h");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static void publish(String user, int from, int to) throws Exception {
        for (int i = from; i <= to; i++) {
            assertEquals(202, server.publish("userId", user, "message", "" + i).status());
        }
    }

    private static void publishBatch(String user, int count) throws Exception {
        List<String> items = IntStream.rangeClosed(1, count)
                .mapToObj(i -> "{\"userId\":\"" + user + "\",\"message\":\"" + i + "\"}")
                .toList();
        assertEquals(
                200,
                server.post("/socket/publish", "application/json", items.toString())
                        .status());
    }

    private static JsonObject history(String query) throws Exception {
        ServerFixture.Answer answer = server.get("/socket/history?" + query);
        assertEquals(200, answer.status(), answer::body);
        return answer.object();
    }

    private static List<Integer> texts(JsonObject history) {
        List<Integer> texts = new ArrayList<>();
        for (JsonElement message : history.getAsJsonArray("messages")) {
            texts.add(message.getAsJsonObject().get("body").getAsInt());
        }
        return texts;
    }

    private static List<Integer> range(int from, int to) {
        return IntStream.rangeClosed(from, to).boxed().toList();
    }

    private static String position(JsonObject history) {
        return history.get("position").getAsString();
    }

    @Test
    void aMessageIsShownAsAV1ClientGetsIt() throws Exception {
        server.post(
                "/socket/publish",
                "application/json",
                "{\"userId\":\"shown\",\"message\":{\"a\": 1.0},\"flag\":\"f\",\"sender\":\"s\"}");
        try (V1Client client = server.v1("shown")) {
            client.hello();
            assertEquals(
                    client.next("message"),
                    history("userId=shown").getAsJsonArray("messages").get(0));
        }
    }

    @Test
    void withoutLimitItIsAHundredAndTheAnswerLeadsToTheNext() throws Exception {
        publishBatch("paged", 250);
        JsonObject first = history("userId=paged");
        assertEquals(range(1, 100), texts(first));
        assertEquals("user:paged", first.get("channel").getAsString());
        assertEquals(0, first.get("missed").getAsInt());
        assertEquals(250, V1Client.offset(first.get("newest").getAsString()));
        JsonObject second = history("userId=paged&since=" + position(first));
        assertEquals(range(101, 200), texts(second));
        JsonObject third = history("userId=paged&since=" + position(second));
        assertEquals(range(201, 250), texts(third));
        assertEquals(third.get("newest"), third.get("position"));
        JsonObject end = history("userId=paged&since=" + position(third));
        assertEquals(List.of(), texts(end));
        assertEquals(third.get("position"), end.get("position"));
        publish("paged", 251, 251);
        assertEquals(List.of(251), texts(history("userId=paged&since=" + position(end))));
    }

    /** A limit that is no multiple of the pages that the history reads. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 127, 128, 129, 999, 1_000})
    void anyLimitLosesNothing(int limit) throws Exception {
        String user = "limit-" + limit;
        int count = Math.min(1_100, limit * 5 / 2 + 1);
        publishBatch(user, count);
        List<Integer> all = new ArrayList<>();
        String since = "";
        while (all.size() < count) {
            JsonObject page = history("userId=" + user + "&limit=" + limit + since);
            assertEquals(Math.min(limit, count - all.size()), texts(page).size());
            all.addAll(texts(page));
            since = "&since=" + position(page);
        }
        assertEquals(range(1, count), all);
    }

    @ParameterizedTest
    @CsvSource({
        "'userId=a&limit=0',        bad_value",
        "'userId=a&limit=1001',     bad_value",
        "'userId=a&limit=-1',       bad_value",
        "'userId=a&limit=ten',      bad_value",
        "'userId=a&limit=',         bad_value",
        "'userId=a&since=1',        bad_position",
        "'userId=a&since=now',      bad_position",
        "'',                        no_target",
        "'all=false',               no_target",
        "'userId=a&topic=b',        no_target",
        "'userId=a&all=true',       no_target",
        "'userId=a&userId=b',       two_targets",
        "'topic=a&topic=b',         two_targets",
        "'userId=a%2Fb',            bad_user",
        "'topic=',                  bad_topic",
    })
    void whatCannotBeReadIsRefused(String query, String code) throws Exception {
        ServerFixture.Answer answer = server.get("/socket/history?" + query);
        assertEquals(400, answer.status(), answer::body);
        assertEquals(code, answer.code());
    }

    @Test
    void topicsAndEveryoneHaveAHistoryToo() throws Exception {
        server.publish("topic", "hist", "message", "7");
        assertEquals(List.of(7), texts(history("topic=hist")));
        server.publish("all", "true", "message", "8");
        assertEquals(List.of(8), texts(history("all=true")));
        assertEquals(List.of(), texts(history("userId=unknown")));
    }

    @Test
    void whatRetentionTookIsMissed() throws Exception {
        for (int i = 1; i <= 3; i++) {
            server.publish("topic", "trimmed", "message", "" + i);
        }
        String second = position(history("topic=trimmed&limit=2"));
        for (int i = 4; i <= 10; i++) {
            server.publish("topic", "trimmed", "message", "" + i);
        }
        JsonObject rest = history("topic=trimmed&since=" + second);
        assertEquals(3, rest.get("missed").getAsInt(), "3, 4 and 5");
        assertEquals(range(6, 10), texts(rest));
        assertEquals(0, history("topic=trimmed").get("missed").getAsInt(), "nothing was asked for");
    }

    @Test
    void anUnknownPositionMissesAnUnknownNumberAndGetsAllThatIsKept() throws Exception {
        publish("unknown-epoch", 1, 3);
        String newest = position(history("userId=unknown-epoch"));
        for (String since : List.of("aaaaaaaa-2", newest.replaceAll("-.*", "-4"))) {
            JsonObject all = history("userId=unknown-epoch&since=" + since);
            assertTrue(all.get("missed").isJsonNull(), all::toString);
            assertEquals(range(1, 3), texts(all));
            assertEquals(newest, position(all));
        }
        assertEquals(
                0, history("userId=unknown-epoch&since=" + newest).get("missed").getAsInt());
    }

    // ---- delete

    @Test
    void whatIsDeletedIsGoneAndCountsAsMissed() throws Exception {
        publish("deleted", 1, 5);
        String second = position(history("userId=deleted&limit=2"));
        ServerFixture.Answer answer = server.method("DELETE", "/socket/history?userId=deleted");
        assertEquals(200, answer.status());
        assertEquals(
                "{\"channel\":\"user:deleted\",\"deleted\":5}", answer.body().strip());
        JsonObject empty = history("userId=deleted&since=" + second);
        assertEquals(List.<Integer>of(), texts(empty));
        assertEquals(3, empty.get("missed").getAsInt());
        publish("deleted", 6, 6);
        JsonObject rest = history("userId=deleted&since=" + second);
        assertEquals(3, rest.get("missed").getAsInt());
        assertEquals(List.of(6), texts(rest));
        assertEquals(6, V1Client.offset(position(rest)), "offsets go on");
        try (V1Client client = server.v1("deleted")) {
            JsonObject start =
                    V1Client.standing(client.hello(java.util.Map.of("user:deleted", second)), "user:deleted");
            assertEquals(3, start.get("missed").getAsInt());
            assertEquals("6", client.nextBody());
        }
        assertEquals(
                "{\"channel\":\"user:nobody\",\"deleted\":0}",
                server.method("DELETE", "/socket/history?userId=nobody").body().strip());
    }

    @Test
    void onlyGetAndDelete() throws Exception {
        for (String method : List.of("POST", "PUT", "HEAD", "OPTIONS")) {
            ServerFixture.Answer answer = server.method(method, "/socket/history?userId=a");
            assertEquals(405, answer.status(), method);
            assertEquals(
                    "GET, DELETE", answer.raw().headers().firstValue("Allow").orElse(""));
        }
    }

    // ---- disconnect

    @Test
    void allSessionsOfAUserAreClosedWith4008AndTheReason() throws Exception {
        try (RawSocket plain = server.plain("/websocket/kicked");
                RawSocket v1 = server.v1("kicked").socket;
                RawSocket other = server.plain("/websocket/not-kicked")) {
            new V1Client(v1).hello();
            await().until(() -> server.online("kicked") == 2 && server.online("not-kicked") == 1);
            ServerFixture.Answer answer =
                    server.post("/socket/disconnect", FORM, "userId=kicked&reason=go+home+%C3%A9");
            assertEquals(200, answer.status(), answer::body);
            assertEquals(
                    "{\"userId\":\"kicked\",\"disconnected\":2}", answer.body().strip());
            for (RawSocket socket : List.of(plain, v1)) {
                RawSocket.Frame close = socket.readClose();
                assertEquals(4008, close.closeCode());
                assertEquals("go home é", close.closeReason());
            }
            assertEquals(0, server.online("kicked"));
            assertEquals(1, server.online("not-kicked"));
            server.publish("userId", "not-kicked", "message", "still here");
            assertEquals("still here", other.readText());
        }
        assertEquals(
                "{\"userId\":\"kicked\",\"disconnected\":0}",
                server.post("/socket/disconnect?userId=kicked", null, "").body().strip());
    }

    @Test
    void anEventStreamIsEndedToo() throws Exception {
        try (EventReader stream = EventReader.open(server, "/websocket/stream-kicked")) {
            stream.start();
            await().until(() -> server.online("stream-kicked") == 1);
            server.post("/socket/disconnect?userId=stream-kicked", null, "");
            stream.socket.readToEnd();
        }
    }

    @Test
    void aReasonFitsIntoACloseFrameWhateverItsCharacters() throws Exception {
        try (RawSocket plain = server.plain("/websocket/reason")) {
            await().until(() -> server.online("reason") == 1);
            String longest = "漢".repeat(40);
            assertEquals(
                    400,
                    server.post(
                                    "/socket/disconnect",
                                    FORM,
                                    ServerFixture.query("userId", "reason", "reason", longest + "字"))
                            .status());
            assertEquals(
                    200,
                    server.post("/socket/disconnect", FORM, ServerFixture.query("userId", "reason", "reason", longest))
                            .status());
            assertEquals(longest, plain.readClose().closeReason());
        }
    }

    @Test
    void disconnectIsAPostAboutOneUser() throws Exception {
        assertEquals(405, server.get("/socket/disconnect?userId=a").status());
        assertEquals("no_target", server.post("/socket/disconnect", FORM, "").code());
        assertEquals(
                "no_target",
                server.post("/socket/disconnect", FORM, "userId=a&userId=b").code());
        assertEquals(
                "bad_user",
                server.post("/socket/disconnect", FORM, "userId=a%2Fb").code());
    }
}
