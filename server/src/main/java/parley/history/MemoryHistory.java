package parley.history;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Receipt;
import parley.message.Standing;
import parley.message.Time;

/**
 * A history on the heap: everything happens on the caller's thread, and a restart starts new epochs. Locks: an entry,
 * then the FIFO; never two entries.
 */
public final class MemoryHistory implements History {

    /** An entry that nobody used for a day costs more to keep than its clients gain by it. */
    private static final long FORGET_AFTER_MILLIS = 24 * 3600_000L;

    /** About 40 MB: beyond this many entries those that were only named, never used, go after a minute. */
    private static final int MANY_ENTRIES = 100_000;

    private static final long FORGET_UNUSED_MILLIS = 60_000;

    private final ConcurrentHashMap<Channel, MemoryHistoryEntry> entries = new ConcurrentHashMap<>();
    private final MemoryHistoryFifo fifo = new MemoryHistoryFifo();
    private final HistorySettings limits;
    private final Time time;
    private final RandomGenerator random;

    /** @param random for epochs; must be thread-safe */
    public MemoryHistory(HistorySettings limits, Time time, RandomGenerator random) {
        this.limits = limits;
        this.time = time;
        this.random = random;
    }

    @Override
    public void append(Append what) {
        boolean kept = false;
        for (int i = 0; i < what.drafts().size(); i++) {
            kept = append(what, i);
        }
        evict();
        what.done(kept ? Receipt.Stored.MEMORY : Receipt.Stored.NO);
    }

    private boolean append(Append what, int index) {
        Draft draft = what.drafts().get(index);
        return locked(draft.channel(), entry -> {
            Message message = draft.at(what.id(index), entry.next(), time.wallMillis());
            boolean keep = entry.append(message, draft.retention(), time.millis());
            what.placed(index, message, keep);
            return keep;
        });
    }

    @Override
    public List<Remembered> remembered() {
        return List.of();
    }

    @Override
    public CompletionStage<Standing> standing(Channel channel) {
        return CompletableFuture.completedFuture(locked(channel, entry -> entry.standing(time.millis())));
    }

    @Override
    public CompletionStage<Page> page(Channel channel, Position after, long newest) {
        return CompletableFuture.completedFuture(locked(channel, entry -> entry.page(after, newest, time.millis())));
    }

    @Override
    public CompletionStage<Standing> hold(Channel channel) {
        return CompletableFuture.completedFuture(locked(channel, entry -> {
            entry.hold();
            return entry.standing(time.millis());
        }));
    }

    @Override
    public void release(Channel channel) {
        locked(channel, entry -> {
            entry.release();
            return null;
        });
    }

    @Override
    public CompletionStage<Integer> clear(Channel channel) {
        return CompletableFuture.completedFuture(locked(channel, entry -> entry.clear(time.millis())));
    }

    @Override
    public void read(Channel.User user, Position position) {
        locked(user, entry -> {
            entry.read(position);
            return null;
        });
    }

    @Override
    public void expire() {
        long now = time.millis();
        for (MemoryHistoryEntry entry : entries.values()) {
            synchronized (entry) {
                entry.trim(now);
                long unused = entries.size() > MANY_ENTRIES ? FORGET_UNUSED_MILLIS : FORGET_AFTER_MILLIS;
                if (entry.leave(now - FORGET_AFTER_MILLIS, now - unused)) {
                    entries.remove(entry.channel, entry);
                }
            }
        }
    }

    @Override
    public void close() {}

    /** How many entries there are; for tests and figures. */
    int size() {
        return entries.size();
    }

    /** Runs {@code work} under the lock of the channel's entry; one that is marked gone is looked up again. */
    private <R> R locked(Channel channel, Function<MemoryHistoryEntry, R> work) {
        while (true) {
            MemoryHistoryEntry entry = entries.computeIfAbsent(channel, this::entry);
            synchronized (entry) {
                if (entry.mention(time.millis())) {
                    return work.apply(entry);
                }
            }
        }
    }

    private MemoryHistoryEntry entry(Channel channel) {
        return new MemoryHistoryEntry(channel, limits.of(channel), Position.newEpoch(random), fifo);
    }

    /** Drops the oldest messages anywhere until the rest fits. Called without a lock. */
    private void evict() {
        MemoryHistoryFifo.Kept oldest;
        while ((oldest = fifo.oldestBeyond(limits.totalBytes())) != null) {
            MemoryHistoryEntry entry = oldest.entry;
            synchronized (entry) {
                entry.dropIfOldest(oldest, time.millis());
            }
        }
    }
}
