package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.auth.Identity;
import parley.auth.TopicGrants;
import parley.message.Channel;
import parley.message.Position;
import parley.message.Problem;

/** What a session may, by its user's token, and for how long. */
class IdentityTest {

    private static final String EXPIRED = "CLOSE 4110 the token expired";
    private static final TopicGrants GRANTS = new TopicGrants(Set.of("alarm"), List.of("news."));

    private final Station station = new Station();
    private final FakeTransport line = station.line();

    @AfterEach
    void nothingIsLeft() {
        station.close();
    }

    private Identity ann(long millis) {
        return new Identity("ann", GRANTS, station.time.wallMillis() + millis);
    }

    private ClientSession open(Mode mode, long millis) {
        station.pass(Wheel.TICK_MILLIS); // the first tick looks at all sessions
        ClientSession session = station.open(ann(millis), mode, line);
        if (mode == Mode.V1) {
            session.received("{\"type\":\"hello\"}");
        }
        line.rest();
        return session;
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void aSessionEndsWithItsToken(Mode mode) {
        ClientSession session = open(mode, 7_050);
        station.pass(7_049);
        session.heard();
        line.expect();
        assertEquals(1, station.publish(Station.user("ann"), "before").online());
        line.rest();
        station.pass(1 + Wheel.TICK_MILLIS);
        line.expect(EXPIRED);
        assertEquals(0, station.publish(Station.user("ann"), "after").online());
        session.close(Disconnect.GONE);
    }

    @ParameterizedTest
    @ValueSource(longs = {30_000, 90_000, 10_000_000})
    void howeverLateThatIs(long millis) {
        ClientSession session = open(Mode.PLAIN, millis);
        long left = millis - 1;
        for (; left > 10_000; left -= 10_000) {
            station.pass(10_000);
            session.heard();
        }
        station.pass(left);
        assertFalse(line.rest().contains(EXPIRED));
        station.pass(2 * Wheel.TICK_MILLIS);
        assertTrue(line.rest().contains(EXPIRED));
        session.close(Disconnect.GONE);
    }

    @Test
    void aTokenMayEndBeforeTheHello() {
        ClientSession session = station.open(ann(1_000), Mode.V1, line);
        station.pass(1_000 + Wheel.TICK_MILLIS);
        line.expect(EXPIRED);
        session.close(Disconnect.GONE);
    }

    /** A token says when it ends by the wall clock, the heartbeat goes by another one. */
    @Test
    void whenTheWallClockIsSetOnTheTokenEndsSooner() {
        ClientSession session = open(Mode.STREAM, 3_600_000);
        station.pass(1_000);
        station.time.setWall(station.time.wallMillis() + 3_600_000);
        station.pass(2 * Wheel.TICK_MILLIS);
        line.expect(EXPIRED);
        session.close(Disconnect.GONE);
    }

    @Test
    void whenItIsSetBackLater() {
        ClientSession session = open(Mode.STREAM, 5_000);
        station.time.setWall(station.time.wallMillis() - 10_000);
        station.pass(14_999);
        assertFalse(line.rest().contains(EXPIRED));
        station.pass(1 + Wheel.TICK_MILLIS);
        line.expect(EXPIRED);
        session.close(Disconnect.GONE);
    }

    /** Stopped or suspended: other deadlines move on by as much, this one does not. */
    @Test
    void aTokenEndsWhileTheProcessStandsStill() {
        ClientSession session = open(Mode.PLAIN, 60_000);
        station.pass(1_000);
        station.time.advance(600_000);
        station.registry.tick();
        station.pass(2 * Wheel.TICK_MILLIS);
        line.expect(EXPIRED);
        session.close(Disconnect.GONE);
    }

    @Test
    void whoIsBelievedWithoutATokenStays() {
        ClientSession session = station.open("ann", Mode.STREAM, line);
        line.rest();
        station.time.setWall(Long.MAX_VALUE - 1_000_000_000);
        station.pass(10_000);
        line.expect();
        session.close(Disconnect.GONE);
    }

    // ---- topics

    private static String hello(String members) {
        return "{\"type\":\"hello\"," + members + "}";
    }

    @Test
    void aHelloGetsTheTopicsThatItMay() {
        Position old = station.publish(Station.topic("secret"), "old").position();
        Position read = new Position(old.epoch(), 0);
        ClientSession session = station.open(ann(60_000), Mode.V1, line);
        session.received(
                hello("\"topics\":[\"alarm\",\"news\",\"news.sport\",\"Alarm\"],\"resume\":{\"topic:secret\":\"" + read
                        + "\",\"topic:news.x\":\"" + read + "\"}"));
        String welcome = line.next();
        for (String granted : List.of("topic:alarm", "topic:news.sport", "topic:news.x", "user:ann", "everyone")) {
            assertTrue(welcome.contains("\"" + granted + "\":"), welcome);
        }
        for (String forbidden : List.of("topic:news\"", "topic:Alarm", "secret")) {
            assertFalse(welcome.contains(forbidden), welcome);
        }
        assertEquals(0, station.publish(Station.topic("secret"), "new").online());
        line.expect();
        session.close(Disconnect.GONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"news", "secret", "alarm2", "news."})
    void aSubscribeOfAnotherTopicIsForbidden(String topic) {
        Position read = new Position(
                station.publish(Station.topic(topic), "old").position().epoch(), 0);
        ClientSession session = open(Mode.V1, 60_000);
        for (String since : List.of("now", read.toString())) {
            session.received("{\"type\":\"subscribe\",\"topic\":\"" + topic + "\",\"since\":\"" + since + "\"}");
            assertTrue(line.next().contains("\"code\":\"forbidden\""));
        }
        assertEquals(0, station.publish(Station.topic(topic), "new").online());
        session.received("{\"type\":\"subscribe\",\"topic\":\"news.sport\"}");
        line.next("subscribed");
        session.close(Disconnect.GONE);
    }

    @Test
    void aSendToAnotherTopicIsForbidden() {
        ClientSession session = open(Mode.V1, 60_000);
        session.received("{\"type\":\"send\",\"ref\":\"1\",\"reception\":\"topic:secret\",\"body\":1}");
        assertTrue(line.next().contains("\"ref\":\"1\",\"code\":\"forbidden\""));
        assertEquals(0, station.top(Station.topic("secret")).offset());
        session.received("{\"type\":\"send\",\"ref\":\"2\",\"reception\":\"topic:alarm\",\"body\":1}");
        line.next("sent");
        session.received("{\"type\":\"send\",\"ref\":\"3\",\"reception\":\"bob\",\"body\":1}");
        line.next("sent");
        session.close(Disconnect.GONE);
    }

    @Test
    void nobodyPutsASessionWhereItMayNotBe() {
        ClientSession session = open(Mode.PLAIN, 60_000);
        for (Channel channel : List.of(Station.topic("secret"), Station.user("bob"), Channel.EVENTS)) {
            var refused = station.registry.subscribing().join(session, channel, Since.NOW);
            Throwable failure =
                    assertThrows(CompletionException.class, refused::join).getCause();
            assertEquals("forbidden", ((Problem) failure).code());
        }
        session.received("{\"reception\":\"topic:secret\",\"body\":1}");
        assertEquals(0, station.top(Station.topic("secret")).offset());
        session.close(Disconnect.GONE);
    }
}
