package parley.history;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import parley.history.SqliteHistoryRow.Place;
import parley.message.Message;
import parley.message.Publication;

/** The writer's connection: every statement that changes the database. For one thread. */
final class SqliteHistoryStore implements AutoCloseable {

    /**
     * Messages of {@code events} stand at the far end of the table, so that looking for the oldest of all others never
     * passes them.
     */
    static final long EVENTS = 1L << 62;

    /** Deleted at most in one transaction for the bytes of all: more than one can add, but for a publication to a crowd. */
    private static final int EVICT = 2_000;

    private final Connection connection;
    private final List<PreparedStatement> statements = new ArrayList<>();
    private final PreparedStatement begin;
    private final PreparedStatement commit;
    private final PreparedStatement selectChannel;
    private final PreparedStatement upsertChannel;
    private final PreparedStatement insertMessage;
    private final PreparedStatement selectOldest;
    private final PreparedStatement selectBefore;
    private final PreparedStatement selectFirst;
    private final PreparedStatement selectExpired;
    private final PreparedStatement deleteMessage;
    private final PreparedStatement insertKey;
    private final PreparedStatement selectKeys;
    private final PreparedStatement deleteKeys;
    private final PreparedStatement updateState;

    /** Random, drawn when the database was made: what the epochs of its channels are derived from. */
    final long seed;

    private long nextSeq;
    private long nextChannel;
    private long bytes; // of all messages but those of events
    private long eventBytes;
    private boolean counted; // whether bytes or eventBytes have changed in this transaction
    private boolean inTransaction;

    SqliteHistoryStore(Connection connection) throws SQLException {
        this.connection = connection;
        begin = prepare("BEGIN IMMEDIATE");
        commit = prepare("COMMIT");
        selectChannel = prepare("SELECT id, epoch, top, cursor, crc FROM channel WHERE name = ?");
        upsertChannel = prepare("INSERT INTO channel (id, name, epoch, top, cursor, crc) VALUES (?, ?, ?, ?, ?, ?)"
                + " ON CONFLICT (id) DO UPDATE SET top = excluded.top, cursor = excluded.cursor, crc = excluded.crc");
        insertMessage = prepare("INSERT INTO message (" + SqliteHistoryRow.COLUMNS
                + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        selectOldest = prepare("SELECT min(offset) FROM message WHERE channel = ?");
        String select = "SELECT seq, channel, offset, bytes FROM message WHERE ";
        selectBefore = prepare(select + "channel = ? AND offset < ? ORDER BY offset");
        selectFirst = prepare(select + "seq BETWEEN ? AND ? ORDER BY seq LIMIT " + EVICT);
        selectExpired = prepare(select + "expires <= ? ORDER BY expires LIMIT ?");
        deleteMessage = prepare("DELETE FROM message WHERE seq = ?");
        insertKey = prepare(
                "INSERT OR REPLACE INTO key (name, digest, answer, wall, stored, crc) VALUES (?, ?, ?, ?, ?, ?)");
        selectKeys = prepare("SELECT 1 FROM key WHERE stored <= ? LIMIT 1");
        deleteKeys = prepare("DELETE FROM key WHERE stored <= ?");
        updateState = prepare("UPDATE state SET bytes = ?, event_bytes = ?");
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT seed, bytes, event_bytes FROM state")) {
            if (!row.next()) {
                throw new SQLException("the table state is empty", null, SqliteHistoryFailure.CORRUPT);
            }
            seed = row.getLong(1);
            bytes = row.getLong(2);
            eventBytes = row.getLong(3);
        }
        nextSeq = 1 + number("SELECT max(seq) FROM message WHERE seq < " + EVENTS);
        nextChannel = 1 + number("SELECT max(id) FROM channel");
    }

    private PreparedStatement prepare(String sql) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        statements.add(statement);
        return statement;
    }

    /** The same database with new statements: the driver closes one that fails. */
    SqliteHistoryStore renewed() throws SQLException {
        for (PreparedStatement statement : statements) {
            statement.close();
        }
        statements.clear();
        return new SqliteHistoryStore(connection);
    }

    private long number(String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    void check() throws SQLException {
        SqliteHistoryCheck.check(connection);
    }

    /** The latest moment of the history clock that any row tells of; 0 when none does. */
    long latest() throws SQLException {
        return Math.max(
                number("SELECT max(stored) FROM key"),
                Math.max(
                        number("SELECT stored FROM message WHERE seq < " + EVENTS + " ORDER BY seq DESC LIMIT 1"),
                        number("SELECT stored FROM message ORDER BY seq DESC LIMIT 1")));
    }

    List<History.Remembered> remembered() throws SQLException {
        List<History.Remembered> all = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT name, digest, answer, wall, stored, crc FROM key ORDER BY stored")) {
            while (row.next()) {
                Publication.Key key = new Publication.Key(row.getString(1), row.getString(2));
                int crc = SqliteHistoryRow.checksum(
                        key.name(), key.digest(), row.getString(3), row.getLong(4), row.getLong(5));
                SqliteHistoryRow.check(crc, row.getInt(6), "remembered answer");
                all.add(new History.Remembered(key, row.getString(3), row.getLong(4)));
            }
        }
        return all;
    }

    record ChannelRow(long id, String epoch, long top, long cursor) {}

    /** Null when the channel has no row. */
    ChannelRow channel(String name) throws SQLException {
        selectChannel.setString(1, name);
        try (ResultSet row = selectChannel.executeQuery()) {
            if (!row.next()) {
                return null;
            }
            ChannelRow channel = new ChannelRow(row.getLong(1), row.getString(2), row.getLong(3), row.getLong(4));
            int crc = SqliteHistoryRow.checksum(channel.id, name, channel.epoch, channel.top, channel.cursor);
            SqliteHistoryRow.check(crc, row.getInt(5), "channel");
            return channel;
        }
    }

    /** The lowest offset of the channel's messages, or {@code none}. */
    long oldest(long channel, long none) throws SQLException {
        selectOldest.setLong(1, channel);
        try (ResultSet row = selectOldest.executeQuery()) {
            long offset = row.next() ? row.getLong(1) : 0;
            return offset == 0 ? none : offset;
        }
    }

    /** An id for a channel that has none yet. */
    long newChannel() {
        return nextChannel++;
    }

    long bytes() {
        return bytes;
    }

    long eventBytes() {
        return eventBytes;
    }

    // --- In a transaction

    /** Begins a transaction, unless one is under way. */
    void begin() throws SQLException {
        if (!inTransaction) {
            begin.execute();
            inTransaction = true;
        }
    }

    /** When it returns, everything is on disk; false when nothing was to be written. */
    boolean commit() throws SQLException {
        if (!inTransaction) {
            return false;
        }
        if (counted) {
            updateState.setLong(1, bytes);
            updateState.setLong(2, eventBytes);
            updateState.executeUpdate();
        }
        commit.execute();
        inTransaction = false;
        counted = false;
        return true;
    }

    /** Gives up the transaction; then only {@link #renewed} and {@link #close} may follow. */
    void rollback() {
        try {
            execute("ROLLBACK");
        } catch (SQLException e) {
            // SQLite has rolled back already, as it does when the disk is full
        }
    }

    void save(long id, String name, String epoch, long top, long cursor) throws SQLException {
        upsertChannel.setLong(1, id);
        upsertChannel.setString(2, name);
        upsertChannel.setString(3, epoch);
        upsertChannel.setLong(4, top);
        upsertChannel.setLong(5, cursor);
        upsertChannel.setInt(6, SqliteHistoryRow.checksum(id, name, epoch, top, cursor));
        upsertChannel.executeUpdate();
    }

    void insert(long channel, Message message, long stored, long expires, boolean event) throws SQLException {
        long seq = event ? EVENTS + message.position().offset() : nextSeq++;
        long size = SqliteHistoryRow.write(insertMessage, seq, channel, message, stored, expires);
        insertMessage.executeUpdate();
        counted = true;
        if (event) {
            eventBytes += size;
        } else {
            bytes += size;
        }
    }

    void delete(Place place) throws SQLException {
        deleteMessage.setLong(1, place.seq());
        deleteMessage.executeUpdate();
        counted = true;
        if (place.seq() >= EVENTS) {
            eventBytes -= place.bytes();
        } else {
            bytes -= place.bytes();
        }
    }

    /** The channel's messages below {@code offset}. */
    List<Place> before(long channel, long offset) throws SQLException {
        selectBefore.setLong(1, channel);
        selectBefore.setLong(2, offset);
        return places(selectBefore, Long.MAX_VALUE);
    }

    /** What expires until {@code now}, soonest first. */
    List<Place> expired(long now, int limit) throws SQLException {
        selectExpired.setLong(1, now);
        selectExpired.setInt(2, limit);
        return places(selectExpired, Long.MAX_VALUE);
    }

    /** The oldest messages, enough of them to free {@code size} bytes, but not more than {@value #EVICT}. */
    List<Place> first(boolean events, long size) throws SQLException {
        selectFirst.setLong(1, events ? EVENTS : 0);
        selectFirst.setLong(2, events ? Long.MAX_VALUE : EVENTS - 1);
        return places(selectFirst, size);
    }

    private static List<Place> places(PreparedStatement select, long size) throws SQLException {
        List<Place> places = new ArrayList<>();
        long found = 0;
        try (ResultSet row = select.executeQuery()) {
            while (found < size && row.next()) {
                Place place = new Place(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4));
                found += place.bytes();
                places.add(place);
            }
        }
        return places;
    }

    void remember(History.Remembered what, long stored) throws SQLException {
        Publication.Key key = what.key();
        insertKey.setString(1, key.name());
        insertKey.setString(2, key.digest());
        insertKey.setString(3, what.answer());
        insertKey.setLong(4, what.wallMillis());
        insertKey.setLong(5, stored);
        insertKey.setInt(
                6, SqliteHistoryRow.checksum(key.name(), key.digest(), what.answer(), what.wallMillis(), stored));
        insertKey.executeUpdate();
    }

    /** Whether any answer was remembered at {@code until} or before. */
    boolean hasKeys(long until) throws SQLException {
        selectKeys.setLong(1, until);
        try (ResultSet row = selectKeys.executeQuery()) {
            return row.next();
        }
    }

    void forgetKeys(long until) throws SQLException {
        deleteKeys.setLong(1, until);
        deleteKeys.executeUpdate();
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            // what is committed is safe
        }
    }
}
