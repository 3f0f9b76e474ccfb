package parley.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import parley.broker.Fates;
import parley.message.Channel;
import parley.message.Json;
import parley.message.ManualTime;
import parley.message.Position;
import parley.session.Disconnect;

/** The cause of message 5 of a channel, by what is recorded of sessions. */
class TraceTest {

    private static final Channel ANN = new Channel.User("ann");
    private static final Position FIVE = new Position("aaaaaaaa", 5);

    private final ManualTime time = new ManualTime();
    private final Fates fates = new Fates(time);

    private static Fates.Receiver receiver(long newest, long offered, long written, long acked) {
        return new Fates.Receiver("s", "ann", "V1", ANN, new Position("aaaaaaaa", 2), newest, offered, written, acked);
    }

    private Json.Fields trace(boolean kept, Fates.Receiver... open) throws Exception {
        Fates.Published published = new Fates.Published("id", ANN, FIVE, null, time.wallMillis(), 1);
        return Json.object(new Trace(published, kept, List.of(open), fates).json());
    }

    @ParameterizedTest
    @EnumSource(Disconnect.class)
    void everyCloseIsToldWithItsCode(Disconnect why) throws Exception {
        Fates.Receiver[] stood = {receiver(9, 9, 9, 4), receiver(9, 9, 4, 4), receiver(9, 4, 4, 4)};
        String[] states = {"written", "queued", "behind"};
        for (int i = 0; i < stood.length; i++) {
            Fates.Receiver receiver = stood[i];
            Fates one = new Fates(time);
            one.closed("s", "ann", why.code(), List.of(receiver));
            Fates.Published published = new Fates.Published("id", ANN, FIVE, null, time.wallMillis(), 1);
            Json.Fields trace = Json.object(new Trace(published, true, List.of(), one).json());
            assertEquals("closed", trace.text("cause"));
            assertEquals(
                    "[{\"session\":\"s\",\"user\":\"ann\",\"state\":\"" + states[i] + "\",\"closed\":" + why.code()
                            + "}]",
                    trace.raw("sessions"));
        }
    }

    /** The channel had come to 4 when the session ended: whatever the clocks say, it was gone before. */
    @Test
    void aSessionThatEndedBeforeIsNoCause() throws Exception {
        fates.closed("s", "ann", 4008, List.of(receiver(4, 4, 4, 4)));
        assertEquals("offline", trace(true).text("cause"));
        assertEquals("expired", trace(false).text("cause"));
        time.setWall(time.wallMillis() - 3_600_000);
        assertEquals("offline", trace(true).text("cause"));
    }

    /** The wall clock was set back after it was published. */
    @Test
    void aSessionThatEndedAfterwardsIsACauseWhateverTheClockSays() throws Exception {
        Fates.Published published = new Fates.Published("id", ANN, FIVE, null, time.wallMillis(), 1);
        time.setWall(time.wallMillis() - 3_600_000);
        fates.closed("s", "ann", 4008, List.of(receiver(5, 5, 5, 4)));
        assertEquals(
                "closed",
                Json.object(new Trace(published, true, List.of(), fates).json()).text("cause"));
    }

    @Test
    void theBestThatHappenedIsTold() throws Exception {
        fates.closed("old", "ann", 1006, List.of(receiver(9, 9, 9, 4)));
        assertEquals("acked", trace(true, receiver(9, 9, 9, 5)).text("cause"));
        assertEquals("written", trace(true, receiver(9, 9, 5, 4)).text("cause"));
        assertEquals("queued", trace(true, receiver(9, 5, 4, 4)).text("cause"));
        assertEquals("slow", trace(true, receiver(9, 4, 4, 4)).text("cause"));
        assertEquals("closed", trace(true).text("cause"));
    }
}
