package parley.history;

import java.util.ArrayList;
import java.util.List;
import parley.history.MemoryHistoryFifo.Kept;
import parley.message.Channel;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Standing;

/**
 * What a history on the heap knows of one channel: where it stands, and its kept messages in a ring, which has a hole
 * for each that is gone before older ones are. Whoever calls it holds its lock.
 */
final class MemoryHistoryEntry {

    final Channel channel;
    private final HistorySettings.Keep keep;
    private final String epoch;
    private final MemoryHistoryFifo fifo;
    private long top;
    private long oldest = 1; // no offset below it is kept, it itself is; top + 1 when none is
    private long cursor = -1; // -1: nobody ever moved it
    private long bytes;
    private long firstExpiry = Long.MAX_VALUE; // no kept message expires before
    private int early; // kept messages that expire before one that is older may
    private int holders;
    private long mentioned;
    private boolean gone;
    private Kept[] ring = {}; // a power of two long; the message of an offset is at offset % length, or null

    MemoryHistoryEntry(Channel channel, HistorySettings.Keep keep, String epoch, MemoryHistoryFifo fifo) {
        this.channel = channel;
        this.keep = keep;
        this.epoch = epoch;
        this.fifo = fifo;
    }

    /** False when the entry is gone and must be looked up again. */
    boolean mention(long now) {
        mentioned = now;
        return !gone;
    }

    void hold() {
        holders++;
    }

    void release() {
        holders--;
    }

    Standing standing(long now) {
        trim(now);
        return new Standing(epoch, top, oldest, cursor < 0 ? null : cursor);
    }

    /** The cursor rises, when the position is one of this channel's. */
    void read(Position position) {
        if (position.epoch().equals(epoch) && position.offset() <= top) {
            cursor = Math.max(cursor, position.offset());
        }
    }

    /** The place of the next message. */
    Position next() {
        return new Position(epoch, top + 1);
    }

    /**
     * Takes the message whose place is {@link #next}.
     *
     * @param retention its own, in milliseconds; null for the channel's
     * @return whether it is kept
     */
    boolean append(Message message, Long retention, long now) {
        top++;
        if (keep.count() == 0) {
            oldest = top + 1;
            return false;
        }
        long age = retention == null ? keep.ageMillis() : Math.min(retention, keep.ageMillis());
        Kept kept = new Kept(this, message, now + age, age < keep.ageMillis());
        if (top - oldest >= ring.length) {
            grow();
        }
        ring[slot(top)] = kept;
        bytes += kept.bytes;
        early += kept.early ? 1 : 0;
        firstExpiry = Math.min(firstExpiry, kept.expires);
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

    /** Drops what is too old, or more than may be kept. */
    void trim(long now) {
        if (now >= firstExpiry) {
            firstExpiry = Long.MAX_VALUE;
            for (long offset = oldest; offset <= top; offset++) {
                Kept kept = ring[slot(offset)];
                if (kept != null && kept.expires <= now) {
                    drop(offset);
                } else if (kept != null) {
                    firstExpiry = Math.min(firstExpiry, kept.expires);
                    if (early == 0) {
                        break; // those that follow expire later
                    }
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

    /** Drops all; answers how many there were. */
    int clear(long now) {
        trim(now);
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
            early -= kept.early ? 1 : 0;
            if (bounded()) {
                fifo.remove(kept);
            }
        }
    }

    void dropIfOldest(Kept kept, long now) {
        if (oldest <= top && ring[slot(oldest)] == kept) {
            drop(oldest);
            trim(now);
        }
    }

    /** See {@link History#page}. */
    Page page(Position after, long newest, long now) {
        trim(now);
        PageRange range = PageRange.of(epoch, top, oldest, after, newest);
        List<Message> messages = new ArrayList<>();
        long size = 0;
        for (long offset = range.from() + 1; offset <= range.end(); offset++) {
            Kept kept = ring[slot(offset)];
            if (kept != null) {
                messages.add(kept.message);
                size += kept.bytes;
                if (messages.size() == History.PAGE_MESSAGES || size >= History.PAGE_BYTES) {
                    return range.page(messages, true);
                }
            }
        }
        return range.page(messages, false);
    }

    /**
     * Marks the entry gone when nobody needs it.
     *
     * @param limit when it was mentioned last before this
     * @param unusedLimit the same for one that was never used for anything
     */
    boolean leave(long limit, long unusedLimit) {
        boolean unused = top == 0 && cursor < 0;
        gone = holders == 0
                && oldest > top
                && mentioned <= (unused ? unusedLimit : limit)
                && !(channel instanceof Channel.Everyone || channel instanceof Channel.Events);
        return gone;
    }
}
