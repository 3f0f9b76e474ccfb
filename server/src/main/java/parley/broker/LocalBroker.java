package parley.broker;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import parley.history.History;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Publication;
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
    private final Delays delays;
    private final Fates fates;
    private final IdempotencyKeys keys;
    private final Asks asks;
    private Sink sink; // written once by start

    /**
     * @param random for message ids; must be thread-safe
     * @param delays when waiting for acks ends
     */
    public LocalBroker(History history, Time time, RandomGenerator random, Metrics metrics, Delays delays) {
        this.history = history;
        this.delays = delays;
        this.fates = new Fates(time);
        this.asks = new Asks(delays);
        this.keys = new IdempotencyKeys(time, IdempotencyKeys.MAX_KEYS, history.remembered());
        this.time = time;
        this.random = random;
        this.metrics = metrics;
    }

    @Override
    public void start(Sink sessions) {
        sink = sessions;
    }

    @Override
    public CompletionStage<List<Receipt>> publish(Publication publication) {
        Run run = new Run(publication);
        if (publication.key() != null) {
            try {
                CompletionStage<List<Receipt>> earlier = keys.claim(publication.key(), run.stored);
                if (earlier != null) {
                    return earlier;
                }
            } catch (Problem reused) {
                return CompletableFuture.failedFuture(reused);
            }
        }
        try {
            if (publication.liveOnly()) {
                run.deliverNow(time.wallMillis());
            } else {
                history.append(run);
            }
        } catch (RuntimeException | Error bug) { // whoever has the same key waits for an answer, too
            run.end(bug);
        }
        return run.result;
    }

    @Override
    public CompletionStage<Standing> standing(Channel channel) {
        return history.standing(channel);
    }

    @Override
    public CompletionStage<Standing> watch(Channel channel) {
        return history.hold(channel);
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
    public CompletionStage<Integer> clear(Channel channel) {
        return history.clear(channel);
    }

    @Override
    public CompletionStage<Integer> disconnect(Channel.User user, String reason) {
        return CompletableFuture.completedFuture(sink.disconnect(user, reason));
    }

    @Override
    public void acked(Channel.User user, Position position) {
        history.read(user, position);
    }

    @Override
    public CompletionStage<Body> ask(Channel.User user, Body body, String flag, long waitMillis) {
        String ask = Message.newId(time.wallMillis(), random);
        CompletableFuture<Body> reply = asks.open(ask, user.id(), waitMillis);
        if (sink.ask(user, ask, body, flag) == 0) {
            reply.completeExceptionally(
                    new Problem(404, "nobody_there", "The user has no parley.v1 session that could reply."));
        }
        return reply;
    }

    @Override
    public void reply(String ask, String user, Body body) {
        asks.reply(ask, user, body);
    }

    @Override
    public Fates fates() {
        return fates;
    }

    @Override
    public CompletionStage<List<Fates.Receiver>> receivers(Channel channel) {
        return CompletableFuture.completedFuture(sink.receivers(channel));
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

    /** One publication under way. The history calls it on one thread at a time. */
    private final class Run implements History.Append {
        private final Publication publication;
        private final List<String> ids = new ArrayList<>(1);
        private final List<Message> messages = new ArrayList<>(1);
        private final List<Delivery> deliveries = new ArrayList<>(1);
        private final List<Waiting> waitings = new ArrayList<>(0); // empty when nobody waits

        /** The receipts as soon as everything is stored and delivered; what a repetition gets. */
        final CompletableFuture<List<Receipt>> stored = new CompletableFuture<>();

        /** The receipts with the acks that somebody waited for. */
        final CompletableFuture<List<Receipt>> result;

        private final long began = time.millis();
        private List<Integer> counted; // sessions online, counted before the commit; only with a key

        Run(Publication publication) {
            this.publication = publication;
            long now = time.wallMillis();
            for (int i = 0; i < publication.drafts().size(); i++) {
                ids.add(Message.newId(now, random));
            }
            result = publication.waitMillis() == 0 ? stored : new CompletableFuture<>();
        }

        void deliverNow(long wallMillis) {
            for (int i = 0; i < publication.drafts().size(); i++) {
                placed(i, publication.drafts().get(i).at(ids.get(i), null, wallMillis), false);
            }
            done(Receipt.Stored.NO);
        }

        @Override
        public List<Draft> drafts() {
            return publication.drafts();
        }

        @Override
        public String id(int index) {
            return ids.get(index);
        }

        @Override
        public History.Remembered remember(List<Position> positions) {
            if (publication.key() == null) {
                return null;
            }
            counted = new ArrayList<>();
            List<Receipt> receipts = new ArrayList<>();
            for (int i = 0; i < positions.size(); i++) {
                Channel channel = publication.drafts().get(i).channel();
                counted.add(sink.online(channel));
                receipts.add(new Receipt(
                        ids.get(i), channel, positions.get(i), counted.get(i), Receipt.Stored.DISK, null, false));
            }
            return new History.Remembered(publication.key(), Receipt.toText(receipts), time.wallMillis());
        }

        @Override
        public void placed(int index, Message message, boolean kept) {
            Waiting waiting = publication.waitMillis() == 0
                    ? null
                    : new Waiting(() -> metrics.acks.record(time.millis() - began));
            if (waiting != null) {
                waitings.add(waiting);
            }
            messages.add(message);
            deliveries.add(sink.deliver(message, kept, waiting));
        }

        @Override
        public void done(Receipt.Stored where) {
            List<Receipt> receipts = new ArrayList<>(messages.size());
            for (int i = 0; i < messages.size(); i++) {
                Message message = messages.get(i);
                Delivery delivery = deliveries.get(i);
                delivery.flush();
                int online = counted == null ? delivery.online() : counted.get(i);
                fates.published(message, online);
                receipts.add(
                        new Receipt(message.id(), message.channel(), message.position(), online, where, null, false));
            }
            metrics.published.add(messages.size());
            stored.complete(receipts);
            if (!waitings.isEmpty()) {
                awaitAcks(receipts);
            }
        }

        /** Gives up the publisher's own places, and answers when no other is left or the time is up. */
        private void awaitAcks(List<Receipt> receipts) {
            CompletableFuture<?>[] ends = waitings.stream().map(Waiting::end).toArray(CompletableFuture[]::new);
            Runnable cancel = delays.after(publication.waitMillis(), () -> waitings.forEach(Waiting::giveUp));
            CompletableFuture.allOf(ends).thenRun(() -> {
                cancel.run();
                List<Receipt> acked = new ArrayList<>(receipts.size());
                for (int i = 0; i < receipts.size(); i++) {
                    acked.add(receipts.get(i).withAcked(waitings.get(i).acked()));
                }
                result.complete(acked);
            });
            waitings.forEach(waiting -> {
                if (waiting.leave()) {
                    waiting.giveUp();
                }
            });
        }

        @Override
        public void failed(Problem why) {
            end(why);
        }

        void end(Throwable why) {
            stored.completeExceptionally(why);
            result.completeExceptionally(why);
        }
    }
}
