package parley.history;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import parley.message.Channel;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Standing;

/**
 * What is in memory of one channel: where it stands, and, while somebody holds it, its newest messages. Made and dropped
 * by the writer only. All fields are guarded by this, but for those that are the writer's own.
 */
final class SqliteHistoryEntry {

    /** Enough for a client that was away for a moment; more is read from the database. */
    private static final long CACHE_BYTES = 64 << 10;

    final Channel channel;
    final HistorySettings.Keep keep;
    private final AtomicLong cachedBytes; // of all entries together

    private String epoch;
    private long id; // of the row; 0 while there is none; written by the writer
    private long top; // the highest delivered offset; written by the writer
    private long oldest; // top + 1 when no message is kept; written by the writer
    private long cursor; // -1: nobody ever moved it
    private boolean unsaved; // whether the cursor is on its way to the writer
    private int holders;
    private long mentioned;
    private boolean gone;
    private final TreeMap<Long, Message> newest = new TreeMap<>(); // all kept messages from cachedFrom on
    private long cachedFrom;
    private long bytes; // of newest

    /** The writer's own: the highest offset that was given, delivered or not. */
    long given;

    /** The writer's own: what {@code oldest} will be when the transaction under way is committed. */
    long nextOldest;

    SqliteHistoryEntry(Channel channel, HistorySettings.Keep keep, AtomicLong cachedBytes) {
        this.channel = channel;
        this.keep = keep;
        this.cachedBytes = cachedBytes;
    }

    /** Where the channel stands in a database: when the entry is made, and when another database is begun. */
    synchronized void stand(long rowId, String rowEpoch, long rowTop, long rowOldest, long rowCursor) {
        id = rowId;
        epoch = rowEpoch;
        top = rowTop;
        oldest = rowOldest;
        cursor = rowCursor;
        given = top;
        nextOldest = oldest;
        uncache();
    }

    // --- Any thread

    /** False when the entry is gone and must be looked up again. Whoever calls it holds the lock until he is done. */
    synchronized boolean mention(long now) {
        mentioned = now;
        return !gone;
    }

    synchronized Standing standing() {
        return new Standing(epoch, top, oldest, cursor < 0 ? null : cursor);
    }

    synchronized Standing hold() {
        holders++;
        return standing();
    }

    synchronized void release() {
        holders--;
        if (holders == 0) {
            uncache();
        }
    }

    /** Whether the cursor rose and the writer does not know it yet. */
    synchronized boolean read(Position position) {
        if (!position.epoch().equals(epoch) || position.offset() > top || position.offset() <= cursor) {
            return false;
        }
        cursor = position.offset();
        boolean tell = !unsaved;
        unsaved = true;
        return tell;
    }

    /** The page, or null when it must be read from the database. */
    synchronized Page page(Position after, long upTo) {
        PageRange range = PageRange.of(epoch, top, oldest, after, upTo);
        if (range.isEmpty()) {
            return range.page(List.of(), false);
        }
        if (range.from() + 1 < cachedFrom) {
            return null;
        }
        List<Message> messages = new ArrayList<>();
        long size = 0;
        for (Message message :
                newest.subMap(range.from(), false, range.end(), true).values()) {
            messages.add(message);
            size += PageRange.size(message);
            if (messages.size() == History.PAGE_MESSAGES || size >= History.PAGE_BYTES) {
                return range.page(messages, true);
            }
        }
        return range.page(messages, false);
    }

    /** What a reader needs to know before it reads. */
    record Snapshot(long id, String epoch, long top) {}

    synchronized Snapshot snapshot() {
        return new Snapshot(id, epoch, top);
    }

    // --- The writer, which alone changes top, oldest and id, and so may read them without the lock

    long id() {
        return id;
    }

    String epoch() {
        return epoch;
    }

    long top() {
        return top;
    }

    synchronized void named(long rowId) {
        id = rowId;
    }

    synchronized long cursor() {
        return cursor;
    }

    /** Whether the cursor waits for being saved; while it does, another rise is not told. */
    synchronized void unsaved(boolean waits) {
        unsaved = waits;
    }

    /** Whether more is kept than may be, as after a change of the settings. */
    boolean isOverfull() {
        return oldest <= top && top - oldest >= keep.count();
    }

    boolean isEmpty() {
        return oldest > top;
    }

    /** The transaction was rolled back: the offsets were never given. */
    void takeBack() {
        given = top;
        nextOldest = oldest;
    }

    /** What was deleted is deleted for good. */
    synchronized void forget(List<Long> offsets) {
        for (Long offset : offsets) {
            uncache(offset);
        }
        settleOldest();
    }

    private void settleOldest() {
        oldest = Math.min(nextOldest, top + 1);
        while (!newest.isEmpty() && newest.firstKey() < oldest) {
            uncache(newest.firstKey());
        }
    }

    /** A message is delivered by {@code placed}, and from now on part of pages. */
    synchronized void place(Message message, boolean kept, Runnable placed) {
        top = message.position().offset();
        if (holders > 0 && kept && top >= nextOldest) {
            newest.put(top, message);
            add(PageRange.size(message));
            while (bytes > CACHE_BYTES && newest.size() > 1) {
                uncacheOldest();
            }
        } else if (holders <= 0) {
            cachedFrom = top + 1;
        }
        settleOldest();
        placed.run();
    }

    private void uncacheOldest() {
        Long first = newest.firstKey();
        uncache(first);
        cachedFrom = first + 1;
    }

    private void uncache(Long offset) {
        Message message = newest.remove(offset);
        if (message != null) {
            add(-PageRange.size(message));
        }
    }

    /** Forgets the newest messages: from now on they are read from the database. */
    synchronized void uncache() {
        newest.clear();
        add(-bytes);
        cachedFrom = top + 1;
    }

    private void add(long size) {
        bytes += size;
        cachedBytes.addAndGet(size);
    }

    /** Marks the entry gone when nobody has used it since {@code limit}; the row stays. */
    synchronized boolean drop(long limit) {
        gone = holders == 0 && !unsaved && mentioned < limit;
        return gone;
    }
}
