package parley.message;

/**
 * Where the time comes from: an argument everywhere, so that a test can move it. Implementations are thread-safe.
 */
public interface Time {

    /** Milliseconds since some fixed moment; never goes back. For ages, deadlines and time-outs. */
    long millis();

    /** Milliseconds since 1970-01-01 UTC, as the operating system tells it; may jump. For showing to people only. */
    long wallMillis();

    Time SYSTEM = new Time() {
        private final long start = System.nanoTime(); // which may be negative; ours begins at nought

        @Override
        public long millis() {
            return (System.nanoTime() - start) / 1_000_000;
        }

        @Override
        public long wallMillis() {
            return System.currentTimeMillis();
        }
    };
}
