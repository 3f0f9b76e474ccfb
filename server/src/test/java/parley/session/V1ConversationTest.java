package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.message.Channel;
import parley.message.Json;
import parley.message.Position;
import parley.message.Problem;

class V1ConversationTest {

    private static final Channel NEWS = Station.topic("news");

    private final Station station = new Station();
    private final FakeTransport line = station.line();
    private final ClientSession session = station.open("ann", Mode.V1, line);

    @AfterEach
    void nothingIsLeft() {
        station.close();
    }

    private void hello() {
        session.received("{\"type\":\"hello\"}");
        line.next("welcome");
    }

    private void expectError(String code) {
        assertEquals(Json.quote(code), line.next("error").raw("code"));
    }

    private static Json.Fields member(Json.Fields fields, String... path) throws Problem {
        Json.Fields at = fields;
        for (String name : path) {
            at = Json.object(at.raw(name));
        }
        return at;
    }

    private static void expectStart(Json.Fields start, String position, String newest, boolean recovered, Long missed) {
        assertEquals(Json.quote(position), start.raw("position"));
        assertEquals(Json.quote(newest), start.raw("newest"));
        assertEquals(String.valueOf(recovered), start.raw("recovered"));
        assertEquals(missed == null ? null : missed.toString(), start.raw("missed"));
    }

    private static void expectMessage(FakeTransport line, Position position, String text) {
        Json.Fields message = line.next("message");
        assertEquals(Json.quote(text), message.raw("body"));
        assertEquals(Json.quote(position.toString()), message.raw("position"));
    }

    // ---- hello

    /** The line lives on for seconds, but the session is over. */
    @Test
    void aClosedSessionSaysNothingMore() {
        session.received("{\"type\":\"hello\"}");
        line.next("welcome");
        session.close(Disconnect.KICKED);
        line.expect("CLOSE 4008 disconnected by the operator");
        long before = station.top(Station.user("bob")).offset();
        session.received("{\"type\":\"send\",\"reception\":\"bob\",\"body\":1}");
        assertEquals(before, station.top(Station.user("bob")).offset());
    }

    @Test
    void nothingIsDeliveredBeforeTheWelcome() throws Problem {
        assertEquals(0, station.publish(Station.user("ann"), "a").online());
        line.assertExhausted();
        session.received("{\"type\":\"hello\"}");
        Json.Fields welcome = line.next("welcome");
        assertEquals(session.id(), welcome.text("session"));
        assertEquals("ann", welcome.text("user"));
        assertEquals("25", welcome.raw("heartbeat"));
        Position top = station.top(Station.user("ann"));
        expectStart(member(welcome, "channels", "user:ann"), top.epoch() + "-0", top.toString(), false, 0L);
        assertTrue(member(welcome, "channels").has("everyone"));
        expectMessage(line, top, "a");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"ping\"}",
                "{\"type\":\"send\",\"body\":1}",
                "{\"type\":\"what\"}",
                "{}",
                "hello",
                "",
                "[]",
                "{\"type\":\"hello\",\"resume\":{\"user:ann\":\"x\"}}",
                "{\"type\":\"hello\",\"resume\":{\"x\":\"aaaaaaaa-1\"}}",
                "{\"type\":\"hello\",\"resume\":{\"user:bob\":\"aaaaaaaa-1\"}}",
                "{\"type\":\"hello\",\"resume\":{\"events\":\"aaaaaaaa-1\"}}",
                "{\"type\":\"hello\",\"topics\":[\"a/b\"]}"
            })
    void aFirstFrameThatIsNoGoodHelloIsABadRequest(String frame) {
        session.received(frame);
        assertTrue(line.next().startsWith("CLOSE 4000 "));
        session.received("{\"type\":\"hello\"}");
        assertEquals(0, station.registry.online(Station.user("ann")));
    }

    @Test
    void aSecondHelloIsABadRequest() {
        hello();
        session.received("{\"type\":\"hello\"}");
        line.expect("CLOSE 4000 one hello is enough");
    }

    @Test
    void resumesOwnChannelEveryoneAndTopics() throws Problem {
        Position own = station.publish(Station.user("ann"), "a1").position();
        station.publish(Station.user("ann"), "a2");
        Position everyone = station.publish(Channel.EVERYONE, "e1").position();
        Position news = station.publish(NEWS, "n1").position();
        station.publish(NEWS, "n2");
        session.received("{\"type\":\"hello\",\"resume\":{\"user:ann\":\"" + own + "\",\"everyone\":\"" + everyone
                + "\",\"topic:news\":\"" + news + "\"}}");
        Json.Fields welcome = line.next("welcome");
        expectStart(member(welcome, "channels", "user:ann"), own.toString(), own.epoch() + "-2", true, 0L);
        expectStart(member(welcome, "channels", "everyone"), everyone.toString(), everyone.toString(), true, 0L);
        expectStart(member(welcome, "channels", "topic:news"), news.toString(), news.epoch() + "-2", true, 0L);
        expectMessage(line, new Position(own.epoch(), 2), "a2");
        expectMessage(line, new Position(news.epoch(), 2), "n2");
    }

    @Test
    void aHoleKnownAtTheStartIsInTheWelcome() throws Problem {
        Position first = station.publish(Station.user("ann"), "a").position();
        for (int i = 0; i < 1_001; i++) {
            station.publish(Station.user("ann"), "x");
        }
        session.received("{\"type\":\"hello\",\"resume\":{\"user:ann\":\"" + first + "\"}}");
        Json.Fields welcome = line.next("welcome");
        expectStart(member(welcome, "channels", "user:ann"), first.epoch() + "-2", first.epoch() + "-1002", false, 1L);
        assertEquals(1_000, line.rest().size());
    }

    @Test
    void anUnknownEpochOrAPlaceAboveTheTopIsAnUnknownHoleAndThenAll() throws Problem {
        Position top = station.publish(Station.user("ann"), "a").position();
        for (String unknown : new String[] {"aaaaaaaa-1", top.epoch() + "-2"}) {
            FakeTransport one = station.line();
            ClientSession other = station.open("ann", Mode.V1, one);
            other.received("{\"type\":\"hello\",\"resume\":{\"user:ann\":\"" + unknown + "\"}}");
            expectStart(
                    member(one.next("welcome"), "channels", "user:ann"),
                    top.epoch() + "-0",
                    top.toString(),
                    false,
                    null);
            expectMessage(one, top, "a");
        }
    }

    @Test
    void theInboxStartsAfterTheCursor() throws Problem {
        hello();
        Position first = station.publish(Station.user("ann"), "a").position();
        Position second = station.publish(Station.user("ann"), "b").position();
        line.rest();
        session.received("{\"type\":\"ack\",\"channel\":\"user:ann\",\"position\":\"" + first + "\"}");
        FakeTransport one = station.line();
        ClientSession other = station.open("ann", Mode.V1, one);
        other.received("{\"type\":\"hello\"}");
        expectStart(member(one.next("welcome"), "channels", "user:ann"), first.toString(), second.toString(), true, 0L);
        expectMessage(one, second, "b");
    }

    @Test
    void topicsAndEveryoneStartLive() {
        station.publish(NEWS, "old");
        station.publish(Channel.EVERYONE, "old");
        session.received("{\"type\":\"hello\",\"topics\":[\"news\",\"news\"]}");
        line.next("welcome");
        Position position = station.publish(NEWS, "new").position();
        expectMessage(line, position, "new");
    }

    @Test
    void oneTopicTooManyIsRefused() {
        StringBuilder topics = new StringBuilder("\"t0\"");
        for (int i = 1; i <= SessionSettings.TOPICS; i++) {
            topics.append(",\"t").append(i).append('"');
        }
        session.received("{\"type\":\"hello\",\"topics\":[" + topics + "]}");
        assertTrue(line.next().startsWith("CLOSE 4000 "));
    }

    // ---- topics

    private void subscribe(String topic, String more) {
        session.received("{\"type\":\"subscribe\",\"topic\":\"" + topic + "\"" + more + "}");
    }

    @Test
    void aTopicComesAndGoes() {
        hello();
        Position top = station.publish(NEWS, "old").position();
        subscribe("news", "");
        expectStart(line.next("subscribed"), top.toString(), top.toString(), false, 0L);
        Position next = station.publish(NEWS, "a").position();
        expectMessage(line, next, "a");
        session.received("{\"type\":\"unsubscribe\",\"topic\":\"news\"}");
        line.expect("{\"type\":\"unsubscribed\",\"topic\":\"news\"}");
        assertEquals(0, station.publish(NEWS, "b").online());
        session.received("{\"type\":\"unsubscribe\",\"topic\":\"news\"}");
        expectError("not_subscribed");
    }

    @Test
    void aTopicMayStartInThePast() {
        hello();
        Position first = station.publish(NEWS, "a").position();
        Position second = station.publish(NEWS, "b").position();
        subscribe("news", ",\"since\":\"" + first + "\"");
        expectStart(line.next("subscribed"), first.toString(), second.toString(), true, 0L);
        expectMessage(line, second, "b");
    }

    @Test
    void aSecondSubscribeAnswersTheStandingAndReplaysNothing() {
        hello();
        Position first = station.publish(NEWS, "a").position();
        subscribe("news", ",\"since\":\"" + first.epoch() + "-0\"");
        line.next("subscribed");
        line.next("message");
        subscribe("news", ",\"since\":\"" + first.epoch() + "-0\"");
        expectStart(line.next("subscribed"), first.toString(), first.toString(), false, 0L);
        assertEquals(1, station.publish(NEWS, "b").online());
        line.next("message");
    }

    @ParameterizedTest
    @CsvSource({"a/b,'',bad_topic", "'','',bad_topic", "news,inbox,bad_position", "news,yesterday,bad_position"})
    void badSubscribes(String topic, String since, String code) {
        hello();
        subscribe(topic, since.isEmpty() ? "" : ",\"since\":\"" + since + "\"");
        expectError(code);
    }

    @Test
    void tooManyTopics() {
        hello();
        for (int i = 0; i < SessionSettings.TOPICS; i++) {
            subscribe("t" + i, "");
            line.next("subscribed");
        }
        subscribe("one more", "");
        expectError("too_many_topics");
        session.received("{\"type\":\"unsubscribe\",\"topic\":\"t0\"}");
        line.next("unsubscribed");
        subscribe("one more", "");
        line.next("subscribed");
    }

    /** A topic that could not be read is not subscribed to: trying again really tries. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aTopicThatCannotBeReadCanBeTriedAgain(int answersBefore) {
        hello();
        station.late.late();
        subscribe("news", "");
        for (int i = 0; i < answersBefore; i++) {
            station.late.answer();
        }
        station.late.refuse(new IllegalStateException("disk"));
        expectError("unavailable");
        station.late.prompt();
        assertEquals(0, station.publish(NEWS, "nobody is there").online());
        subscribe("news", "");
        line.next("subscribed");
        Position position = station.publish(NEWS, "a").position();
        expectMessage(line, position, "a");
        session.close(Disconnect.GONE);
        assertEquals(0, station.registry.size());
    }

    // ---- frames that wait

    @Test
    void framesWaitInOrderForAHelloUnderWay() {
        station.late.late();
        session.received("{\"type\":\"hello\"}");
        session.received("{\"type\":\"ping\"}");
        subscribe("news", "");
        session.received("{\"type\":\"ping\"}");
        line.assertExhausted();
        while (station.late.owed() > 0) {
            station.late.answer();
        }
        line.next("welcome");
        line.next("pong");
        line.next("subscribed");
        line.next("pong");
        session.received("{\"type\":\"ping\"}");
        line.next("pong");
    }

    @Test
    void aFrameThatWaitedCanMakeOthersWait() {
        station.late.late();
        session.received("{\"type\":\"hello\"}");
        subscribe("news", "");
        while (!station.late.question().endsWith(" topic:news")) {
            station.late.answer();
        }
        line.next("welcome");
        session.received("{\"type\":\"ping\"}");
        line.assertExhausted();
        station.late.answerAll();
        line.next("subscribed");
        line.next("pong");
    }

    @Test
    void thirtyTwoFramesWaitAtMost() {
        hello();
        station.late.late();
        subscribe("news", "");
        for (int i = 0; i < 32; i++) {
            session.received("{\"type\":\"ping\"}");
        }
        station.late.answerAll();
        line.next("subscribed");
        for (int i = 0; i < 32; i++) {
            line.next("pong");
        }
        subscribe("x", "");
        for (int i = 0; i < 32; i++) {
            session.received("{\"type\":\"ping\"}");
        }
        line.assertExhausted();
        session.received("{\"type\":\"ping\"}");
        line.expect("CLOSE 4129 more than 32 frames behind a hello or subscribe");
        station.late.answerAll();
    }

    @Test
    void messagesThatComeDuringAHelloFollowTheWelcome() {
        station.late.late();
        session.received("{\"type\":\"hello\",\"topics\":[\"news\"]}");
        for (int i = 0; i < 3; i++) {
            station.late.answer(); // how each channel stands
        }
        Position during = station.publish(NEWS, "during").position();
        station.late.prompt();
        station.late.answerAll();
        line.next("welcome");
        expectMessage(line, during, "during");
        Position after = station.publish(NEWS, "after").position();
        expectMessage(line, after, "after");
    }

    // ---- acks

    @Test
    void acksBeyondWhatWasSentAreRefused() {
        hello();
        Position position = station.publish(Station.user("ann"), "a").position();
        line.next("message");
        for (String bad : new String[] {
            "\"user:ann\",\"position\":\"" + position.epoch() + "-2\"",
            "\"user:ann\",\"position\":\"aaaaaaaa-1\"",
            "\"user:bob\",\"position\":\"" + position + "\"",
            "\"topic:news\",\"position\":\"" + position + "\"",
            "\"nonsense\",\"position\":\"" + position + "\""
        }) {
            session.received("{\"type\":\"ack\",\"channel\":" + bad + "}");
            expectError("bad_ack");
        }
        assertNull(station.cursor("ann"));
        session.received("{\"type\":\"ack\",\"channel\":\"user:ann\",\"position\":\"" + position + "\"}");
        assertEquals(1, station.cursor("ann"));
    }

    @Test
    void anAckOfAnotherChannelMovesNoCursor() {
        hello();
        Position position = station.publish(Channel.EVERYONE, "a").position();
        line.next("message");
        session.received("{\"type\":\"ack\",\"channel\":\"everyone\",\"position\":\"" + position + "\"}");
        assertNull(station.cursor("ann"));
    }

    // ---- sending

    @Test
    void aSendIsAnsweredWithItsRefAndWhoWasThere() throws Problem {
        hello();
        FakeTransport other = station.line();
        station.v1("bob", other);
        session.received(
                "{\"type\":\"send\",\"ref\":\"7\",\"reception\":\"bob\",\"flag\":\"inform\",\"body\":{\"a\":1.0}}");
        Json.Fields sent = line.next("sent");
        assertEquals("7", sent.text("ref"));
        assertEquals("1", sent.raw("online"));
        Json.Fields message = other.next("message");
        assertEquals(sent.text("id"), message.text("id"));
        assertEquals("ann", message.text("sender"));
        assertEquals("bob", message.text("reception"));
        assertEquals("inform", message.text("flag"));
        assertEquals("{\"a\":1.0}", message.raw("body"));
    }

    @Test
    void aSenderAmongTheReceiversIsNotLeftOut() {
        session.received("{\"type\":\"hello\",\"topics\":[\"news\"]}");
        line.next("welcome");
        session.received("{\"type\":\"send\",\"reception\":\"topic:news\",\"body\":\"hi\"}");
        line.next("message");
        assertEquals("1", line.next("sent").raw("online"));
    }

    @Test
    void withoutAReceptionItGoesToTheBackEnds() throws Problem {
        FakeTransport events = station.events();
        hello();
        session.received("{\"type\":\"send\",\"body\":\"hi\"}");
        line.next("sent");
        assertEquals("ann", events.next("message").text("sender"));
    }

    @ParameterizedTest
    @CsvSource({"everyone,forbidden", "a/b,bad_reception", "topic:,bad_reception"})
    void refusedSends(String reception, String code) throws Problem {
        hello();
        session.received("{\"type\":\"send\",\"ref\":\"r\",\"reception\":\"" + reception + "\",\"body\":1}");
        Json.Fields error = line.next("error");
        assertEquals(code, error.text("code"));
        assertEquals("r", error.text("ref"));
    }

    @Test
    void aMessageThatCouldNotBeStoredIsAnError() throws Problem {
        hello();
        station.late.late();
        for (Exception failure :
                new Exception[] {new IllegalStateException("disk"), new Problem(503, "full", "Full.")}) {
            session.received("{\"type\":\"send\",\"ref\":\"r\",\"reception\":\"bob\",\"body\":1}");
            station.late.refuse(failure);
            Json.Fields error = line.next("error");
            assertEquals(failure instanceof Problem ? "full" : "unavailable", error.text("code"));
            assertEquals("r", error.text("ref"));
        }
    }

    // ---- everything else

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"type\":\"dance\"}|unknown_type",
                "{}|bad_frame",
                "{\"type\":7}|bad_frame",
                "{\"type\":\"send\"}|bad_frame",
                "{\"type\":\"subscribe\"}|bad_frame",
                "{\"type\":\"ack\",\"channel\":\"user:ann\"}|bad_frame"
            })
    void frameThatCannotBeCarriedOutAreErrors(String frame, String code) {
        hello();
        session.received(frame);
        expectError(code);
        assertEquals(1, station.metrics.clientErrors.sum());
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello", "", "{\"type\":", "[1]", "{\"type\":\"ping\"} {}"})
    void malformedJsonIsABadRequest(String text) {
        hello();
        session.received(text);
        assertTrue(line.next().startsWith("CLOSE 4000 "));
    }

    @Test
    void pingAndPong() {
        hello();
        session.received("{\"type\":\"ping\"}");
        line.expect("{\"type\":\"pong\"}");
        session.received("{\"type\":\"pong\"}");
    }
}
