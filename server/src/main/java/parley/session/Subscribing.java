package parley.session;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import parley.broker.Broker;
import parley.message.Channel;
import parley.message.Position;
import parley.message.Problem;
import parley.message.ServerFrame;
import parley.message.Standing;
import parley.metrics.Metrics;

/**
 * How a session comes into a channel, without missing a message and without getting one twice, and out of it: first in
 * the index, then told how far the channel has come, then released. Thread-safe; nothing here waits.
 */
final class Subscribing {

    /** A subscription that is in the index but holds everything back until {@link Subscription#release}. */
    record Joined(Subscription subscription, Since since, ServerFrame.Start start) {}

    private final Audiences audiences;
    private final Broker broker;
    private final Metrics metrics;
    private final Pumps pumps;

    Subscribing(Audiences audiences, Broker broker, Metrics metrics, Pumps pumps) {
        this.audiences = audiences;
        this.broker = broker;
        this.metrics = metrics;
        this.pumps = pumps;
    }

    /** Puts a session into several channels; the list is empty when the session was closed meanwhile. */
    CompletableFuture<List<Joined>> joinAll(ClientSession session, Map<Channel, Since> starts) {
        List<CompletableFuture<Joined>> joins = new ArrayList<>();
        starts.forEach((channel, since) -> joins.add(join(session, channel, since)));
        return CompletableFuture.allOf(joins.toArray(CompletableFuture[]::new)).thenApply(nothing -> {
            List<Joined> joined = joins.stream().map(CompletableFuture::join).toList();
            return joined.stream().anyMatch(Objects::isNull) ? List.of() : joined;
        });
    }

    /**
     * Puts a session into a channel; completes with null when the session was closed meanwhile, and fails with a
     * {@link Problem} when it may not read it. Whatever comes to a session comes by this way, old messages, too.
     */
    CompletableFuture<Joined> join(ClientSession session, Channel channel, Since since) {
        try {
            session.identity().require(channel);
        } catch (Problem forbidden) {
            return CompletableFuture.failedFuture(forbidden);
        }
        return broker.standing(channel)
                .thenCompose(before -> {
                    ServerFrame.Start start = since.in(before);
                    Subscription subscription =
                            new Subscription(session, channel, start.position(), broker, metrics, pumps);
                    if (!session.add(subscription, () -> audiences.add(subscription))) {
                        return CompletableFuture.<Joined>completedFuture(null);
                    }
                    return broker.watch(channel)
                            .thenApply(now -> joined(subscription, since, start, now))
                            .whenComplete((joined, failure) -> {
                                if (failure != null && session.remove(subscription)) {
                                    unindex(subscription); // else it would stay held, and look like subscribed
                                }
                            });
                })
                .toCompletableFuture();
    }

    private Joined joined(Subscription subscription, Since since, ServerFrame.Start start, Standing now) {
        ClientSession session = subscription.session;
        boolean hole = start.missed() == null || start.missed() > 0;
        if (hole && session.mode() != Mode.PLAIN) { // a plain client cannot be told
            ServerFrame.Gap gap = new ServerFrame.Gap(subscription.channel, start.missed(), start.position());
            broker.fates().gap(session.id(), session.identity().user(), gap);
        }
        subscription.reach(new Position(now.epoch(), now.top()));
        Position newest = new Position(start.position().epoch(), subscription.newest());
        return new Joined(
                subscription,
                since,
                new ServerFrame.Start(start.position(), newest, start.recovered(), start.missed()));
    }

    /** Takes a session out of a channel; does nothing when it is out already. */
    void leave(Subscription subscription) {
        if (subscription.session.remove(subscription)) {
            ended(subscription);
        }
    }

    /** The session has given the subscription up. */
    void ended(Subscription subscription) {
        unindex(subscription);
        broker.unwatch(subscription.channel);
    }

    private void unindex(Subscription subscription) {
        AfterUnlock after = new AfterUnlock(pumps);
        subscription.close(after);
        audiences.remove(subscription);
        after.flush();
    }
}
