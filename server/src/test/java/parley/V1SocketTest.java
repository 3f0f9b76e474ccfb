package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static parley.V1Client.offset;
import static parley.V1Client.position;
import static parley.V1Client.standing;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code parley.v1} over real connections. */
class V1SocketTest {

    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start("--history", "topics=3/1h");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** Publishes texts to a user; their positions. */
    private static List<String> publish(String target, String name, String... texts) throws Exception {
        List<String> positions = new ArrayList<>();
        for (String text : texts) {
            ServerFixture.Answer answer = server.publish(target, name, "message", text);
            positions.add(position(answer.object()));
        }
        return positions;
    }

    private static int topicOnline(String topic) throws Exception {
        return server.get("/socket/online?" + ServerFixture.query("topic", topic))
                .object()
                .get("online")
                .getAsInt();
    }

    @Test
    void aWelcomeSaysWhereEveryChannelStands() throws Exception {
        try (V1Client client = server.v1("e%CC%81")) {
            JsonObject welcome = client.hello(Map.of(), "welcome-topic");
            assertEquals("é", welcome.get("user").getAsString());
            assertEquals(25, welcome.get("heartbeat").getAsInt());
            assertTrue(welcome.get("session").getAsString().matches("[0-9A-HJKMNP-TV-Z]{26}"), welcome::toString);
            assertEquals(
                    java.util.Set.of("user:é", "everyone", "topic:welcome-topic"),
                    welcome.getAsJsonObject("channels").keySet());
            JsonObject user = standing(welcome, "user:é");
            assertEquals(0, offset(position(user)));
            assertEquals(user.get("position"), user.get("newest"));
            assertFalse(user.get("recovered").getAsBoolean());
            assertEquals(0, user.get("missed").getAsInt());
        }
    }

    @Test
    void aMessageCarriesWhatWasPublished() throws Exception {
        try (V1Client client = server.v1("carry")) {
            client.hello();
            JsonObject receipt = server.publish(
                            "userId", "carry", "message", "t\"\n", "flag", "inform", "sender", "shop")
                    .object();
            JsonObject message = client.next("message");
            assertEquals("user:carry", message.get("channel").getAsString());
            assertEquals(receipt.get("position"), message.get("position"));
            assertEquals(receipt.get("id"), message.get("id"));
            assertTrue(Math.abs(System.currentTimeMillis() - message.get("time").getAsLong()) < 60_000);
            assertEquals("inform", message.get("flag").getAsString());
            assertEquals("shop", message.get("sender").getAsString());
            assertEquals("t\"\n", message.get("body").getAsString());
            assertFalse(message.has("reception"));
            String body = "{\"n\":9007199254740993, \"e\":[1.0e3,{}]}";
            server.post("/socket/publish", "application/json", "{\"userId\":\"carry\",\"message\":" + body + "}");
            assertTrue(client.socket.readText().endsWith("\"body\":" + body + "}"));
        }
    }

    // ---- before the hello

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"ping\"}",
                "{\"type\":\"subscribe\",\"topic\":\"news\"}",
                "{\"type\":\"nonsense\"}",
                "{}",
                "{\"type\":\"hello\"",
                "hello",
                "",
                "[]",
                "{\"type\":\"hello\",\"resume\":[]}",
                "{\"type\":\"hello\",\"resume\":{\"user:early\":\"yesterday\"}}",
                "{\"type\":\"hello\",\"resume\":{\"user:somebody-else\":\"k3Zq81Ab-1\"}}",
                "{\"type\":\"hello\",\"resume\":{\"events\":\"k3Zq81Ab-1\"}}",
                "{\"type\":\"hello\",\"topics\":\"news\"}",
                "{\"type\":\"hello\",\"topics\":[\"a/b\"]}",
            })
    void anyOtherFirstFrameIsClosedWith4000(String first) throws Exception {
        try (RawSocket socket = server.v1("early").socket) {
            socket.sendText(first);
            RawSocket.Frame close = socket.readClose();
            assertEquals(4000, close.closeCode());
            assertFalse(close.closeReason().isEmpty());
        }
    }

    @Test
    void nobodyIsOnlineBeforeTheWelcome() throws Exception {
        try (V1Client client = server.v1("silent")) {
            assertEquals(
                    202, server.publish("userId", "silent", "message", "one").status());
            client.hello(); // fails when anything comes before the welcome
            assertEquals("one", client.nextBody());
            assertEquals(
                    200, server.publish("userId", "silent", "message", "two").status());
            assertEquals("two", client.nextBody());
        }
    }

    @Test
    void framesBehindAHelloWaitForIt() throws Exception {
        try (V1Client client = server.v1("hasty")) {
            client.send("{\"type\":\"hello\"}");
            client.send("{\"type\":\"subscribe\",\"topic\":\"haste\"}");
            client.send("{\"type\":\"ping\"}");
            client.next("welcome");
            client.next("subscribed");
            client.next("pong");
        }
    }

    @Test
    void aHelloHasAtMost128Topics() throws Exception {
        String[] topics = new String[129];
        for (int i = 0; i < topics.length; i++) {
            topics[i] = "t" + i;
        }
        try (V1Client client = server.v1("many")) {
            client.hello(Map.of(), java.util.Arrays.copyOf(topics, 128));
            client.send("{\"type\":\"subscribe\",\"topic\":\"one-more\"}");
            assertEquals("too_many_topics", client.next("error").get("code").getAsString());
        }
        try (RawSocket socket = server.v1("many").socket) {
            socket.sendText("{\"type\":\"hello\",\"topics\":[\"" + String.join("\",\"", topics) + "\"]}");
            assertEquals(4000, socket.readClose().closeCode());
        }
    }

    // ---- frames that are wrong

    @Test
    void malformedJsonIsClosedWith4000AndBinaryWith1003() throws Exception {
        for (String text : List.of("{", "hello", "{\"type\":\"ping\"} x", "{\"a\":1,\"a\":2}", "")) {
            try (V1Client client = server.v1("broken")) {
                client.hello();
                client.send(text);
                assertEquals(4000, client.socket.readClose().closeCode(), text);
                client.socket.reset();
            } catch (java.net.SocketException closedAlready) {
                // by the reset
            }
        }
        RawSocket socket = server.v1("broken").socket;
        socket.sendFrame(RawSocket.BINARY, new byte[0]);
        assertEquals(1003, socket.readClose().closeCode());
        socket.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"type":"nonsense"}                                       | unknown_type
            {"type":"pong2"}                                          | unknown_type
            {}                                                        | bad_frame
            {"type":5}                                                | bad_frame
            {"type":"send"}                                           | bad_frame
            {"type":"subscribe"}                                      | bad_frame
            {"type":"subscribe","topic":""}                           | bad_topic
            {"type":"subscribe","topic":"a/b"}                        | bad_topic
            {"type":"subscribe","topic":"x","since":"inbox"}          | bad_position
            {"type":"subscribe","topic":"x","since":"tomorrow"}       | bad_position
            {"type":"unsubscribe","topic":"never"}                    | not_subscribed
            {"type":"ack","channel":"user:wrong","position":"nope"}   | bad_position
            {"type":"ack","channel":"user:wrong","position":"k3Zq81Ab-1"} | bad_ack
            {"type":"ack","channel":"topic:x","position":"k3Zq81Ab-1"}    | bad_ack
            {"type":"ack","channel":"what","position":"k3Zq81Ab-1"}   | bad_ack
            {"type":"send","reception":"a/b","body":1}                | bad_reception
            {"type":"send","reception":"everyone","body":1}           | forbidden
            {"type":"send","reception":"bob","body":"\\ud800"}        | bad_frame
            """)
    void aWrongFrameIsAnsweredWithACode(String frame, String code) throws Exception {
        try (RawSocket socket = server.v1("wrong").socket) {
            V1Client client = new V1Client(socket);
            client.hello();
            client.send(frame);
            JsonObject error = client.next("error");
            assertEquals(code, error.get("code").getAsString());
            assertFalse(error.get("detail").getAsString().isEmpty());
            client.send("{\"type\":\"ping\"}"); // and the session goes on
            client.next("pong");
        }
    }

    @Test
    void aSecondHelloIsClosedWith4000() throws Exception {
        try (RawSocket socket = server.v1("twice").socket) {
            new V1Client(socket).hello();
            socket.sendText("{\"type\":\"hello\"}");
            assertEquals(4000, socket.readClose().closeCode());
        }
    }

    // ---- resume

    @Test
    void aReconnectBringsWhatWasMissedAsRecovered() throws Exception {
        RawSocket lost = server.v1("resume").socket;
        V1Client before = new V1Client(lost);
        before.hello();
        publish("userId", "resume", "1");
        String first = position(before.next("message"));
        lost.reset();
        await().until(() -> server.online("resume") == 0);
        List<String> positions = publish("userId", "resume", "2", "3");
        try (V1Client client = server.v1("resume")) {
            JsonObject start = standing(client.hello(Map.of("user:resume", first)), "user:resume");
            assertEquals(first, position(start));
            assertEquals(positions.get(1), start.get("newest").getAsString());
            assertTrue(start.get("recovered").getAsBoolean());
            assertEquals(0, start.get("missed").getAsInt());
            assertEquals("2", client.nextBody());
            JsonObject third = client.next("message");
            assertEquals("3", third.get("body").getAsString());
            assertEquals(positions.get(1), position(third));
            publish("userId", "resume", "4");
            assertEquals("4", client.nextBody());
        }
    }

    /** The topics of this server keep three messages. */
    @Test
    void aHoleIsToldWithItsSize() throws Exception {
        List<String> positions = publish("topic", "holes", "1", "2", "3", "4", "5", "6", "7");
        try (V1Client client = server.v1("hole")) {
            JsonObject start = standing(client.hello(Map.of("topic:holes", positions.get(0))), "topic:holes");
            assertEquals(3, start.get("missed").getAsInt()); // 2, 3, 4
            assertFalse(start.get("recovered").getAsBoolean());
            assertEquals(positions.get(3), position(start));
            assertEquals("5", client.nextBody());
            assertEquals("6", client.nextBody());
            assertEquals("7", client.nextBody());
        }
    }

    @Test
    void anUnknownEpochIsAHoleOfUnknownSize() throws Exception {
        publish("topic", "epochs", "1", "2");
        try (V1Client client = server.v1("epoch")) {
            JsonObject start = standing(client.hello(Map.of("topic:epochs", "00000000-1")), "topic:epochs");
            assertTrue(start.get("missed").isJsonNull());
            assertFalse(start.get("recovered").getAsBoolean());
            assertEquals("1", client.nextBody());
            assertEquals("2", client.nextBody());
        }
    }

    @Test
    void aPositionAboveTheTopIsAHoleOfUnknownSize() throws Exception {
        String position = publish("topic", "tops", "1").get(0);
        try (V1Client client = server.v1("top")) {
            String above = position.replaceAll("-1$", "-9");
            JsonObject start = standing(client.hello(Map.of("topic:tops", above)), "topic:tops");
            assertTrue(start.get("missed").isJsonNull());
            assertEquals("1", client.nextBody());
        }
    }

    /** A reader that falls behind by more than is kept is told how much it lost, while it stays connected. */
    @Test
    void aHoleThatComesLaterIsToldByAGap() throws Exception {
        String body = "x".repeat(8_000);
        int count = 600; // 4.8 MB: far beyond the buffers and the outbox
        RawSocket slow = RawSocket.webSocket(new RawSocket(server.port(), 4096), "/websocket/behind", "parley.v1");
        try (slow) {
            V1Client client = new V1Client(slow);
            client.hello(Map.of(), "lossy");
            for (int i = 1; i <= count; i++) {
                publish("topic", "lossy", i + ":" + body);
            }
            long last = 0;
            long missed = 0;
            while (last < count) {
                JsonObject frame = client.next();
                long position = offset(position(frame));
                if (frame.get("type").getAsString().equals("gap")) {
                    assertEquals("topic:lossy", frame.get("channel").getAsString());
                    missed += frame.get("missed").getAsLong();
                    assertEquals(last + frame.get("missed").getAsLong(), position);
                } else {
                    assertEquals(last + 1, position); // no silent hole
                    assertTrue(frame.get("body").getAsString().startsWith(position + ":"));
                }
                last = position;
            }
            assertTrue(missed > 0, "nothing was missed: the test does not test what it should");
        }
    }

    // ---- topics

    @Test
    void topicsAreSubscribedAndLeft() throws Exception {
        try (V1Client client = server.v1("topics")) {
            client.hello(Map.of(), "first");
            client.send("{\"type\":\"subscribe\",\"topic\":\"second\"}");
            assertEquals("second", client.next("subscribed").get("topic").getAsString());
            publish("topic", "first", "a");
            JsonObject message = client.next("message");
            assertEquals("topic:first", message.get("channel").getAsString());
            assertEquals("a", message.get("body").getAsString());
            publish("topic", "second", "b");
            assertEquals("b", client.nextBody());
            client.send("{\"type\":\"unsubscribe\",\"topic\":\"first\"}");
            assertEquals("first", client.next("unsubscribed").get("topic").getAsString());
            assertEquals(0, topicOnline("first"));
            assertEquals(202, server.publish("topic", "first", "message", "c").status());
            publish("topic", "second", "d");
            assertEquals("d", client.nextBody());
        }
    }

    @Test
    void aTopicIsReplayedFromAPosition() throws Exception {
        List<String> positions = publish("topic", "replay", "1", "2", "3");
        try (V1Client client = server.v1("replay")) {
            client.hello();
            client.send("{\"type\":\"subscribe\",\"topic\":\"replay\",\"since\":\"" + positions.get(0) + "\"}");
            JsonObject subscribed = client.next("subscribed");
            assertTrue(subscribed.get("recovered").getAsBoolean());
            assertEquals(positions.get(0), position(subscribed));
            assertEquals(positions.get(2), subscribed.get("newest").getAsString());
            assertEquals("2", client.nextBody());
            assertEquals("3", client.nextBody());
            client.send("{\"type\":\"subscribe\",\"topic\":\"replay\",\"since\":\"" + positions.get(0) + "\"}");
            assertEquals(positions.get(2), position(client.next("subscribed"))); // where it stands; no replay
            publish("topic", "replay", "4");
            assertEquals("4", client.nextBody());
        }
    }

    // ---- sending

    @Test
    void aSendIsAnsweredWithItsRef() throws Exception {
        try (V1Client alice = server.v1("v1-alice");
                V1Client bob = server.v1("v1-bob")) {
            alice.hello();
            bob.hello();
            alice.send("{\"type\":\"send\",\"ref\":\"r1\",\"sender\":\"mallory\",\"reception\":\"v1-bob\","
                    + "\"flag\":\"inform\",\"body\":{\"n\":1.0}}");
            JsonObject sent = alice.next("sent");
            assertEquals("r1", sent.get("ref").getAsString());
            assertEquals(1, sent.get("online").getAsInt());
            JsonObject message = bob.next("message");
            assertEquals(sent.get("id"), message.get("id"));
            assertEquals("v1-alice", message.get("sender").getAsString());
            assertEquals("v1-bob", message.get("reception").getAsString());
            assertEquals("inform", message.get("flag").getAsString());
            assertEquals("{\"n\":1.0}", message.get("body").toString());
            alice.send("{\"type\":\"send\",\"ref\":\"r2\",\"reception\":\"v1-nobody\",\"body\":\"later\"}");
            assertEquals(0, alice.next("sent").get("online").getAsInt());
            alice.send("{\"type\":\"send\",\"ref\":\"r3\",\"reception\":\"everyone\",\"body\":\"loud\"}");
            JsonObject error = alice.next("error");
            assertEquals("r3", error.get("ref").getAsString());
            assertEquals("forbidden", error.get("code").getAsString());
        }
        try (V1Client later = server.v1("v1-nobody")) {
            later.hello();
            assertEquals("later", later.nextBody());
        }
    }

    @Test
    void aSendToNobodyGoesToTheBackEnds() throws Exception {
        try (EventReader events = EventReader.open(server, "/socket/events");
                V1Client client = server.v1("v1-seed")) {
            events.start();
            client.hello();
            client.send("{\"type\":\"send\",\"ref\":\"r\",\"flag\":\"command\",\"body\":\"test1\"}");
            assertEquals(1, client.next("sent").get("online").getAsInt());
            JsonObject event = events.nextFrom("v1-seed");
            assertEquals("test1", event.get("body").getAsString());
            assertEquals("command", event.get("flag").getAsString());
        }
    }

    @Test
    void moreThan64KiBIsClosedWith1009() throws Exception {
        try (RawSocket socket = server.v1("large").socket) {
            V1Client client = new V1Client(socket);
            client.hello();
            client.send("{\"type\":\"send\",\"body\":\"" + "x".repeat(66_000) + "\"}");
            assertEquals(1009, socket.readClose().closeCode());
        }
    }

    // ---- acks

    @Test
    void acksMoveTheInbox() throws Exception {
        publish("userId", "acks", "1", "2", "3");
        RawSocket lost = server.v1("acks").socket;
        V1Client first = new V1Client(lost);
        JsonObject welcome = first.hello();
        assertFalse(standing(welcome, "user:acks").get("recovered").getAsBoolean()); // no cursor yet
        String one = position(first.next("message"));
        String two = position(first.next("message"));
        first.next("message");
        first.send("{\"type\":\"ack\",\"channel\":\"user:acks\",\"position\":\"" + two + "\",\"failed\":[\"" + one
                + "\"]}");
        first.send("{\"type\":\"ack\",\"channel\":\"user:acks\",\"position\":\"" + one + "\"}"); // never falls
        first.send("{\"type\":\"ack\",\"channel\":\"user:acks\",\"position\":\"" + two.replaceAll("-2$", "-4") + "\"}");
        assertEquals("bad_ack", first.next("error").get("code").getAsString());
        lost.reset();
        try (V1Client second = server.v1("acks")) {
            JsonObject start = standing(second.hello(), "user:acks");
            assertEquals(two, position(start));
            assertTrue(start.get("recovered").getAsBoolean());
            assertEquals("3", second.nextBody());
        }
    }

    // ---- options of a publish that only a session can see

    @Test
    void anExcludedSessionPassesTheOffsetOver() throws Exception {
        try (V1Client one = server.v1("exclude");
                V1Client two = server.v1("exclude")) {
            String session = one.hello().get("session").getAsString();
            two.hello();
            ServerFixture.Answer answer = server.publish("userId", "exclude", "message", "for two", "exclude", session);
            assertEquals(1, answer.object().get("online").getAsInt());
            publish("userId", "exclude", "for both");
            assertEquals("for two", two.nextBody());
            assertEquals("for both", two.nextBody());
            JsonObject message = one.next("message");
            assertEquals("for both", message.get("body").getAsString());
            assertEquals(2, offset(position(message)));
        }
    }

    @Test
    void aCollapsedMessageLeavesASlowClientsQueue() throws Exception {
        RawSocket slow = RawSocket.webSocket(new RawSocket(server.port(), 4096), "/websocket/collapse", "parley.v1");
        try (slow) {
            V1Client client = new V1Client(slow);
            client.hello();
            String big = "x".repeat(1 << 20); // what comes behind it waits in the queue
            server.post("/socket/publish?userId=collapse", "text/plain", big);
            publish("userId", "collapse", "before");
            for (String text : List.of("1", "2", "3")) {
                server.publish("userId", "collapse", "message", text, "collapse", "price");
            }
            publish("userId", "collapse", "after");
            server.publish("userId", "collapse", "message", "4", "collapse", "price");
            assertEquals(big.length(), client.nextBody().length());
            assertEquals("before", client.nextBody());
            assertEquals("after", client.nextBody());
            assertEquals("4", client.nextBody());
        }
    }

    @Test
    void withoutHistoryOffsetsGoOnAndHolesAreTold() throws Exception {
        try (ServerFixture forgetful = ServerFixture.start("--history", "off");
                V1Client client = forgetful.v1("u")) {
            client.hello();
            JsonObject receipt =
                    forgetful.publish("userId", "u", "message", "1").object();
            assertEquals("no", receipt.get("stored").getAsString());
            String first = position(client.next("message"));
            forgetful.publish("userId", "u", "message", "2");
            forgetful.publish("userId", "u", "message", "3");
            try (V1Client again = forgetful.v1("u")) {
                JsonObject start = standing(again.hello(Map.of("user:u", first)), "user:u");
                assertEquals(2, start.get("missed").getAsInt());
                forgetful.publish("userId", "u", "message", "4");
                JsonObject fourth = again.next("message");
                assertEquals("4", fourth.get("body").getAsString());
                assertEquals(4, offset(position(fourth)));
            }
        }
    }
}
