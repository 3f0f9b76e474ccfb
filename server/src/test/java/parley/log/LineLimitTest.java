package parley.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineLimitTest {

    private long now = 1_000;
    private final LineLimit limit = new LineLimit(() -> now);
    private final List<String> lines = new ArrayList<>();

    private void write(String kind) {
        limit.write(kind, after -> lines.add(kind + after), count -> lines.add(count + " of " + kind));
    }

    private void flood(String kind, int count) {
        for (int i = 0; i < count; i++) {
            write(kind);
        }
    }

    @Test
    void aBurstIsWrittenAndTheRestCounted() {
        flood("a", LineLimit.BURST + 1_000);
        assertEquals(LineLimit.BURST, lines.size());
        assertEquals(1_000, limit.leftOut());
        now += LineLimit.MILLIS_PER_LINE - 1;
        write("a");
        assertEquals(LineLimit.BURST, lines.size());
        now += 1;
        write("a");
        assertEquals("a (1001 lines like this one were left out before it)", lines.get(LineLimit.BURST));
        now += LineLimit.MILLIS_PER_LINE;
        write("a");
        assertEquals("a", lines.get(LineLimit.BURST + 1));
    }

    @Test
    void oneKindDoesNotSilenceAnother() {
        flood("a", 1_000);
        lines.clear();
        write("b");
        assertEquals(List.of("b"), lines);
    }

    @Test
    void aFloodThatIsOverIsToldOf() {
        flood("a", LineLimit.BURST + 5);
        lines.clear();
        limit.tellLeftOut();
        assertEquals(List.of(), lines);
        now += LineLimit.MILLIS_PER_LINE;
        limit.tellLeftOut();
        limit.tellLeftOut();
        assertEquals(List.of("5 of a"), lines);
    }

    /** A library that puts a client's text into its patterns makes a kind of each line. */
    @Test
    void kindsThatNeverEndAreOneKind() {
        for (int i = 0; i < 100_000; i++) {
            write("kind " + i);
        }
        assertEquals(LineLimit.MAX_KINDS + LineLimit.BURST, lines.size());
    }
}
