package parley.history;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import parley.message.Channel;
import parley.message.Page;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Standing;
import parley.message.Time;

/**
 * A history in a directory, by SQLite: what it has acknowledged survives a kill -9 and a power cut, and so do epochs,
 * offsets, cursors and idempotency keys.
 *
 * <p>One thread writes: it takes whatever waits, gives the offsets, commits once for all, and then delivers in the order
 * of the commit. So a message costs a share of an fsync, and is delivered only when it is safe. What is asked about a
 * channel in memory is answered on the caller's thread; about another one by the writer, who alone reads channels into
 * memory.
 *
 * <p>Expiry takes effect when the writer deletes, about every second, never when somebody reads: what a page passes over
 * and what {@code oldest} says agree. Locks: the files (readers and writer), then an entry.
 */
public final class SqliteHistory implements History {

    /** In one transaction: enough to share an fsync, few enough to wait for. */
    private static final int BATCH = 512;

    /** Text in one transaction, in characters: what a disk takes in some tens of milliseconds. */
    private static final long BATCH_WEIGHT = 4L << 20;

    /** Operations that wait: about ten seconds of work. Beyond it: 503. */
    private static final int MAX_WAITING = 100_000;

    /** Text that waits, in characters: an eighth of the heap. Beyond it: 503. */
    private static final long MAX_WEIGHT = Runtime.getRuntime().maxMemory() / 16;

    /** A cursor is on disk one second after it rose, and what is too old leaves one second late. */
    private static final int TICK_MILLIS = 500;

    private final ConcurrentHashMap<Channel, SqliteHistoryEntry> entries = new ConcurrentHashMap<>();
    private final LinkedBlockingQueue<SqliteHistoryOperation> queue = new LinkedBlockingQueue<>(MAX_WAITING);
    private final AtomicLong waitingWeight = new AtomicLong();
    private final Time time;
    private final SqliteHistoryFiles files;
    private final SqliteHistoryReaders readers;
    private final SqliteHistoryWriter writer;
    private final List<Remembered> remembered;
    private final Thread thread = new Thread(this::run, "parley-history-writer");
    private volatile boolean closing;
    private volatile boolean ended;

    /**
     * Opens the directory of the settings, and makes it when there is none.
     *
     * @param random for what the epochs are derived from
     * @throws IOException whose message is a sentence that says why it cannot be used
     */
    public SqliteHistory(HistorySettings limits, Time time, RandomGenerator random) throws IOException {
        this.time = time;
        files = new SqliteHistoryFiles(limits.directory());
        try {
            files.provideLibrary();
            readers = new SqliteHistoryReaders(files, this::damaged);
            writer = new SqliteHistoryWriter(files, readers, limits, time, random, entries);
            remembered = writer.remembered();
        } catch (SQLException e) {
            files.close();
            throw new IOException("The stored messages cannot be read: " + e.getMessage(), e);
        } catch (IOException | RuntimeException | Error e) {
            files.close();
            throw e;
        }
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public List<Remembered> remembered() {
        return remembered;
    }

    @Override
    public void append(Append what) {
        enqueue(new SqliteHistoryOperation.Appending(what));
    }

    @Override
    public CompletionStage<Standing> standing(Channel channel) {
        return with(channel, SqliteHistoryEntry::standing);
    }

    @Override
    public CompletionStage<Standing> hold(Channel channel) {
        return with(channel, SqliteHistoryEntry::hold);
    }

    @Override
    public void release(Channel channel) {
        with(channel, entry -> {
            entry.release();
            return null;
        });
    }

    @Override
    public void read(Channel.User user, Position position) {
        with(user, entry -> {
            if (entry.read(position)) {
                writer.read(entry);
            }
            return null;
        });
    }

    private record Asked(SqliteHistoryEntry entry, Page page) {}

    @Override
    public CompletionStage<Page> page(Channel channel, Position after, long newest) {
        return with(channel, entry -> new Asked(entry, entry.page(after, newest)))
                .thenCompose(asked -> asked.page == null
                        ? readers.page(asked.entry, after, newest)
                        : CompletableFuture.completedFuture(asked.page));
    }

    @Override
    public CompletionStage<Integer> clear(Channel channel) {
        SqliteHistoryOperation.Clearing clearing = new SqliteHistoryOperation.Clearing(channel);
        enqueue(clearing);
        return clearing.result;
    }

    /** Runs {@code work} under the lock of the channel's entry: here and now when it is in memory, else on the writer. */
    private <R> CompletableFuture<R> with(Channel channel, Function<SqliteHistoryEntry, R> work) {
        SqliteHistoryEntry entry;
        while ((entry = entries.get(channel)) != null) {
            R result;
            synchronized (entry) {
                if (!entry.mention(time.millis())) {
                    continue; // it is about to leave the map
                }
                result = work.apply(entry);
            }
            return CompletableFuture.completedFuture(result);
        }
        SqliteHistoryOperation.Lookup<R> lookup = new SqliteHistoryOperation.Lookup<>(channel, work);
        enqueue(lookup);
        return lookup.result;
    }

    /** A reader found damage: the writer sets the database aside, unless it has done so already. */
    private void damaged(SQLException damage, int database, Runnable again) {
        enqueue(new SqliteHistoryOperation.Task(
                () -> {
                    if (readers.isCurrent(database)) {
                        throw damage;
                    }
                },
                again));
    }

    @Override
    public void expire() {
        enqueue(new SqliteHistoryOperation.Task(writer::sweepSoon, () -> {}));
    }

    /** For tests: how many channels are in memory. */
    int size() {
        return entries.size();
    }

    /** For tests: does something on the writer's thread, in a transaction. */
    CompletableFuture<Void> onWriter(SqliteHistoryOperation.Task.Work work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        enqueue(new SqliteHistoryOperation.Task(work, () -> done.complete(null)));
        return done;
    }

    /** For tests: makes later statements fail. */
    CompletableFuture<Void> execute(String sql) {
        return onWriter(() -> writer.execute(sql));
    }

    private void enqueue(SqliteHistoryOperation operation) {
        long weight = operation.weight();
        if (closing) {
            operation.fail(null, new Problem(503, "stopping", "The server is stopping."));
        } else if (waitingWeight.addAndGet(weight) > MAX_WEIGHT || !queue.offer(operation)) {
            waitingWeight.addAndGet(-weight);
            operation.fail(null, new Problem(503, "busy", "More is being published than the disk can store."));
        } else if (ended && queue.remove(operation)) {
            operation.fail(null, new Problem(503, "stopping", "The server is stopping."));
        }
    }

    private void run() {
        List<SqliteHistoryOperation> batch = new ArrayList<>();
        while (!closing || !queue.isEmpty()) {
            take(batch);
            if (!batch.isEmpty() || writer.isDue()) {
                writer.perform(batch);
                batch.clear();
            }
        }
        writer.perform(List.of()); // the cursors
        ended = true;
        SqliteHistoryOperation late;
        while ((late = queue.poll()) != null) {
            late.fail(null, new Problem(503, "stopping", "The server is stopping."));
        }
    }

    /** Whatever waits; waits itself when nothing does and nothing is due. */
    private void take(List<SqliteHistoryOperation> batch) {
        SqliteHistoryOperation next = queue.poll();
        if (next == null && !writer.isOverdue()) {
            try {
                next = queue.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                return; // nobody interrupts it; close is told by a flag
            }
        }
        long weight = 0;
        while (next != null) {
            batch.add(next);
            weight += next.weight();
            next = batch.size() < BATCH && weight < BATCH_WEIGHT ? queue.poll() : null;
        }
        waitingWeight.addAndGet(-weight);
    }

    /** Stores what waits, and lets the directory go. */
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        queue.offer(new SqliteHistoryOperation.Task(() -> {}, () -> {})); // wakes the writer, which then sees the flag
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        readers.close();
        writer.close();
        files.close();
    }
}
