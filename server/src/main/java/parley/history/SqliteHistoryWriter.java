package parley.history;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.message.Channel;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Time;

/**
 * The database as its only writer sees it: takes operations, makes one transaction of them, and tells memory what is on
 * disk. Alone makes and drops entries, so that no second copy of a channel can race an append. For one thread, but for
 * {@link #read}.
 */
final class SqliteHistoryWriter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SqliteHistory.class);

    private static final int SWEEP_EVERY_MILLIS = 1_000;
    private static final int DROP_EVERY_MILLIS = 10_000;

    /** A channel that nobody used for a minute is read again when somebody does. */
    private static final int DROP_AFTER_MILLIS = 60_000;

    /** For the newest messages of channels that are held; beyond it all are forgotten and collected anew. */
    private static final long CACHE_BYTES =
            Math.min(32L << 20, Runtime.getRuntime().maxMemory() / 16);

    private final SqliteHistoryFiles files;
    private final SqliteHistoryReaders readers;
    private final HistorySettings limits;
    private final Time time;
    private final RandomGenerator random;
    private final ConcurrentHashMap<Channel, SqliteHistoryEntry> entries; // changed by the writer only
    private final Map<Long, SqliteHistoryEntry> entriesById = new HashMap<>();
    private final ConcurrentLinkedQueue<SqliteHistoryEntry> risen = new ConcurrentLinkedQueue<>(); // cursors to save
    private final AtomicLong cachedBytes = new AtomicLong();
    private SqliteHistoryStore store; // null while a new one cannot be begun
    private boolean worn; // whether the store must be renewed, because something in it failed
    private boolean failing; // whether the last attempt to write failed
    private long seed;
    private long clockStart; // what the history clock said when time.millis() was 0
    private long nextSweep;
    private long nextDrop;

    SqliteHistoryWriter(
            SqliteHistoryFiles files,
            SqliteHistoryReaders readers,
            HistorySettings limits,
            Time time,
            RandomGenerator random,
            ConcurrentHashMap<Channel, SqliteHistoryEntry> entries)
            throws IOException {
        this.files = files;
        this.readers = readers;
        this.limits = limits;
        this.time = time;
        this.random = random;
        this.entries = entries;
        try {
            open();
            store.check();
        } catch (SQLException e) {
            if (!SqliteHistoryFailure.isDamage(e)) {
                throw new IOException("The stored messages cannot be opened: " + e.getMessage(), e);
            }
            try {
                begin(e);
            } catch (SQLException again) {
                throw new IOException("A new history cannot be begun: " + again.getMessage(), again);
            }
        }
    }

    private void open() throws SQLException, IOException {
        store = new SqliteHistoryStore(files.openForWriting(random));
        if (store.seed != seed) {
            seed = store.seed;
            // Never goes back, so that ages do not care for a wall clock that was set back while nobody ran.
            clockStart = Math.max(time.wallMillis(), store.latest()) - time.millis();
            entriesById.clear();
            for (SqliteHistoryEntry entry : entries.values()) {
                load(entry);
            }
        }
    }

    /** Sets a damaged database aside and begins a new one. */
    private void begin(Throwable damage) throws SQLException, IOException {
        readers.whileClosed(() -> {
            close();
            files.setAside(damage);
            open();
        });
    }

    /** What was remembered by earlier processes. */
    List<History.Remembered> remembered() throws SQLException {
        return store.remembered();
    }

    /** The user's cursor rose; from any thread. */
    void read(SqliteHistoryEntry entry) {
        risen.add(entry);
    }

    /** Whether there is something to do without being asked. */
    boolean isDue() {
        return !risen.isEmpty() || time.millis() >= nextSweep;
    }

    /** Whether the last sweep left something. */
    boolean isOverdue() {
        return nextSweep == Long.MIN_VALUE;
    }

    void sweepSoon() {
        nextSweep = Long.MIN_VALUE;
    }

    /** Does all operations in one transaction, or none of them. */
    void perform(List<? extends SqliteHistoryOperation> operations) {
        SqliteHistoryTransaction transaction = null;
        List<SqliteHistoryEntry> cursors = new ArrayList<>();
        Problem failure = null;
        try {
            if (store == null) {
                open();
            } else if (worn) {
                store = store.renewed();
                worn = false;
            }
            transaction = new SqliteHistoryTransaction(
                    store, entries, entriesById, clockStart + time.millis(), time.wallMillis());
            if (write(transaction, operations, cursors) && failing) {
                failing = false;
                LOG.info("messages are stored again");
            }
        } catch (Exception | Error e) { // an Error, too, must not end the one who writes
            if (transaction != null) {
                transaction.rollback();
            }
            cursors.forEach(entry -> {
                entry.unsaved(true);
                risen.add(entry);
            });
            failure = SqliteHistoryFailure.problem(e);
            recover(e);
        }
        for (SqliteHistoryOperation operation : operations) {
            end(operation, transaction, failure);
        }
        if (cachedBytes.get() > CACHE_BYTES) {
            entries.values().forEach(SqliteHistoryEntry::uncache);
        }
        if (time.millis() >= nextDrop) {
            nextDrop = time.millis() + DROP_EVERY_MILLIS;
            dropIdle(time.millis() - DROP_AFTER_MILLIS);
        }
    }

    /** Whether anything was written. */
    private boolean write(
            SqliteHistoryTransaction transaction,
            List<? extends SqliteHistoryOperation> operations,
            List<SqliteHistoryEntry> cursors)
            throws Exception {
        for (SqliteHistoryOperation operation : operations) {
            for (Channel channel : operation.channels()) {
                if (!entries.containsKey(channel)) {
                    load(transaction, channel);
                }
            }
        }
        for (SqliteHistoryOperation operation : operations) {
            operation.write(transaction);
        }
        SqliteHistoryEntry entry;
        while ((entry = risen.poll()) != null) {
            entry.unsaved(false);
            if (entries.get(entry.channel) == entry) {
                cursors.add(entry);
                transaction.save(entry);
            }
        }
        if (time.millis() >= nextSweep) {
            nextSweep = time.millis() + SWEEP_EVERY_MILLIS; // also when it fails, as on a full disk
            if (transaction.sweep()) {
                nextSweep = Long.MIN_VALUE;
            }
        }
        if (transaction.retain(limits.totalBytes())) {
            sweepSoon();
        }
        return transaction.commit();
    }

    private void load(SqliteHistoryTransaction transaction, Channel channel) throws SQLException {
        SqliteHistoryEntry entry = new SqliteHistoryEntry(channel, limits.of(channel), cachedBytes);
        load(entry);
        entry.mention(time.millis());
        entries.put(channel, entry);
        if (entry.isOverfull()) {
            transaction.save(entry);
        }
    }

    private void load(SqliteHistoryEntry entry) throws SQLException {
        SqliteHistoryStore.ChannelRow row = store.channel(entry.channel.toString());
        if (row == null) {
            entry.stand(0, epoch(seed, entry.channel), 0, 1, -1);
        } else {
            entry.stand(row.id(), row.epoch(), row.top(), store.oldest(row.id(), row.top() + 1), row.cursor());
            entriesById.put(row.id(), entry);
        }
    }

    /**
     * The epoch of a channel until it has a row, and the one that the row gets: the same after a restart, so that a
     * session's position in a channel without messages survives it.
     */
    static String epoch(long seed, Channel channel) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest((seed + " " + channel).getBytes(StandardCharsets.UTF_8));
            return Position.epoch(place -> (digest[2 * place] & 0xff) << 8 | digest[2 * place + 1] & 0xff);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Whoever asked gets an answer, whatever goes wrong with telling it: he waits without a time limit. */
    private static void end(SqliteHistoryOperation operation, SqliteHistoryTransaction transaction, Problem failure) {
        try {
            if (failure == null) {
                operation.finish(transaction);
            } else {
                operation.fail(transaction, failure);
            }
        } catch (RuntimeException | Error bug) { // an Error, too, must not end the one who writes
            LOG.error("telling what became of a message failed", bug);
            try {
                operation.fail(null, new Problem(500, "internal", "The server failed; its log says why."));
            } catch (RuntimeException | Error again) {
                LOG.error("nobody can be told", again);
            }
        }
    }

    /**
     * Makes ready for the next transaction. It finds the same connection: SQLite has rolled back, and does not remember
     * a failure of the disk. (To open the file anew might bring to light what was written but not synced.)
     */
    private void recover(Throwable failure) {
        nextSweep = time.millis() + SWEEP_EVERY_MILLIS;
        worn = true;
        if (!failing) {
            failing = true;
            LOG.error("messages cannot be stored, publishers are answered 503: {}", failure.toString());
        }
        try {
            if (SqliteHistoryFailure.isDamage(failure)) {
                begin(failure);
            } else if (SqliteHistoryFailure.isDisagreement(failure)) {
                for (SqliteHistoryEntry entry : entries.values()) {
                    load(entry);
                }
            }
        } catch (SQLException | IOException e) {
            LOG.error("a new history cannot be begun", e);
        }
    }

    private void dropIdle(long limit) {
        for (SqliteHistoryEntry entry : entries.values()) {
            if (entry.drop(limit)) {
                entries.remove(entry.channel);
                entriesById.remove(entry.id());
            }
        }
    }

    /** For tests: anything that makes later statements fail. */
    void execute(String sql) throws SQLException {
        store.execute(sql);
    }

    @Override
    public void close() {
        if (store != null) {
            store.close();
            store = null;
        }
    }
}
