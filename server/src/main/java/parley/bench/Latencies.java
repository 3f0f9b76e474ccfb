package parley.bench;

import org.HdrHistogram.Histogram;

/** Times that something took. */
final class Latencies {

    /** Anything slower counts as a minute. */
    private static final long MOST_NANOS = 60_000_000_000L;

    /** Three digits: 0.1 % is finer than any two runs agree. */
    private final Histogram histogram = new Histogram(1_000, MOST_NANOS, 3);

    void add(long nanos) {
        histogram.recordValue(Math.max(0, Math.min(nanos, MOST_NANOS)));
    }

    void clear() {
        histogram.reset();
    }

    long count() {
        return histogram.getTotalCount();
    }

    /** The time within which so many per cent were done, in nanoseconds; 100 for the longest. */
    long nanos(double percent) {
        return percent == 100 ? histogram.getMaxValue() : histogram.getValueAtPercentile(percent);
    }
}
