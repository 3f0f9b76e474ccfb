package parley.history;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Receipt;

/** What waits in the writer's queue. All methods run on the writer's thread, in the order of the queue. */
interface SqliteHistoryOperation {

    /** Characters of message text that it keeps on the heap while it waits. */
    default long weight() {
        return 0;
    }

    /** The channels whose entries it needs. */
    List<Channel> channels();

    /** Adds to the transaction. Skipped when something before it in the same transaction has failed. */
    default void write(SqliteHistoryTransaction transaction) throws Exception {}

    /** The transaction is committed. */
    void finish(SqliteHistoryTransaction transaction);

    /** The transaction was rolled back, or, where it is null, there was none or nobody can say what became of it. */
    void fail(SqliteHistoryTransaction transaction, Problem why);

    /** A call for a channel that was not in memory; nothing about it is written. */
    final class Lookup<R> implements SqliteHistoryOperation {
        private final Channel channel;
        private final Function<SqliteHistoryEntry, R> work;
        final CompletableFuture<R> result = new CompletableFuture<>();

        Lookup(Channel channel, Function<SqliteHistoryEntry, R> work) {
            this.channel = channel;
            this.work = work;
        }

        @Override
        public List<Channel> channels() {
            return List.of(channel);
        }

        @Override
        public void finish(SqliteHistoryTransaction transaction) {
            result.complete(work.apply(transaction.entry(channel)));
        }

        /** Reading goes on when nothing can be written. */
        @Override
        public void fail(SqliteHistoryTransaction transaction, Problem why) {
            if (transaction != null && transaction.entry(channel) != null) {
                finish(transaction);
            } else {
                result.completeExceptionally(why);
            }
        }
    }

    /** A channel's messages are deleted. */
    final class Clearing implements SqliteHistoryOperation {
        private final Channel channel;
        private int cleared;
        final CompletableFuture<Integer> result = new CompletableFuture<>();

        Clearing(Channel channel) {
            this.channel = channel;
        }

        @Override
        public List<Channel> channels() {
            return List.of(channel);
        }

        @Override
        public void write(SqliteHistoryTransaction transaction) throws Exception {
            cleared = transaction.clear(channel);
        }

        @Override
        public void finish(SqliteHistoryTransaction transaction) {
            result.complete(cleared);
        }

        @Override
        public void fail(SqliteHistoryTransaction transaction, Problem why) {
            result.completeExceptionally(why);
        }
    }

    /** Something that only the writer may do. */
    final class Task implements SqliteHistoryOperation {
        interface Work {
            void run() throws Exception;
        }

        private final Work work;
        private final Runnable after;

        /** @param after runs in any case */
        Task(Work work, Runnable after) {
            this.work = work;
            this.after = after;
        }

        @Override
        public List<Channel> channels() {
            return List.of();
        }

        @Override
        public void write(SqliteHistoryTransaction transaction) throws Exception {
            work.run();
        }

        @Override
        public void finish(SqliteHistoryTransaction transaction) {
            after.run();
        }

        @Override
        public void fail(SqliteHistoryTransaction transaction, Problem why) {
            after.run();
        }
    }

    /** Messages to be appended. */
    final class Appending implements SqliteHistoryOperation {
        private static final Logger LOG = LoggerFactory.getLogger(SqliteHistory.class);

        private final History.Append what;
        private final List<Message> messages = new ArrayList<>(1);

        Appending(History.Append what) {
            this.what = what;
        }

        @Override
        public long weight() {
            long weight = 0;
            for (Draft draft : what.drafts()) {
                weight += draft.body().content().length();
            }
            return weight;
        }

        @Override
        public List<Channel> channels() {
            List<Draft> drafts = what.drafts();
            return drafts.size() == 1
                    ? List.of(drafts.get(0).channel())
                    : drafts.stream().map(Draft::channel).toList();
        }

        @Override
        public void write(SqliteHistoryTransaction transaction) throws Exception {
            List<Position> positions = new ArrayList<>(what.drafts().size());
            for (int i = 0; i < what.drafts().size(); i++) {
                Message message = transaction.append(what.drafts().get(i), what.id(i));
                messages.add(message);
                positions.add(message.position());
            }
            History.Remembered remembered = what.remember(positions);
            if (remembered != null) {
                transaction.remember(remembered);
            }
        }

        @Override
        public void finish(SqliteHistoryTransaction transaction) {
            boolean stored = false;
            for (int i = 0; i < messages.size(); i++) {
                int index = i;
                Message message = messages.get(i);
                SqliteHistoryEntry entry = transaction.entry(message.channel());
                boolean kept = entry.keep.count() > 0;
                stored |= kept;
                entry.place(message, kept, () -> {
                    try {
                        what.placed(index, message, kept);
                    } catch (RuntimeException | Error bug) { // it is stored, and so are those after it
                        LOG.error("delivering a stored message failed", bug);
                    }
                });
            }
            what.done(stored ? Receipt.Stored.DISK : Receipt.Stored.NO);
        }

        @Override
        public void fail(SqliteHistoryTransaction transaction, Problem why) {
            what.failed(why);
        }
    }
}
