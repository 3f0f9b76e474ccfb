package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.message.Body;
import parley.message.Position;
import parley.metrics.Limit;

/** What a client may send as often as it likes, and what not. */
class FloodedSessionTest {

    private static final int AT_ONCE = Station.LIMITS.burst();

    private final Station station = new Station();
    private final FakeTransport line = station.line();
    private final ClientSession session = station.v1("ann", line);

    @AfterEach
    void nothingIsLeft() {
        station.close();
    }

    private void expectFlooded(Limit limit) {
        List<String> rest = line.rest();
        assertTrue(rest.get(rest.size() - 1).startsWith("CLOSE 4129 more than "), rest.toString());
        assertEquals(1, station.metrics.timesLimited(limit));
        assertTrue(session.isFlooding());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"ping\"}",
                "{\"type\":\"subscribe\",\"topic\":\"news\"}",
                "{\"type\":\"subscribe\",\"topic\":\"a/b\"}",
                "{\"type\":\"unsubscribe\",\"topic\":\"news\"}",
                "{\"type\":\"ack\",\"channel\":\"user:ann\",\"position\":\"aaaaaaaa-1\"}",
                "{\"type\":\"ack\",\"channel\":\"user:bob\",\"position\":\"aaaaaaaa-1\"}",
                "{\"type\":\"reply\",\"ask\":\"x\",\"body\":1}",
                "{\"type\":\"send\",\"reception\":\"a/b\",\"body\":1}",
                "{\"type\":\"send\",\"body\":1}",
                "{\"type\":\"send\"}",
                "{\"type\":\"what\"}",
                "{}"
            })
    void everyFrameCosts(String frame) {
        for (int i = 0; i < AT_ONCE; i++) {
            session.received(frame);
            assertFalse(session.isFlooding(), "at " + i);
        }
        session.received(frame);
        expectFlooded(Limit.MESSAGES);
    }

    @Test
    void anAckTwiceCosts() {
        Position position = station.publish(Station.user("ann"), "a").position();
        String ack = "{\"type\":\"ack\",\"channel\":\"user:ann\",\"position\":\"" + position + "\"}";
        session.received(ack);
        for (int i = 0; i < AT_ONCE; i++) {
            session.received(ack);
        }
        assertFalse(session.isFlooding());
        session.received(ack);
        expectFlooded(Limit.MESSAGES);
    }

    /** They answer us, and we cannot be the ones who make a client go too far. */
    @Test
    void acksOfMessagesAndRepliesToQuestionsAreFree() {
        for (int i = 0; i < 3 * AT_ONCE; i++) {
            Position position = station.publish(Station.user("ann"), "a").position();
            session.received("{\"type\":\"ack\",\"channel\":\"user:ann\",\"position\":\"" + position + "\"}");
            station.broker.ask(new parley.message.Channel.User("ann"), Body.text("?"), null, 1_000);
            session.received("{\"type\":\"reply\",\"ask\":\"whatever\",\"body\":1}");
        }
        assertFalse(session.isFlooding());
        assertEquals(6 * AT_ONCE, line.rest().size()); // the messages and the questions
    }

    @Test
    void twentyControlFramesASecondAndAHundredAtOnce() {
        for (int i = 0; i < 100; i++) {
            assertTrue(session.admitControlFrame());
        }
        station.time.advance(50);
        assertTrue(session.admitControlFrame());
        station.time.advance(49);
        assertFalse(session.admitControlFrame());
        expectFlooded(Limit.CONTROL_FRAMES);
    }

    @Test
    void topicsThatAreTooManyAreCounted() {
        for (int i = 0; i <= SessionSettings.TOPICS; i++) {
            session.received("{\"type\":\"subscribe\",\"topic\":\"t" + i + "\"}");
        }
        assertEquals(SessionSettings.TOPICS + 1, line.rest().size());
        assertEquals(1, station.metrics.timesLimited(Limit.TOPICS));
    }
}
