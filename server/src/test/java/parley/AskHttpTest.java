package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code /socket/ask} over real connections. */
class AskHttpTest {

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

    private static Future<ServerFixture.Answer> ask(String... namesAndValues) {
        Callable<ServerFixture.Answer> asking = () -> server.get("/socket/ask?" + ServerFixture.query(namesAndValues));
        return THREADS.submit(asking);
    }

    private static V1Client client(String user) throws Exception {
        V1Client client = server.v1(user);
        client.hello();
        return client;
    }

    private static String reply(String ask, String body) {
        return "{\"type\":\"reply\",\"ask\":\"" + ask + "\",\"body\":" + body + "}";
    }

    private static String askOf(JsonObject frame) {
        return frame.get("ask").getAsString();
    }

    /** Body, as JSON; its Content-Type; what curl prints. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "plain \\"text\\" é"      | text/plain;charset=utf-8 | plain "text" é
            ""                        | text/plain;charset=utf-8 | ``
            {"a": [1, 2.50, null]}    | application/json         | {"a": [1, 2.50, null]}
            [ ]                       | application/json         | [ ]
            42.0                      | application/json         | 42.0
            true                      | application/json         | true
            """)
    void aReplyIsPrintedBare(String body, String type, String printed) throws Exception {
        try (V1Client client = client("bare")) {
            Future<ServerFixture.Answer> answer = ask("userId", "bare", "message", "how?", "flag", "question");
            JsonObject frame = client.next("ask");
            assertEquals("how?", frame.get("body").getAsString());
            assertEquals("question", frame.get("flag").getAsString());
            assertFalse(frame.has("position"), frame::toString);
            client.send(reply(askOf(frame), body));
            ServerFixture.Answer got = WaitHttpTest.get(answer);
            assertEquals(200, got.status(), got::body);
            assertEquals(type, got.type());
            assertEquals(printed, got.body());
        }
    }

    @Test
    void aQuestionMayBeJson() throws Exception {
        try (V1Client client = client("json")) {
            Callable<ServerFixture.Answer> asking = () ->
                    server.post("/socket/ask", "application/json", "{\"userId\":\"json\",\"message\":{\"q\": 1.0}}");
            Future<ServerFixture.Answer> answer = THREADS.submit(asking);
            JsonObject frame = client.next("ask");
            assertEquals("{\"q\":1.0}", frame.get("body").toString());
            client.send(reply(askOf(frame), "1"));
            assertEquals("1", WaitHttpTest.get(answer).body());
        }
    }

    @Test
    void theFirstOfSeveralTabsWinsAndTheOthersAreHarmless() throws Exception {
        try (V1Client slow = client("tabs");
                V1Client quick = client("tabs");
                V1Client foreign = client("not-tabs")) {
            Future<ServerFixture.Answer> answer = ask("userId", "tabs", "message", "how?");
            String ask = askOf(slow.next("ask"));
            assertEquals(ask, askOf(quick.next("ask")));
            foreign.send(reply(ask, "\"foreign\""));
            foreign.send("{\"type\":\"ping\"}");
            foreign.next("pong");
            slow.send(reply("0123456789ABCDEFGHJKMNPQRS", "\"to nothing\""));
            slow.send("{\"type\":\"ping\"}");
            slow.next("pong");
            assertFalse(answer.isDone());
            quick.send(reply(ask, "\"quick\""));
            assertEquals("quick", WaitHttpTest.get(answer).body());
            for (V1Client late : List.of(slow, quick)) {
                late.send(reply(ask, "\"late\""));
                late.send("{\"type\":\"ping\"}");
                late.next("pong");
            }
        }
    }

    @Test
    void nobodyReplyingIs504AndALateReplyIsHarmless() throws Exception {
        try (V1Client client = client("silent")) {
            Future<ServerFixture.Answer> answer = ask("userId", "silent", "message", "how?", "wait", "100ms");
            String ask = askOf(client.next("ask"));
            ServerFixture.Answer got = WaitHttpTest.get(answer);
            assertEquals(504, got.status());
            assertEquals("no_reply", got.code());
            assertEquals("application/problem+json", got.type());
            client.send(reply(ask, "\"late\""));
            Future<ServerFixture.Answer> next = ask("userId", "silent", "message", "again?");
            client.send(reply(askOf(client.next("ask")), "\"now\""));
            assertEquals("now", WaitHttpTest.get(next).body());
        }
    }

    /** A plain session could not answer, nor one that has not said hello. */
    @Test
    void nobodyWhoCouldReplyIs404AtOnce() throws Exception {
        try (RawSocket plain = server.plain("/websocket/mute");
                V1Client unwelcome = server.v1("mute");
                EventReader stream = EventReader.open(server, "/websocket/mute?format=v1")) {
            await().until(() -> server.online("mute") == 2);
            for (String user : List.of("mute", "nobody")) {
                ServerFixture.Answer got = WaitHttpTest.get(ask("userId", user, "message", "how?", "wait", "60s"));
                assertEquals(404, got.status());
                assertEquals("nobody_there", got.code());
            }
            server.publish("userId", "mute", "message", "no question");
            assertEquals("no question", plain.readText());
            unwelcome.hello();
            stream.start();
        }
    }

    @Test
    void aQuestionIsNotStored() throws Exception {
        try (V1Client client = client("unstored")) {
            Future<ServerFixture.Answer> answer = ask("userId", "unstored", "message", "how?");
            client.send(reply(askOf(client.next("ask")), "1"));
            WaitHttpTest.get(answer);
            JsonObject history = server.get("/socket/history?userId=unstored").object();
            assertEquals(0, history.getAsJsonArray("messages").size());
            assertEquals(
                    1,
                    V1Client.offset(V1Client.position(server.publish("userId", "unstored", "message", "first")
                            .object())));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'topic=news&message=x',                400, bad_target",
        "'all=true&message=x',                  400, bad_target",
        "'userId=a&userId=b&message=x',         400, bad_target",
        "'message=x',                           400, no_target",
        "'userId=a',                            400, no_message",
        "'userId=a&message=x&wait=61s',         400, bad_value",
        "'userId=a%2Fb&message=x',              400, bad_user",
    })
    void whatCannotBeAskedIsRefused(String query, int status, String code) throws Exception {
        ServerFixture.Answer answer = server.get("/socket/ask?" + query);
        assertEquals(status, answer.status(), answer::body);
        assertEquals(code, answer.code());
    }

    // ---- many

    private static final int USERS = 10;
    private static final int EACH = 100;

    /** Every question gets its own answer, although replies come in any order and from users who were not asked, too. */
    @Test
    void aThousandAtATimeWithoutCrossTalk() throws Exception {
        Random random = new Random(DurabilityIT.seed("a thousand questions"));
        List<V1Client> clients = new ArrayList<>();
        List<RawSocket> askers = new ArrayList<>();
        try {
            for (int i = 0; i < USERS; i++) {
                clients.add(client("many-" + i));
            }
            for (int i = 0; i < USERS * EACH; i++) {
                RawSocket line = server.raw();
                askers.add(line);
                line.request("GET", "/socket/ask?wait=60s&message=q" + i + "&userId=many-" + i % USERS);
            }
            List<List<JsonObject>> asked = new ArrayList<>();
            for (V1Client client : clients) {
                List<JsonObject> frames = new ArrayList<>();
                for (int i = 0; i < EACH; i++) {
                    frames.add(client.next("ask"));
                }
                asked.add(frames);
            }
            for (int i = 0; i < USERS; i++) { // a foreign reply to each, before the right ones
                for (JsonObject frame : asked.get(i)) {
                    clients.get((i + 1) % USERS).send(reply(askOf(frame), "\"foreign\""));
                }
            }
            for (V1Client client : clients) {
                client.send("{\"type\":\"ping\"}");
                client.next("pong");
            }
            for (int i = 0; i < USERS; i++) {
                Collections.shuffle(asked.get(i), random);
                for (JsonObject frame : asked.get(i)) {
                    String question = frame.get("body").getAsString();
                    clients.get(i).send(reply(askOf(frame), "\"answer to " + question + "\""));
                    clients.get(i).send(reply(askOf(frame), "\"second thoughts\""));
                }
            }
            for (int i = 0; i < askers.size(); i++) {
                RawSocket.Answer answer = askers.get(i).readAnswer();
                assertEquals(200, answer.status());
                assertEquals("answer to q" + i, answer.body());
            }
        } finally {
            for (V1Client client : clients) {
                client.socket.close();
            }
            for (RawSocket line : askers) {
                line.close();
            }
        }
    }
}
