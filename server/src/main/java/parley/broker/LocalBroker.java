package parley.broker;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import parley.history.History;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Receipt;
import parley.message.Standing;
import parley.message.Time;
import parley.metrics.Metrics;

/** One server on its own: the history orders, this server's sessions are all there are. */
public final class LocalBroker implements Broker {

    private final History history;
    private final Time time;
    private final RandomGenerator random;
    private final Metrics metrics;
    private Sink sink; // written once by start

    /** @param random for message ids; must be thread-safe */
    public LocalBroker(History history, Time time, RandomGenerator random, Metrics metrics) {
        this.history = history;
        this.time = time;
        this.random = random;
        this.metrics = metrics;
    }

    @Override
    public void start(Sink sessions) {
        sink = sessions;
    }

    @Override
    public CompletionStage<Receipt> publish(Draft draft) {
        long now = time.wallMillis();
        Publication publication = new Publication(Message.newId(now, random));
        if (draft.liveOnly()) {
            publication.placed(draft.at(publication.id, null, now), false);
            publication.done(Receipt.Stored.NO);
        } else {
            history.append(draft, publication.id, publication);
        }
        return publication.receipt;
    }

    @Override
    public CompletionStage<Standing> standing(Channel channel) {
        return history.standing(channel);
    }

    @Override
    public CompletionStage<Standing> watch(Channel channel) {
        history.hold(channel);
        return history.standing(channel);
    }

    @Override
    public void unwatch(Channel channel) {
        history.release(channel);
    }

    @Override
    public CompletionStage<Page> page(Channel channel, Position after, long newest) {
        return history.page(channel, after, newest);
    }

    @Override
    public void acked(Channel.User user, Position position) {
        history.read(user, position);
    }

    @Override
    public CompletionStage<Integer> online(Channel channel) {
        return CompletableFuture.completedFuture(sink.online(channel));
    }

    @Override
    public CompletionStage<List<String>> users(String after, int limit) {
        return CompletableFuture.completedFuture(sink.users(after, limit));
    }

    @Override
    public void close() {
        history.close();
    }

    /** One message under way. The history calls it on one thread at a time. */
    private final class Publication implements History.Outcome {
        final String id;
        final CompletableFuture<Receipt> receipt = new CompletableFuture<>();
        private Message message;
        private Delivery delivery;

        Publication(String id) {
            this.id = id;
        }

        @Override
        public void placed(Message placed, boolean kept) {
            message = placed;
            delivery = sink.deliver(placed, kept);
        }

        @Override
        public void done(Receipt.Stored stored) {
            delivery.flush();
            metrics.published.increment();
            receipt.complete(new Receipt(id, message.channel(), message.position(), delivery.online(), stored, false));
        }

        @Override
        public void failed(Problem why) {
            receipt.completeExceptionally(why);
        }
    }
}
