package parley.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * All connections of a benchmark on one thread: whoever calls {@link #run}. One thread, because then nothing of the load
 * is locked or handed over; it keeps up with most servers on one core, and the report says where it did not.
 */
final class Load implements AutoCloseable {

    /** What is to be done at set times. */
    interface Schedule {
        /** When the next is due, by {@link System#nanoTime}. */
        long due();

        /** Does what is due by now. Called often, too early as well. */
        void fire(long now);
    }

    /** A frame or an answer must fit; the longest message is 1 MiB, and there may be an envelope around it. */
    static final int MOST_BYTES = 2 << 20;

    /** The selector waits for whole milliseconds. For less it is asked again and again, as long as something is due. */
    private static final long SHORT_NANOS = 1_500_000;

    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int READ_BYTES = 256 << 10;

    final Selector selector;
    final ByteBuffer reading = ByteBuffer.allocateDirect(READ_BYTES);
    final ByteBuffer writing = ByteBuffer.allocateDirect(READ_BYTES);
    final byte[] received = new byte[MOST_BYTES + READ_BYTES];

    private Schedule schedule;
    private volatile boolean stopped;

    Load() throws IOException {
        selector = Selector.open();
    }

    /** The next {@link #run} ends at once, and so does the one under way. From any thread. */
    void stop() {
        stopped = true;
        selector.wakeup();
    }

    boolean stopped() {
        return stopped;
    }

    /** @param schedule null for none */
    void follow(Schedule schedule) {
        this.schedule = schedule;
    }

    /** Serves the connections until {@code over} says so (asked every 20 ms), or for so long. */
    void run(long nanos, BooleanSupplier over) throws IOException {
        long end = System.nanoTime() + nanos;
        long tick = System.nanoTime();
        for (long now = tick; now - end < 0 && !stopped; now = System.nanoTime()) {
            if (now - tick >= 0) {
                if (over.getAsBoolean()) {
                    return;
                }
                tick = now + TICK_NANOS;
            }
            pass(Math.min(end, tick) - now);
        }
    }

    private void pass(long nanos) throws IOException {
        if (schedule != null) {
            schedule.fire(System.nanoTime());
            if (schedule.due() - System.nanoTime() < SHORT_NANOS) {
                selector.selectNow(Load::serve);
                Thread.onSpinWait();
                return;
            }
        }
        selector.select(Load::serve, Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos)));
    }

    private static void serve(SelectionKey key) {
        ((Line) key.attachment()).ready(key);
    }

    /** Ends all connections. */
    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            ((Line) key.attachment()).close();
        }
        selector.close();
    }
}
