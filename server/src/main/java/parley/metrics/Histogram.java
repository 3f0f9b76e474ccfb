package parley.metrics;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/** How long something took, counted in classes of time; every count only rises. May be used from any thread. */
public final class Histogram {

    /**
     * Milliseconds at which a class ends, that moment not included; a last class has no end. From what a handler on the
     * same machine takes to the longest {@code wait}.
     */
    public static final List<Integer> ENDS = List.of(
            1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, 60_000);

    private final List<LongAdder> counts =
            IntStream.rangeClosed(0, ENDS.size()).mapToObj(i -> new LongAdder()).toList();

    public void record(long millis) {
        int place = 0;
        while (place < ENDS.size() && millis >= ENDS.get(place)) {
            place++;
        }
        counts.get(place).increment();
    }

    /** How many fell into each class: one more than {@link #ENDS}. */
    public List<Long> counts() {
        return counts.stream().map(LongAdder::sum).toList();
    }
}
