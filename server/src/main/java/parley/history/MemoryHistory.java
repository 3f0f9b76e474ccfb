package parley.history;

import java.util.ArrayList;
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

    private final ConcurrentHashMap<Channel, Entry> entries = new ConcurrentHashMap<>();
    private final Fifo fifo = new Fifo();
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
            Position position = new Position(entry.epoch, entry.top + 1);
            Message message = draft.at(what.id(index), position, time.wallMillis());
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
        return CompletableFuture.completedFuture(locked(channel, this::standing));
    }

    private Standing standing(Entry entry) {
        entry.trim(time.millis());
        return new Standing(entry.epoch, entry.top, entry.oldest, entry.cursor < 0 ? null : entry.cursor);
    }

    @Override
    public CompletionStage<Page> page(Channel channel, Position after, long newest) {
        return CompletableFuture.completedFuture(locked(channel, entry -> {
            entry.trim(time.millis());
            return entry.page(after, newest);
        }));
    }

    @Override
    public CompletionStage<Standing> hold(Channel channel) {
        return CompletableFuture.completedFuture(locked(channel, entry -> {
            entry.holders++;
            return standing(entry);
        }));
    }

    @Override
    public void release(Channel channel) {
        locked(channel, entry -> entry.holders--);
    }

    @Override
    public CompletionStage<Integer> clear(Channel channel) {
        return CompletableFuture.completedFuture(locked(channel, entry -> {
            entry.trim(time.millis());
            return entry.clear();
        }));
    }

    @Override
    public void read(Channel.User user, Position position) {
        locked(user, entry -> {
            if (position.epoch().equals(entry.epoch) && position.offset() <= entry.top) {
                entry.cursor = Math.max(entry.cursor, position.offset());
            }
            return null;
        });
    }

    @Override
    public void expire() {
        long now = time.millis();
        for (Entry entry : entries.values()) {
            synchronized (entry) {
                entry.trim(now);
                if (entry.idle(now, entries.size() > MANY_ENTRIES ? FORGET_UNUSED_MILLIS : FORGET_AFTER_MILLIS)) {
                    entry.gone = true;
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
    private <R> R locked(Channel channel, Function<Entry, R> work) {
        while (true) {
            Entry entry = entries.computeIfAbsent(channel, Entry::new);
            synchronized (entry) {
                if (!entry.gone) {
                    entry.mentioned = time.millis();
                    return work.apply(entry);
                }
            }
        }
    }

    /** Drops the oldest messages anywhere until the rest fits. Called without a lock. */
    private void evict() {
        Kept oldest;
        while ((oldest = fifo.oldestBeyond(limits.totalBytes())) != null) {
            Entry entry = oldest.entry;
            synchronized (entry) {
                entry.dropIfOldest(oldest);
            }
        }
    }

    /** One kept message. Its links belong to the FIFO. */
    private static final class Kept {
        final Entry entry;
        final Message message;
        final long expires;
        final long bytes;
        Kept older;
        Kept newer;

        Kept(Entry entry, Message message, long expires) {
            this.entry = entry;
            this.message = message;
            this.expires = expires;
            // measured on JDK 17: about 300 bytes of objects around a message; text counts as if it were two-byte
            this.bytes = 300 + 2L * message.body().content().length();
        }
    }

    /** One channel. All fields are guarded by this. */
    private final class Entry {
        final Channel channel;
        final HistorySettings.Keep keep;
        final String epoch = Position.newEpoch(random);
        long top;
        long oldest = 1; // no offset below it is kept; top + 1 when none is
        long cursor = -1; // -1: nobody ever moved it
        long bytes;
        long firstExpiry = Long.MAX_VALUE; // no kept message expires before
        int holders;
        long mentioned;
        boolean gone;
        Kept[] ring = {}; // a power of two long; the message of an offset is at offset % length, or null

        Entry(Channel channel) {
            this.channel = channel;
            this.keep = limits.of(channel);
        }

        boolean append(Message message, Long retention, long now) {
            top++;
            if (keep.count() == 0) {
                oldest = top + 1;
                return false;
            }
            long expires = now + (retention == null ? keep.ageMillis() : Math.min(retention, keep.ageMillis()));
            Kept kept = new Kept(this, message, expires);
            if (top - oldest >= ring.length) {
                grow();
            }
            ring[slot(top)] = kept;
            bytes += kept.bytes;
            firstExpiry = Math.min(firstExpiry, expires);
            if (bounded()) {
                fifo.add(kept);
            }
            trim(now);
            return true;
        }

        /** The events have a bound of their own and stay out of the FIFO. */
        private boolean bounded() {
            return !(channel instanceof Channel.Events);
        }

        private void grow() {
            Kept[] longer = new Kept[Math.max(4, ring.length * 2)];
            for (long offset = oldest; offset < top; offset++) {
                longer[(int) (offset & longer.length - 1)] = ring[slot(offset)];
            }
            ring = longer;
        }

        private int slot(long offset) {
            return (int) (offset & ring.length - 1);
        }

        void trim(long now) {
            if (now >= firstExpiry) {
                firstExpiry = Long.MAX_VALUE;
                for (long offset = oldest; offset <= top; offset++) {
                    Kept kept = ring[slot(offset)];
                    if (kept != null && kept.expires <= now) {
                        drop(offset);
                    } else if (kept != null) {
                        firstExpiry = Math.min(firstExpiry, kept.expires);
                    }
                }
            }
            while (oldest <= top
                    && (ring[slot(oldest)] == null
                            || top - oldest >= keep.count()
                            || !bounded() && bytes > HistorySettings.EVENTS_BYTES)) {
                drop(oldest);
                oldest++;
            }
            if (oldest > top) {
                ring = new Kept[0];
            }
        }

        int clear() {
            int dropped = 0;
            for (; oldest <= top; oldest++) {
                dropped += ring[slot(oldest)] == null ? 0 : 1;
                drop(oldest);
            }
            ring = new Kept[0];
            return dropped;
        }

        private void drop(long offset) {
            Kept kept = ring[slot(offset)];
            if (kept != null) {
                ring[slot(offset)] = null;
                bytes -= kept.bytes;
                if (bounded()) {
                    fifo.remove(kept);
                }
            }
        }

        void dropIfOldest(Kept kept) {
            if (oldest <= top && ring[slot(oldest)] == kept) {
                drop(oldest);
                trim(time.millis());
            }
        }

        Page page(Position after, long newest) {
            boolean known = after.epoch().equals(epoch);
            long end = known ? Math.min(newest, top) : top;
            long from = known ? Math.min(Math.max(after.offset(), oldest - 1), end) : oldest - 1;
            List<Message> messages = new ArrayList<>();
            long size = 0;
            long through = from;
            while (through < end && messages.size() < PAGE_MESSAGES && size < PAGE_BYTES) {
                through++;
                Kept kept = ring[slot(through)];
                if (kept != null) {
                    messages.add(kept.message);
                    size += kept.bytes;
                }
            }
            return new Page(epoch, messages, from, through, top, known ? Math.max(0, from - after.offset()) : null);
        }

        /** @param unusedMillis after what time an entry is idle that was never used for anything */
        boolean idle(long now, long unusedMillis) {
            return holders == 0
                    && oldest > top
                    && now - mentioned >= (top == 0 && cursor < 0 ? unusedMillis : FORGET_AFTER_MILLIS)
                    && !(channel instanceof Channel.Everyone || channel instanceof Channel.Events);
        }
    }

    /** All kept messages, oldest first, and their size. A leaf lock: nothing is called under it. */
    private static final class Fifo {
        private Kept oldest;
        private Kept newest;
        private long bytes;

        synchronized void add(Kept kept) {
            kept.older = newest;
            if (newest == null) {
                oldest = kept;
            } else {
                newest.newer = kept;
            }
            newest = kept;
            bytes += kept.bytes;
        }

        synchronized void remove(Kept kept) {
            if (kept.older == null) {
                oldest = kept.newer;
            } else {
                kept.older.newer = kept.newer;
            }
            if (kept.newer == null) {
                newest = kept.older;
            } else {
                kept.newer.older = kept.older;
            }
            kept.older = null;
            kept.newer = null;
            bytes -= kept.bytes;
        }

        synchronized Kept oldestBeyond(long limit) {
            return bytes > limit ? oldest : null;
        }
    }
}
