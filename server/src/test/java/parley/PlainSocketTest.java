package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plain WebSockets, as both seeds and wscat open them. */
class PlainSocketTest {

    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** A plain client of a user that the server counts as online. */
    private static RawSocket online(String user) throws IOException {
        RawSocket client = server.plain("/websocket/" + user);
        await().until(() -> server.online(user) == 1);
        return client;
    }

    /** Until the server has handled everything that was sent on this line. */
    private static void settle(RawSocket client) throws IOException {
        client.sendText("ping");
        assertEquals("pong", client.readText());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hello",
                "",
                " ",
                "Größe 中文 😀 \u0000\u0001\u2028",
                "a\nb\r\nc\td\\\"",
                "{\"not\":\"touched\"",
                "ping",
            })
    void textComesDownByteForByte(String text) throws Exception {
        try (RawSocket client = server.plain("/websocket/bytes?since=now")) {
            await().until(() -> server.online("bytes") == 1);
            ServerFixture.Answer answer = server.publish("userId", "bytes", "message", text);
            assertEquals(200, answer.status(), answer::body);
            assertEquals(1, answer.object().get("online").getAsInt());
            assertEquals(text, client.readText());
            client.closePolitely();
        }
        await().until(() -> server.online("bytes") == 0);
    }

    @Test
    void jsonComesDownByteForByte() throws Exception {
        String json = "{ \"b\" : 1.0e+3,\"a\":[ 9007199254740993 ,2.50],\t\"\\u00e9\":\"\\/ \\u0041é\", \"x\":null }";
        try (RawSocket client = online("json")) {
            server.post("/socket/publish", "application/json", "{\"message\": " + json + " ,\"userId\":\"json\"}");
            assertEquals(json, client.readText());
            server.post("/socket/publish", "application/json", "{\"userId\":\"json\",\"message\":[1, 2]}");
            assertEquals("[1, 2]", client.readText());
            server.post("/socket/publish", "application/json", "{\"userId\":\"json\",\"message\":\"t\\u00e4\\n\"}");
            assertEquals("tä\n", client.readText());
        }
    }

    @Test
    void pingIsAnsweredByBothKindsOfPong() throws Exception {
        try (RawSocket client = online("pings")) {
            client.sendText("ping");
            assertEquals("pong", client.readText());
            client.sendFrame(RawSocket.PING, new byte[] {1, 2, 3});
            RawSocket.Frame pong = client.readFrame();
            assertEquals(RawSocket.PONG, pong.opCode());
            assertEquals("\1\2\3", pong.text());
        }
    }

    @Test
    void manyPingsAreAnsweredInOrderTheLastOneSurely() throws Exception {
        try (RawSocket client = online("pings")) {
            ByteArrayOutputStream pings = new ByteArrayOutputStream();
            for (int i = 0; i < 100; i++) {
                pings.writeBytes(RawSocket.frame(RawSocket.PING, true, new byte[] {(byte) i}));
            }
            client.send(pings.toByteArray());
            for (int last = -1; last < 99; ) {
                RawSocket.Frame pong = client.readFrame();
                assertEquals(RawSocket.PONG, pong.opCode());
                assertTrue(pong.payload()[0] > last);
                last = pong.payload()[0];
            }
        }
    }

    @Test
    void aMessageMayComeInPiecesWithPingsBetween() throws Exception {
        try (RawSocket client = online("pieces")) {
            client.send(RawSocket.frame(RawSocket.TEXT, false, new byte[] {'p', 'i'}));
            client.sendFrame(RawSocket.PING, new byte[0]);
            client.send(RawSocket.frame(RawSocket.CONTINUATION, false, new byte[0]));
            client.send(RawSocket.frame(RawSocket.CONTINUATION, true, new byte[] {'n', 'g'}));
            assertEquals("pong", client.readText());
        }
    }

    @Test
    void anEnvelopeIsRoutedWithTheSendersRealName() throws Exception {
        try (RawSocket alice = online("alice");
                RawSocket bob = online("bob")) {
            alice.sendText("{\"sender\":\"mallory\", \"reception\":\"bob\", \"body\":\"hi\", \"flag\":\"inform\"}");
            assertEquals(
                    "{\"sender\":\"alice\",\"reception\":\"bob\",\"body\":\"hi\",\"flag\":\"inform\"}", bob.readText());
            alice.sendText("{\"reception\":\"user:bob\",\"body\":{ \"n\": 1.0 }}");
            assertEquals("{\"sender\":\"alice\",\"reception\":\"user:bob\",\"body\":{ \"n\": 1.0 }}", bob.readText());
            settle(alice); // nothing came back to who sent it
        }
    }

    @Test
    void whoSendsToHimselfGetsIt() throws Exception {
        try (RawSocket narcissus = online("narcissus")) {
            narcissus.sendText("{\"reception\":\"narcissus\",\"body\":1}");
            assertEquals("{\"sender\":\"narcissus\",\"reception\":\"narcissus\",\"body\":1}", narcissus.readText());
        }
    }

    @Test
    void clientsReachTopicsButNotEveryone() throws Exception {
        try (RawSocket sender = online("sender");
                RawSocket listener = server.plain("/websocket/listener?topic=plain-news&topic=plain-more")) {
            await().until(() -> server.get("/socket/online?topic=plain-more")
                            .object()
                            .get("online")
                            .getAsInt()
                    == 1);
            sender.sendText("{\"reception\":\"everyone\",\"body\":\"too loud\"}");
            sender.sendText("{\"reception\":\"topic:plain-news\",\"body\":\"a\"}");
            sender.sendText("{\"reception\":\"topic:plain-more\",\"body\":\"b\"}");
            assertEquals(
                    "{\"sender\":\"sender\",\"reception\":\"topic:plain-news\",\"body\":\"a\"}", listener.readText());
            assertEquals(
                    "{\"sender\":\"sender\",\"reception\":\"topic:plain-more\",\"body\":\"b\"}", listener.readText());
            settle(sender);
        }
    }

    @Test
    void clientBroadcastLetsClientsReachEveryone() throws Exception {
        try (ServerFixture loud = ServerFixture.start("--client-broadcast");
                RawSocket one = loud.plain("/websocket/one");
                RawSocket two = loud.plain("/websocket/two")) {
            await().until(() -> loud.online("one") + loud.online("two") == 2);
            one.sendText("{\"reception\":\"everyone\",\"body\":\"hi\"}");
            String expected = "{\"sender\":\"one\",\"reception\":\"everyone\",\"body\":\"hi\"}";
            assertEquals(expected, one.readText());
            assertEquals(expected, two.readText());
        }
    }

    /** Plain clients are never told of an error: they could not tell it from a message. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"reception\":\"\\u0000\",\"body\":1}",
                "{\"reception\":{},\"body\":1}",
                "{\"reception\":[1],\"body\":1}",
                "{\"reception\":\"topic:\",\"body\":1}",
                "{\"reception\":\"a/b\"}",
                "{\"reception\":\"bob\",\"flag\":{},\"body\":1}",
                "{\"reception\":",
            })
    void nonsenseIsNotAnswered(String text) throws Exception {
        try (RawSocket client = server.plain("/websocket/nonsense")) {
            client.sendText(text);
            settle(client);
        }
    }

    // ---- frames that no browser sends

    private static void isClosedWith(int code, byte[] bytes) throws IOException {
        try (RawSocket client = server.plain("/websocket/frames")) {
            client.send(bytes);
            assertEquals(code, client.readClose().closeCode());
            client.readToEnd();
        }
    }

    @Test
    void binaryIsClosedWith1003() throws Exception {
        isClosedWith(1003, RawSocket.frame(RawSocket.BINARY, true, new byte[] {1}));
    }

    @Test
    void moreThan64KiBIsClosedWith1009() throws Exception {
        isClosedWith(1009, RawSocket.frame(RawSocket.TEXT, true, new byte[70_000]));
    }

    @Test
    void moreThan64KiBInPiecesIsClosedWith1009() throws Exception {
        try (RawSocket client = server.plain("/websocket/frames")) {
            client.send(RawSocket.frame(RawSocket.TEXT, false, new byte[40_000]));
            client.send(RawSocket.frame(RawSocket.CONTINUATION, false, new byte[40_000]));
            assertEquals(1009, client.readClose().closeCode());
        }
    }

    /** Below 2 GiB a frame is read, in pieces, until it is longer than a message may be. */
    @ParameterizedTest
    @ValueSource(strings = {"0000000080000000", "7FFFFFFFFFFFFFFF", "8000000000000000", "FFFFFFFFFFFFFFFF"})
    void aClaimedLengthBeyondReasonIsRefusedAtOnce(String length) throws Exception {
        isClosedWith(1009, java.util.HexFormat.of().parseHex("81FF" + length + "00000000" + "78".repeat(200)));
    }

    /** What compresses well; no extension was negotiated, so it is a reserved bit. */
    @Test
    void aCompressedMessageIsRefused() throws Exception {
        isClosedWith(1002, RawSocket.frame(0x40 | RawSocket.TEXT, true, new byte[60_000]));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535})
    void aCloseCodeThatNobodyMaySendIs1002(int code) throws Exception {
        isClosedWith(1002, RawSocket.frame(RawSocket.CLOSE, true, new byte[] {(byte) (code >> 8), (byte) code}));
    }

    @Test
    void exactly64KiBArrive() throws Exception {
        try (RawSocket client = online("exactly")) {
            String envelope = "{\"reception\":\"exactly\",\"body\":\"%s\"}";
            String body = "x".repeat((64 << 10) - envelope.length() + 2);
            client.sendText(envelope.formatted(body));
            assertTrue(client.readText().contains(body));
        }
    }

    /** A claimed length is not believed: CVE-2026-19204. */
    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    void anUnknownOpCodeIsClosedWith1002AtOnce(int opCode) throws Exception {
        isClosedWith(
                1002, new byte[] {(byte) (0x80 | opCode), (byte) (0x80 | 127), 0, 0, 0, 0, 0x7f, 0, 0, 0, 1, 2, 3, 4});
    }

    @ParameterizedTest
    @CsvSource({
        "C0AF", // overlong
        "EDA080", // half a surrogate pair
        "F4908080", // above U+10FFFF
        "61FF",
        "E282", // cut off
    })
    void badUtf8IsClosedWith1007(String hex) throws Exception {
        isClosedWith(
                1007,
                RawSocket.frame(RawSocket.TEXT, true, java.util.HexFormat.of().parseHex(hex)));
    }

    @Test
    void framesThatBreakTheProtocolAreClosedWith1002() throws Exception {
        isClosedWith(1002, new byte[] {(byte) 0x81, 1, 'x'}); // not masked
        isClosedWith(1002, RawSocket.frame(RawSocket.CONTINUATION, true, new byte[] {'x'})); // of nothing
        isClosedWith(1002, RawSocket.frame(RawSocket.PING, false, new byte[0])); // a control frame in pieces
        isClosedWith(1002, RawSocket.frame(RawSocket.PING, true, new byte[126])); // a long control frame
        isClosedWith(1002, RawSocket.frame(0x40 | RawSocket.TEXT, true, new byte[0])); // a reserved bit
        isClosedWith(1002, RawSocket.frame(RawSocket.CLOSE, true, new byte[] {3, (byte) 0xed})); // 1005
    }

    @Test
    void anInvalidCloseFrameOfOneByteIs1002() throws Exception {
        isClosedWith(1002, RawSocket.frame(RawSocket.CLOSE, true, new byte[] {3}));
    }

    @Test
    void aPoliteCloseIsAnswered() throws Exception {
        try (RawSocket client = online("polite")) {
            client.closePolitely();
        }
        await().until(() -> server.online("polite") == 0);
    }

    @Test
    void tooManyMessagesAreClosedWith4129() throws Exception {
        try (ServerFixture strict = ServerFixture.start("--session-rate", "5");
                RawSocket client = strict.plain("/websocket/chatty")) {
            for (int i = 0; i < 20; i++) { // four seconds' worth at once are allowed
                client.sendText("ping");
                assertEquals("pong", client.readText());
            }
            for (int i = 0; i < 20; i++) { // a slow machine may have earned a few more
                client.sendText("ping");
            }
            assertEquals(4129, client.readClose().closeCode());
        }
    }

    // ---- to the back ends

    @Test
    void whatIsForNobodyGoesToTheBackEnds() throws Exception {
        try (EventReader events = EventReader.open(server, "/socket/events")) {
            events.start();
            try (RawSocket client = server.plain("/websocket/seed")) {
                client.sendText("test1");
                client.sendText("{\"n\": 1.0}");
                client.sendText("{\"reception\":null, \"body\":\"to nobody\"}");
                client.sendText("[1");
                JsonObject first = events.nextFrom("seed");
                assertEquals("events", first.get("channel").getAsString());
                assertEquals("test1", first.get("body").getAsString());
                assertEquals("{\"n\":1.0}", events.nextFrom("seed").get("body").toString());
                assertEquals(
                        "to nobody",
                        events.nextFrom("seed")
                                .getAsJsonObject("body")
                                .get("body")
                                .getAsString());
                assertEquals("[1", events.nextFrom("seed").get("body").getAsString());
            }
        }
    }

    // ---- where the user channel starts

    @Test
    void sinceSaysWhereTheUserChannelStarts() throws Exception {
        server.publish("userId", "since", "message", "1");
        String position = server.publish("userId", "since", "message", "2")
                .object()
                .get("position")
                .getAsString();
        server.publish("userId", "since", "message", "3");
        try (RawSocket inbox = server.plain("/websocket/since");
                RawSocket after = server.plain("/websocket/since?since=" + position);
                RawSocket now = server.plain("/websocket/since?since=now")) {
            await().until(() -> server.online("since") == 3);
            server.publish("userId", "since", "message", "4");
            assertEquals("1", inbox.readText());
            assertEquals("2", inbox.readText());
            assertEquals("3", inbox.readText());
            assertEquals("4", inbox.readText());
            assertEquals("3", after.readText());
            assertEquals("4", after.readText());
            assertEquals("4", now.readText());
        }
    }

    @Test
    void theInboxComesAgainUntilAPongConfirmsIt() throws Exception {
        assertEquals(202, server.publish("userId", "inbox", "message", "first").status());
        assertEquals(202, server.publish("userId", "inbox", "message", "second").status());
        try (RawSocket deaf = server.plain("/websocket/inbox")) {
            assertEquals("first", deaf.readText());
            assertEquals("second", deaf.readText());
            deaf.closePolitely(); // a close frame confirms nothing
        }
        try (RawSocket forger = server.plain("/websocket/inbox")) {
            assertEquals("first", forger.readText());
            assertEquals("second", forger.readText());
            RawSocket.Frame ping = forger.readFrame();
            assertEquals(RawSocket.PING, ping.opCode());
            String beyond = ping.text().replaceAll("-\\d+$", "-999");
            forger.sendFrame(RawSocket.PONG, beyond.getBytes(StandardCharsets.US_ASCII));
            forger.sendFrame(RawSocket.PONG, new byte[0]); // unsolicited, of no position
            settle(forger);
            forger.reset();
        }
        try (RawSocket honest = server.plain("/websocket/inbox")) {
            assertEquals("first", honest.readText());
            assertEquals("second", honest.readText());
            RawSocket.Frame ping = honest.readFrame();
            assertEquals(RawSocket.PING, ping.opCode());
            honest.sendFrame(RawSocket.PONG, ping.payload());
            settle(honest);
            honest.reset();
        }
        server.publish("userId", "inbox", "message", "third");
        try (RawSocket later = server.plain("/websocket/inbox")) {
            assertEquals("third", later.readText());
        }
    }

    @Test
    void whoStartsNowLeavesTheInboxToTheOthers() throws Exception {
        try (RawSocket peek = server.plain("/websocket/peek?since=now")) {
            await().until(() -> server.online("peek") == 1);
            server.publish("userId", "peek", "message", "kept");
            assertEquals("kept", peek.readText());
            RawSocket.Frame ping = peek.readFrame();
            peek.sendFrame(RawSocket.PONG, ping.payload());
            settle(peek);
        }
        try (RawSocket inbox = server.plain("/websocket/peek")) {
            assertEquals("kept", inbox.readText());
        }
    }

    @Test
    void aSecondTabReplacesNobody() throws Exception {
        try (RawSocket first = online("tabs");
                RawSocket second = server.plain("/websocket/tabs")) {
            await().until(() -> server.online("tabs") == 2);
            assertEquals(
                    2,
                    server.publish("userId", "tabs", "message", "both")
                            .object()
                            .get("online")
                            .getAsInt());
            assertEquals("both", first.readText());
            assertEquals("both", second.readText());
            first.closePolitely();
            await().until(() -> server.online("tabs") == 1);
            server.publish("userId", "tabs", "message", "rest");
            assertEquals("rest", second.readText());
        }
    }
}
