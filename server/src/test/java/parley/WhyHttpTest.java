package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code /socket/message} and {@code /socket/why}: whatever goes wrong, they name the cause. */
class WhyHttpTest {

    private static final ServerFixture.Clock CLOCK = new ServerFixture.Clock();
    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start(CLOCK, "--history", "users=10/7d");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String publish(String user, String... options) throws Exception {
        String[] all = new String[4 + options.length];
        all[0] = "userId";
        all[1] = user;
        all[2] = "message";
        all[3] = "x";
        System.arraycopy(options, 0, all, 4, options.length);
        return server.publish(all).object().get("id").getAsString();
    }

    /** About 100 kB: a dozen are more than the kernel's buffers and the outbox take. */
    private static String publishLong(String user, String... options) throws Exception {
        String path = "/socket/publish?" + ServerFixture.query("userId", user);
        path += options.length == 0 ? "" : "&" + ServerFixture.query(options);
        return server.post(path, "text/plain", "x".repeat(100_000))
                .object()
                .get("id")
                .getAsString();
    }

    private static JsonObject message(String id) throws Exception {
        ServerFixture.Answer answer = server.get("/socket/message?id=" + id);
        assertEquals(200, answer.status(), answer::body);
        return answer.object();
    }

    private static String cause(String id) throws Exception {
        return message(id).get("cause").getAsString();
    }

    private static void expect(String cause, String id) throws Exception {
        JsonObject message = message(id);
        assertEquals(cause, message.get("cause").getAsString(), message::toString);
        assertTrue(message.get("detail").getAsString().matches("\\S.{10,}\\."), message::toString);
    }

    /** The state in the only session that the message concerns, and the code with which that was closed. */
    private static void expectSession(String state, Integer closed, String id) throws Exception {
        JsonArray sessions = message(id).getAsJsonArray("sessions");
        assertEquals(1, sessions.size(), sessions::toString);
        JsonObject session = sessions.get(0).getAsJsonObject();
        assertEquals(state, session.get("state").getAsString());
        assertEquals(closed, session.has("closed") ? session.get("closed").getAsInt() : null);
    }

    private static JsonObject why(String user) throws Exception {
        return server.get("/socket/why?" + ServerFixture.query("userId", user)).object();
    }

    private static JsonObject latest(String user) throws Exception {
        return why(user).getAsJsonArray("recent").get(0).getAsJsonObject();
    }

    private static V1Client client(String user) throws Exception {
        V1Client client = server.v1(user);
        client.hello();
        return client;
    }

    private static V1Client slowClient(String user) throws Exception {
        V1Client client = new V1Client(
                RawSocket.webSocket(new RawSocket(server.port(), 4096), "/websocket/" + user, "parley.v1"));
        client.hello();
        return client;
    }

    // ---- how far it came

    @Test
    void offlineThenWrittenThenAcked() throws Exception {
        String id = publish("steps");
        expect("offline", id);
        assertTrue(message(id).get("kept").getAsBoolean());
        assertEquals(0, message(id).get("online").getAsInt());
        try (V1Client client = client("steps")) {
            JsonObject frame = client.next("message");
            await().until(() -> cause(id).equals("written"));
            expectSession("written", null, id);
            client.send(WaitHttpTest.ack(frame, true));
            await().until(() -> cause(id).equals("acked"));
            expectSession("acked", null, id);
        }
        expect("acked", id);
        expectSession("acked", 1000, id);
    }

    @Test
    void aPlainClientConfirmsWithAPong() throws Exception {
        try (RawSocket plain = server.plain("/websocket/pong")) {
            await().until(() -> server.online("pong") == 1);
            String id = publish("pong");
            assertEquals("x", plain.readText());
            await().until(() -> cause(id).equals("written"));
            RawSocket.Frame ping = plain.readFrame();
            assertEquals(RawSocket.PING, ping.opCode());
            plain.sendFrame(RawSocket.PONG, ping.payload());
            await().until(() -> cause(id).equals("acked"));
        }
    }

    @Test
    void whatAStreamTookIsAcked() throws Exception {
        try (EventReader stream = EventReader.open(server, "/websocket/streamed")) {
            stream.start();
            await().until(() -> server.online("streamed") == 1);
            String id = publish("streamed");
            await().until(() -> cause(id).equals("acked"));
        }
    }

    @Test
    void whatWasOnlyForThoseThere() throws Exception {
        expect("offline", publish("live", "ttl", "0"));
        try (V1Client client = client("live")) {
            String id = publish("live", "ttl", "0");
            expect("live", id);
            assertFalse(message(id).get("kept").getAsBoolean());
            client.next("message");
        }
    }

    // ---- what was in its way

    @Test
    void aSlowReader() throws Exception {
        try (V1Client slow = slowClient("slow")) {
            String last = null;
            for (int i = 0; i < 300 && (last == null || !cause(last).equals("slow")); i++) {
                last = publishLong("slow");
            }
            expect("slow", last);
            expectSession("behind", null, last);
            assertEquals("slow", latest("slow").get("what").getAsString());
            JsonObject session = why("slow").getAsJsonArray("sessions").get(0).getAsJsonObject();
            long behind = session.get("behind").getAsLong();
            long offered = session.get("offered").getAsLong();
            long written = session.get("written").getAsLong();
            assertTrue(behind > 0 && written < offered, session::toString);
            JsonArray kept = server.get("/socket/history?userId=slow").object().getAsJsonArray("messages");
            JsonObject queued = kept.get(kept.size() - 1 - (int) behind).getAsJsonObject();
            expect("queued", queued.get("id").getAsString());
            for (JsonObject frame = slow.next(); ; frame = slow.next()) {
                if (frame.get("id").getAsString().equals(last)) {
                    break;
                }
            }
            String id = last;
            await().until(() -> cause(id).equals("written"));
        }
    }

    @Test
    void retentionTookItFromASlowReaderWhoIsTold() throws Exception {
        try (V1Client slow = slowClient("gap")) {
            String lost = null;
            for (int i = 0; i < 300 && (lost == null || !cause(lost).equals("slow")); i++) {
                lost = publishLong("gap");
            }
            for (int i = 0; i < 10; i++) {
                publish("gap");
            }
            expect("expired", lost);
            assertFalse(message(lost).get("kept").getAsBoolean());
            JsonObject frame = slow.next();
            while (!frame.get("type").getAsString().equals("gap")) {
                frame = slow.next();
            }
            expect("gap", lost);
            assertEquals("gap", latest("gap").get("what").getAsString());
            assertEquals(frame.get("missed"), latest("gap").get("missed"));
        }
    }

    @Test
    void retentionTookItFromWhoWasAwayAndIsToldInHisWelcome() throws Exception {
        String position;
        try (V1Client client = client("away")) {
            publish("away");
            position = V1Client.position(client.next("message"));
        }
        String lost = publish("away");
        for (int i = 0; i < 10; i++) {
            publish("away");
        }
        expect("expired", lost);
        try (V1Client client = server.v1("away")) {
            JsonObject start = V1Client.standing(client.hello(Map.of("user:away", position)), "user:away");
            assertEquals(1, start.get("missed").getAsInt());
            expect("gap", lost);
            assertEquals("gap", latest("away").get("what").getAsString());
            assertEquals(1, latest("away").get("missed").getAsInt());
        }
    }

    @Test
    void aPlainClientWasNotTold() throws Exception {
        String lost = publish("untold");
        for (int i = 0; i < 10; i++) {
            publish("untold");
        }
        try (RawSocket plain = server.plain("/websocket/untold")) {
            plain.readText();
            expect("expired", lost);
        }
    }

    /** An older one that has more time does not keep it. */
    @Test
    void itsTimeWasUp() throws Exception {
        String older = publish("expired");
        String id = publish("expired", "ttl", "30s");
        expect("offline", id);
        CLOCK.advance(30_000);
        expect("expired", id);
        assertFalse(message(id).get("kept").getAsBoolean());
        expect("offline", older);
        assertTrue(message(older).get("kept").getAsBoolean());
        try (V1Client client = client("expired")) { // and neither does a client that came and acked beyond it
            publish("expired");
            client.next("message");
            client.send(WaitHttpTest.ack(client.next("message"), true));
            await().until(() -> cause(older).equals("acked"));
            expect("expired", id);
        }
    }

    @Test
    void deletedItIsGone() throws Exception {
        String id = publish("deleted");
        server.method("DELETE", "/socket/history?userId=deleted");
        expect("expired", id);
    }

    @Test
    void theOnlySessionWasExcluded() throws Exception {
        try (V1Client client = server.v1("excluded")) {
            String session = client.hello().get("session").getAsString();
            String id = publish("excluded", "exclude", session);
            String first = server.get("/socket/history?userId=excluded&limit=1")
                    .object()
                    .get("position")
                    .getAsString();
            publish("excluded");
            client.send(WaitHttpTest.ack(client.next("message"), true));
            expect("excluded", id);
            expectSession("excluded", null, id);
            try (V1Client other = server.v1("excluded")) {
                other.hello(Map.of("user:excluded", first.replaceAll("-.*", "-0")));
                other.next("message");
                await().until(() -> cause(id).equals("written"));
            }
        }
    }

    @Test
    void aNewerOneReplacedIt() throws Exception {
        try (V1Client slow = slowClient("collapse")) {
            String queued = null;
            for (int i = 0; i < 300 && (queued == null || !cause(queued).equals("queued")); i++) {
                queued = publishLong("collapse");
            }
            String older = publish("collapse", "collapse", "c");
            expect("queued", older);
            String newer = publish("collapse", "collapse", "c");
            expect("collapsed", older);
            JsonObject frame = slow.next();
            while (!frame.get("id").getAsString().equals(newer)) {
                frame = slow.next();
            }
            slow.send(WaitHttpTest.ack(frame, true));
            await().until(() -> cause(newer).equals("acked"));
            expect("collapsed", older);
        }
    }

    @Test
    void theHandlerThrew() throws Exception {
        try (V1Client client = client("threw")) {
            String id = publish("threw");
            client.send(WaitHttpTest.ack(client.next("message"), false));
            await().until(() -> cause(id).equals("failed"));
            expectSession("failed", null, id);
        }
    }

    // ---- closed

    private interface End {
        void of(V1Client client) throws Exception;
    }

    private static void expectClosed(int code, String user, End end) throws Exception {
        V1Client client = client(user);
        String id = publish(user);
        client.next("message");
        end.of(client);
        await().until(() -> server.online(user) == 0);
        expect("closed", id);
        expectSession("written", code, id);
        assertTrue(message(id).get("kept").getAsBoolean());
        assertEquals("closed", latest(user).get("what").getAsString());
        assertEquals(code, latest(user).get("code").getAsInt());
        String after = publish(user);
        expect("offline", after);
        client.socket.close();
        try (V1Client next = client(user)) {
            next.next("message");
            next.next("message");
            await().until(() -> cause(id).equals("written") && cause(after).equals("written"));
        }
    }

    @Test
    void writtenButClosedBeforeItWasAcked() throws Exception {
        expectClosed(1006, "closed-reset", client -> client.socket.reset());
        expectClosed(1000, "closed-politely", V1Client::close);
        expectClosed(4000, "closed-nonsense", client -> client.send("nonsense"));
        expectClosed(1003, "closed-binary", client -> client.socket.sendFrame(RawSocket.BINARY, new byte[1]));
        expectClosed(1009, "closed-large", client -> client.send("x".repeat((64 << 10) + 1)));
        expectClosed(4008, "closed-kicked", client -> server.post("/socket/disconnect?userId=closed-kicked", null, ""));
        expectClosed(4129, "closed-flood", client -> {
            for (int i = 0; i < 300; i++) {
                client.send("{\"type\":\"send\",\"reception\":\"flooded\",\"body\":1}");
            }
        });
    }

    @Test
    void closedBeforeItWasWritten() throws Exception {
        try (RawSocket slow = slowClient("unwritten").socket) {
            String behind = null;
            for (int i = 0; i < 300 && (behind == null || !cause(behind).equals("slow")); i++) {
                behind = publishLong("unwritten");
            }
            JsonArray kept =
                    server.get("/socket/history?userId=unwritten").object().getAsJsonArray("messages");
            String queued =
                    kept.get(kept.size() - 3).getAsJsonObject().get("id").getAsString();
            expect("queued", queued);
            server.post("/socket/disconnect?userId=unwritten", null, "");
            expect("closed", behind);
            expectSession("behind", 4008, behind);
            expect("closed", queued);
            expectSession("queued", 4008, queued);
            assertTrue(message(queued).get("kept").getAsBoolean());
            slow.readToEnd();
        }
    }

    /** It reads nothing for ten seconds. */
    @Test
    void cutBecauseItWasTooSlow() throws Exception {
        try (RawSocket slow = slowClient("cut").socket) {
            String behind = null;
            for (int i = 0; i < 300 && (behind == null || !cause(behind).equals("slow")); i++) {
                behind = publishLong("cut");
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> server.online("cut") == 0);
            expect("closed", behind);
            expectSession("behind", 4101, behind);
            assertEquals(4101, latest("cut").get("code").getAsInt());
            slow.readToEnd();
        }
    }

    // ---- why

    @Test
    void whyTellsHowSessionsAndInboxStand() throws Exception {
        publish("stand");
        publish("stand");
        JsonObject nobody = why("stand");
        assertEquals(0, nobody.get("online").getAsInt());
        assertEquals(2, nobody.getAsJsonObject("inbox").get("unread").getAsInt());
        assertTrue(nobody.getAsJsonObject("inbox").get("read").isJsonNull());
        assertEquals(1, nobody.getAsJsonObject("inbox").get("oldest").getAsInt());
        try (V1Client client = client("stand")) {
            client.send(WaitHttpTest.ack(client.next("message"), true));
            client.next("message");
            await().until(() ->
                    why("stand").getAsJsonObject("inbox").get("unread").getAsInt() == 1);
            JsonObject why = why("stand");
            assertEquals(1, why.get("online").getAsInt());
            assertEquals(1, why.getAsJsonObject("inbox").get("read").getAsInt());
            JsonObject session = why.getAsJsonArray("sessions").get(0).getAsJsonObject();
            assertEquals("v1", session.get("mode").getAsString());
            assertEquals(0, session.get("behind").getAsInt());
            assertEquals(2, session.get("offered").getAsInt());
            assertEquals(1, session.get("acked").getAsInt());
        }
    }

    @Test
    void whatCannotBeExplainedIsRefused() throws Exception {
        assertEquals(400, server.get("/socket/message").status());
        assertEquals(400, server.get("/socket/why").status());
        assertEquals(400, server.get("/socket/why?userId=a%2Fb").status());
        ServerFixture.Answer unknown = server.get("/socket/message?id=nonsense");
        assertEquals(404, unknown.status());
        assertEquals("unknown_message", unknown.code());
        assertEquals(405, server.post("/socket/why", null, "").status());
        assertEquals(400, server.get("/socket/why?userId=%FF").status());
        assertEquals(400, server.get("/socket/history?userId=%FF").status());
        assertEquals(400, server.get("/socket/online?userId=%FF").status());
    }
}
