package parley.history;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import parley.history.SqliteHistoryRow.Place;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Position;

/**
 * One transaction of the writer: what it adds, what retention takes in return, and what memory must learn when it is
 * committed. For the writer's thread.
 */
final class SqliteHistoryTransaction {

    /** Deleted by one sweep at most, so that publishers wait for some milliseconds only; the next one goes on. */
    static final int SWEEP = 1_000;

    /** A repetition of a publication comes within ten minutes. */
    private static final long KEY_MILLIS = 10 * 60_000L;

    private final SqliteHistoryStore store;
    private final Map<Channel, SqliteHistoryEntry> entries;
    private final Map<Long, SqliteHistoryEntry> entriesById;
    private final long clock;
    private final long wallMillis;

    /** Entries whose row is to be written, and for each what is deleted from the middle of it. */
    private final Map<SqliteHistoryEntry, List<Long>> touched = new LinkedHashMap<>();

    /** Entries that got a row. */
    private final List<SqliteHistoryEntry> named = new ArrayList<>(0);

    /** Entries that lost messages without having got one. */
    private final Map<SqliteHistoryEntry, List<Long>> shrunk = new HashMap<>();

    /**
     * @param clock the history clock
     * @param wallMillis what messages show
     */
    SqliteHistoryTransaction(
            SqliteHistoryStore store,
            Map<Channel, SqliteHistoryEntry> entries,
            Map<Long, SqliteHistoryEntry> entriesById,
            long clock,
            long wallMillis) {
        this.store = store;
        this.entries = entries;
        this.entriesById = entriesById;
        this.clock = clock;
        this.wallMillis = wallMillis;
    }

    /** The channel's entry, null when it could not be loaded. */
    SqliteHistoryEntry entry(Channel channel) {
        return entries.get(channel);
    }

    Message append(Draft draft, String id) throws SQLException {
        store.begin();
        SqliteHistoryEntry entry = entry(draft.channel());
        touch(entry);
        entry.given++;
        Message message = draft.at(id, new Position(entry.epoch(), entry.given), wallMillis);
        if (entry.keep.count() > 0) {
            long age = entry.keep.ageMillis();
            long expires = clock + (draft.retention() == null ? age : Math.min(draft.retention(), age));
            store.insert(entry.id(), message, clock, expires, isEvents(entry));
        }
        return message;
    }

    /** The entry's row will be written. */
    private void touch(SqliteHistoryEntry entry) {
        if (entry.id() == 0) {
            entry.named(store.newChannel());
            entriesById.put(entry.id(), entry);
            named.add(entry);
        }
        touched.computeIfAbsent(entry, key -> new ArrayList<>(0));
    }

    private static boolean isEvents(SqliteHistoryEntry entry) {
        return entry.channel instanceof Channel.Events;
    }

    void remember(History.Remembered what) throws SQLException {
        store.begin();
        store.remember(what, clock);
    }

    /** How many messages it deleted. */
    int clear(Channel channel) throws SQLException {
        SqliteHistoryEntry entry = entry(channel);
        List<Place> all = store.before(entry.id(), entry.given + 1);
        for (Place place : all) {
            store.begin();
            delete(place);
        }
        return all.size();
    }

    /** Writes the entry's row, because its cursor rose or because it holds more than it may. */
    void save(SqliteHistoryEntry entry) throws SQLException {
        store.begin();
        touch(entry);
    }

    /**
     * Deletes what is too old.
     *
     * @return whether there is more
     */
    boolean sweep() throws SQLException {
        List<Place> expired = store.expired(clock, SWEEP);
        for (Place place : expired) {
            store.begin();
            delete(place);
        }
        if (store.hasKeys(clock - KEY_MILLIS)) {
            store.begin();
            store.forgetKeys(clock - KEY_MILLIS);
        }
        return expired.size() == SWEEP;
    }

    private void delete(Place place) throws SQLException {
        store.delete(place);
        SqliteHistoryEntry entry = entriesById.get(place.channel());
        if (entry != null) {
            (touched.containsKey(entry) ? touched : shrunk)
                    .computeIfAbsent(entry, key -> new ArrayList<>())
                    .add(place.offset());
        }
    }

    /**
     * Deletes what is beyond a channel's count, the events' bytes, or the bytes of all.
     *
     * @return whether there is more
     */
    boolean retain(long totalBytes) throws SQLException {
        for (SqliteHistoryEntry entry : List.copyOf(touched.keySet())) {
            long lowest = entry.given - entry.keep.count() + 1;
            if (entry.keep.count() == 0 && entry.isEmpty()) {
                entry.nextOldest = lowest;
            } else if (entry.nextOldest < lowest) {
                for (Place place : store.before(entry.id(), lowest)) {
                    delete(place);
                }
            }
        }
        boolean more = evict(false, totalBytes) | evict(true, HistorySettings.EVENTS_BYTES);
        settleOldest(touched);
        settleOldest(shrunk);
        return more;
    }

    /** Whether there is more, as after the bound was lowered: each transaction does its share. */
    private boolean evict(boolean events, long limit) throws SQLException {
        long over = (events ? store.eventBytes() : store.bytes()) - limit;
        if (over <= 0) {
            return false;
        }
        store.begin();
        List<Place> first = store.first(events, over);
        for (Place place : first) {
            delete(place);
            over -= place.bytes();
        }
        return over > 0 && !first.isEmpty();
    }

    private void settleOldest(Map<SqliteHistoryEntry, List<Long>> changed) throws SQLException {
        for (Map.Entry<SqliteHistoryEntry, List<Long>> change : changed.entrySet()) {
            SqliteHistoryEntry entry = change.getKey();
            if (!change.getValue().isEmpty()) {
                entry.nextOldest = store.oldest(entry.id(), entry.given + 1);
            }
        }
    }

    /** Whether there was anything to commit. */
    boolean commit() throws SQLException {
        for (SqliteHistoryEntry entry : touched.keySet()) {
            store.save(entry.id(), entry.channel.toString(), entry.epoch(), entry.given, entry.cursor());
        }
        boolean written = store.commit();
        touched.forEach(SqliteHistoryEntry::forget);
        shrunk.forEach(SqliteHistoryEntry::forget);
        return written;
    }

    /** Nothing of it has happened. */
    void rollback() {
        store.rollback();
        for (SqliteHistoryEntry entry : named) {
            entriesById.remove(entry.id());
            entry.named(0);
        }
        touched.keySet().forEach(SqliteHistoryEntry::takeBack);
        shrunk.keySet().forEach(SqliteHistoryEntry::takeBack);
    }
}
