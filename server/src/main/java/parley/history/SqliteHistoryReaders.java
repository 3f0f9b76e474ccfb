package parley.history;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Problem;

/**
 * Reads pages from the database on two threads with a connection each, beside the writer. Every page is one read
 * transaction together with the channel's lowest offset, so that what is deleted meanwhile is either in the page or
 * counted as missed. Thread-safe.
 */
final class SqliteHistoryReaders implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SqliteHistory.class);

    /** One more than needed to keep the disk busy while another page is being checked. */
    private static final int THREADS = 2;

    /** Pages that wait; each client asks for one at a time, so only a server with more clients gets a 503. */
    private static final int MAX_WAITING = 100_000;

    /** Told that the database is damaged, and whose page must be asked for again. */
    interface OnDamage {
        void damaged(SQLException damage, int database, Runnable again);
    }

    private final SqliteHistoryFiles files;
    private final OnDamage onDamage;
    private final ReentrantReadWriteLock filesLock = new ReentrantReadWriteLock();
    private final ArrayList<Reader> idle = new ArrayList<>(); // guarded by itself
    private final ThreadPoolExecutor threads;
    private volatile int database; // how many were set aside before this one; written under the write lock

    SqliteHistoryReaders(SqliteHistoryFiles files, OnDamage onDamage) {
        this.files = files;
        this.onDamage = onDamage;
        threads = new ThreadPoolExecutor(
                THREADS, THREADS, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(MAX_WAITING), work -> {
                    Thread thread = new Thread(work, "parley-history-reader");
                    thread.setDaemon(true);
                    return thread;
                });
    }

    CompletableFuture<Page> page(SqliteHistoryEntry entry, Position after, long newest) {
        CompletableFuture<Page> page = new CompletableFuture<>();
        submit(entry, after, newest, page);
        return page;
    }

    private void submit(SqliteHistoryEntry entry, Position after, long newest, CompletableFuture<Page> page) {
        try {
            threads.execute(() -> read(entry, after, newest, page));
        } catch (RejectedExecutionException e) {
            page.completeExceptionally(new Problem(503, "busy", "Too many pages of history are being read."));
        }
    }

    private void read(SqliteHistoryEntry entry, Position after, long newest, CompletableFuture<Page> page) {
        Page found;
        filesLock.readLock().lock();
        try {
            int current = database;
            Reader reader = null;
            try {
                reader = take();
                found = reader.page(entry, after, newest);
                synchronized (idle) {
                    idle.add(reader);
                }
            } catch (SQLException | RuntimeException | Error e) { // somebody waits for the page, whatever went wrong
                if (reader != null) {
                    reader.close();
                }
                if (e instanceof SQLException damage && SqliteHistoryFailure.isDamage(e)) {
                    onDamage.damaged(damage, current, () -> submit(entry, after, newest, page));
                } else {
                    LOG.warn("reading a page of history failed: {}", e.toString());
                    page.completeExceptionally(
                            new Problem(503, "not_read", "The history cannot be read: " + e.getMessage()));
                }
                return;
            }
        } finally {
            filesLock.readLock().unlock();
        }
        page.complete(found);
    }

    private Reader take() throws SQLException {
        synchronized (idle) {
            if (!idle.isEmpty()) {
                return idle.remove(idle.size() - 1);
            }
        }
        return new Reader(files.openForReading());
    }

    boolean isCurrent(int number) {
        return number == database;
    }

    /** What is done with the files while no reader has them open. */
    interface Replacing {
        void run() throws SQLException, IOException;
    }

    /** Lets the readers finish, and runs {@code replacing} before they begin anew with another database. */
    void whileClosed(Replacing replacing) throws SQLException, IOException {
        filesLock.writeLock().lock();
        try {
            closeIdle();
            replacing.run();
            database++;
        } finally {
            filesLock.writeLock().unlock();
        }
    }

    private void closeIdle() {
        synchronized (idle) {
            idle.forEach(Reader::close);
            idle.clear();
        }
    }

    @Override
    public void close() {
        threads.shutdown();
        try {
            threads.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closeIdle();
    }

    /** A connection and its statements; for one thread at a time. */
    private static final class Reader {
        private final Connection connection;
        private final PreparedStatement begin;
        private final PreparedStatement end;
        private final PreparedStatement oldest;
        private final PreparedStatement messages;

        Reader(Connection connection) throws SQLException {
            this.connection = connection;
            begin = connection.prepareStatement("BEGIN");
            end = connection.prepareStatement("COMMIT");
            oldest = connection.prepareStatement("SELECT min(offset) FROM message WHERE channel = ?");
            messages = connection.prepareStatement("SELECT " + SqliteHistoryRow.COLUMNS
                    + " FROM message WHERE channel = ? AND offset > ? AND offset <= ? ORDER BY offset LIMIT "
                    + History.PAGE_MESSAGES);
        }

        Page page(SqliteHistoryEntry entry, Position after, long newest) throws SQLException {
            SqliteHistoryEntry.Snapshot stands = entry.snapshot(); // before the read: what it tells of is committed
            begin.execute();
            long first = stands.top() + 1;
            oldest.setLong(1, stands.id());
            try (ResultSet row = oldest.executeQuery()) {
                if (row.next() && row.getLong(1) > 0) {
                    first = row.getLong(1);
                }
            }
            PageRange range = PageRange.of(stands.epoch(), stands.top(), first, after, newest);
            Page page = range.isEmpty() ? range.page(List.of(), false) : messages(entry, stands.id(), range);
            end.execute();
            return page;
        }

        private Page messages(SqliteHistoryEntry entry, long channel, PageRange range) throws SQLException {
            messages.setLong(1, channel);
            messages.setLong(2, range.from());
            messages.setLong(3, range.end());
            List<Message> found = new ArrayList<>();
            long size = 0;
            try (ResultSet row = messages.executeQuery()) {
                while (size < History.PAGE_BYTES && row.next()) {
                    Message message = SqliteHistoryRow.read(row, entry.channel, range.epoch());
                    found.add(message);
                    size += PageRange.size(message);
                }
            }
            return range.page(found, found.size() == History.PAGE_MESSAGES || size >= History.PAGE_BYTES);
        }

        void close() {
            try {
                connection.close();
            } catch (SQLException e) {
                // it only read
            }
        }
    }
}
