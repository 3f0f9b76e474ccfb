package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import parley.message.Position;
import parley.message.Problem;
import parley.message.ServerFrame;
import parley.message.Standing;

/** Any text as a place to start from, in channels that stand in any way: within the channel, and honest about holes. */
class SinceFuzz {

    private static final String EPOCH = "k3Zq81Ab";

    private static final List<Standing> STANDINGS = List.of(
            new Standing(EPOCH, 0, 1, null),
            new Standing(EPOCH, 42, 1, 7L),
            new Standing(EPOCH, 42, 43, 42L),
            new Standing(EPOCH, 1_000_000, 999_001, 0L),
            new Standing(EPOCH, Long.MAX_VALUE - 1, Long.MAX_VALUE, null));

    @FuzzTest
    void starts(byte[] input) {
        Since since;
        try {
            since = Since.parse(new String(input, StandardCharsets.UTF_8));
        } catch (Problem problem) {
            assertEquals("bad_position", problem.code());
            return;
        }
        for (Standing standing : STANDINGS) {
            ServerFrame.Start start = since.in(standing);
            long before = start.position().offset();
            assertEquals(standing.epoch(), start.position().epoch());
            assertTrue(before >= standing.oldest() - 1 && before <= standing.top(), () -> start + " in " + standing);
            if (since instanceof Since.After after) {
                assertEquals(missed(after.position(), standing), start.missed(), () -> after + " in " + standing);
                assertEquals(Long.valueOf(0).equals(start.missed()), start.recovered());
            }
        }
    }

    /** What is gone for good for who stood there; null when nobody can know. */
    private static Long missed(Position position, Standing standing) {
        boolean known = position.epoch().equals(standing.epoch()) && position.offset() <= standing.top();
        return known ? Math.max(0, standing.oldest() - 1 - position.offset()) : null;
    }
}
