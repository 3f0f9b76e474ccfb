package parley.session;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads that write for publishers with many receivers: one per core, because writing is what they do. */
final class Pumps implements AutoCloseable {

    /** One task: long enough to make the hand-over cheap, short enough for the threads to share a broadcast. */
    private static final int CHUNK = 128;

    private final ExecutorService threads;

    Pumps(int count) {
        this(threads(count));
    }

    Pumps(ExecutorService threads) {
        this.threads = threads;
    }

    private static ExecutorService threads(int count) {
        AtomicInteger number = new AtomicInteger();
        return Executors.newFixedThreadPool(count, work -> {
            Thread thread = new Thread(work, "parley-pump-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Pumps the outboxes from index {@code from} on; the list must not change any more. */
    void pump(List<Outbox> outboxes, int from) {
        for (int start = from; start < outboxes.size(); start += CHUNK) {
            List<Outbox> chunk = outboxes.subList(start, Math.min(start + CHUNK, outboxes.size()));
            try {
                threads.execute(() -> chunk.forEach(Outbox::pump));
            } catch (RejectedExecutionException stopped) {
                return; // the server has stopped: there is nobody to write to
            }
        }
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
