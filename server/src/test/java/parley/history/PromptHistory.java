package parley.history;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Receipt;
import parley.message.Standing;
import parley.message.Time;

/**
 * A SqliteHistory for tests that do one thing after the other: every call waits until it is done, so that nothing is under
 * way when it returns. Deliveries still happen on the writer's thread, while the caller waits.
 */
public final class PromptHistory implements History {

    private final SqliteHistory real;

    /** @param settings with a directory */
    public PromptHistory(HistorySettings settings, Time time, RandomGenerator random) {
        try {
            real = new SqliteHistory(settings, time, random);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static <T> CompletionStage<T> done(CompletionStage<T> stage) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        try {
            return CompletableFuture.completedFuture(future.get(20, TimeUnit.SECONDS));
        } catch (Exception e) {
            throw new AssertionError("the history does not answer", e);
        }
    }

    @Override
    public void append(Append what) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        real.append(new Append() {
            @Override
            public List<Draft> drafts() {
                return what.drafts();
            }

            @Override
            public String id(int index) {
                return what.id(index);
            }

            @Override
            public Remembered remember(List<Position> positions) {
                return what.remember(positions);
            }

            @Override
            public void placed(int index, Message message, boolean kept) {
                what.placed(index, message, kept);
            }

            @Override
            public void done(Receipt.Stored stored) {
                try {
                    what.done(stored);
                    end.complete(null);
                } catch (RuntimeException | Error bug) {
                    end.completeExceptionally(bug);
                }
            }

            @Override
            public void failed(Problem why) {
                what.failed(why);
                end.completeExceptionally(why);
            }
        });
        done(end);
    }

    @Override
    public List<Remembered> remembered() {
        return real.remembered();
    }

    @Override
    public CompletionStage<Standing> standing(Channel channel) {
        return done(real.standing(channel));
    }

    @Override
    public CompletionStage<Page> page(Channel channel, Position after, long newest) {
        return done(real.page(channel, after, newest));
    }

    @Override
    public CompletionStage<Standing> hold(Channel channel) {
        return done(real.hold(channel));
    }

    @Override
    public void release(Channel channel) {
        real.release(channel);
    }

    @Override
    public CompletionStage<Integer> clear(Channel channel) {
        return done(real.clear(channel));
    }

    @Override
    public void read(Channel.User user, Position position) {
        real.read(user, position);
    }

    /** What is too old has left when this returns. */
    @Override
    public void expire() {
        real.expire();
        done(real.onWriter(() -> {}));
        done(real.onWriter(() -> {}));
    }

    /** How many channels are in memory. */
    public int size() {
        return real.size();
    }

    @Override
    public void close() {
        real.close();
    }
}
