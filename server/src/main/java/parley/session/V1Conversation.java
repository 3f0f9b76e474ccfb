package parley.session;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import parley.auth.RateLimiter;
import parley.auth.UserId;
import parley.message.Channel;
import parley.message.ClientFrame;
import parley.message.Position;
import parley.message.Problem;
import parley.message.ServerFrame;
import parley.metrics.Limit;
import parley.metrics.Metrics;

/**
 * A {@code parley.v1} client: a hello first, then any frame. While a hello or a subscribe is under way, later frames
 * wait in order.
 */
final class V1Conversation implements Conversation {

    private final ClientSession session;
    private final SessionRegistry registry;
    private final Uplink uplink;
    private final Metrics metrics;
    private final RateLimiter limiter;
    private Map<Channel, Since> starts; // null after the hello

    private final ArrayDeque<String> waiting = new ArrayDeque<>(0); // guarded by this
    private boolean busy; // a hello or subscribe is under way, or waiting frames are at work; guarded by this

    /** @param starts where the channels start that the hello does not name */
    V1Conversation(
            ClientSession session,
            SessionRegistry registry,
            Uplink uplink,
            Metrics metrics,
            Map<Channel, Since> starts) {
        this.session = session;
        this.registry = registry;
        this.uplink = uplink;
        this.metrics = metrics;
        this.limiter = uplink.newLimiter();
        this.starts = starts;
    }

    @Override
    public void received(String text) {
        boolean full;
        synchronized (this) {
            if (!busy) {
                busy = true;
                full = false;
            } else if (waiting.size() < SessionSettings.WAITING_FRAMES) {
                waiting.add(text);
                return;
            } else {
                full = true;
            }
        }
        if (full) {
            registry.flooded(session, Limit.MESSAGES, "more than 32 frames behind a hello or subscribe");
        } else {
            work(text);
        }
    }

    /** Handles a frame and then those that wait, until one of them is not done at once. Only for who made this busy. */
    private void work(String first) {
        for (String text = first; text != null; text = nextWaiting()) {
            CompletableFuture<?> done = handle(text);
            if (!done.isDone()) {
                done.whenComplete((result, failure) -> {
                    String next = nextWaiting();
                    if (next != null) {
                        work(next);
                    }
                });
                return;
            }
        }
    }

    private synchronized String nextWaiting() {
        String next = waiting.poll();
        busy = next != null;
        return next;
    }

    /** Carries a frame out; the stage ends when the next frame may be handled. */
    private CompletableFuture<?> handle(String text) {
        ClientFrame frame = null;
        try {
            frame = ClientFrame.parse(text);
            if (!session.greeted) {
                if (frame instanceof ClientFrame.Hello hello) {
                    return hello(hello);
                }
                session.close(Disconnect.BAD_REQUEST, "the first frame must be a hello");
            } else {
                return dispatch(frame);
            }
        } catch (Problem problem) {
            if (!session.greeted || problem.code().equals("bad_json")) {
                session.close(Disconnect.BAD_REQUEST, problem.detail());
            } else if (frame != null && isCharged(frame) || uplink.admit(session, limiter)) {
                fail(ClientFrame.refOf(text), problem);
            }
        }
        return SessionRegistry.DONE;
    }

    /**
     * Whether a frame costs a token whatever comes of it. A first ack of a message, and a reply to a question, answer us;
     * they cost one only when they do not.
     */
    private static boolean isCharged(ClientFrame frame) {
        return !(frame instanceof ClientFrame.Ack) && !(frame instanceof ClientFrame.Reply);
    }

    private CompletableFuture<?> dispatch(ClientFrame frame) throws Problem {
        if (isCharged(frame) && !uplink.admit(session, limiter)) {
            return SessionRegistry.DONE;
        }
        if (frame instanceof ClientFrame.Subscribe subscribe) {
            return subscribe(subscribe);
        } else if (frame instanceof ClientFrame.Unsubscribe unsubscribe) {
            unsubscribe(unsubscribe);
        } else if (frame instanceof ClientFrame.Send send) {
            send(send);
        } else if (frame instanceof ClientFrame.Ack ack) {
            ack(ack);
        } else if (frame instanceof ClientFrame.Ping) {
            session.send(ServerFrame.PONG);
        } else if (frame instanceof ClientFrame.Hello) {
            session.close(Disconnect.BAD_REQUEST, "one hello is enough");
        } else if (frame instanceof ClientFrame.Reply reply) {
            reply(reply);
        }
        return SessionRegistry.DONE;
    }

    private CompletableFuture<?> hello(ClientFrame.Hello hello) throws Problem {
        Map<Channel, Since> channels = new LinkedHashMap<>(starts);
        for (String topic : hello.topics()) {
            channels.putIfAbsent(new Channel.Topic(UserId.topic(topic)), Since.NOW);
        }
        for (Map.Entry<String, String> resume : hello.resume().entrySet()) {
            channels.put(resumable(resume.getKey()), new Since.After(position(resume.getValue())));
        }
        if (channels.size() > SessionSettings.TOPICS + 2) {
            metrics.limited(Limit.TOPICS);
            throw Problem.bad("too_many_topics", "A session has at most " + SessionSettings.TOPICS + " topics.");
        }
        channels.keySet().removeIf(channel -> !session.identity().mayRead(channel)); // the welcome does not name them
        try {
            registry.requireRoom(session.identity()); // again: between a handshake and its hello others may have come
        } catch (Problem full) {
            session.close(Disconnect.TOO_MANY_CONNECTIONS, full.detail());
            return SessionRegistry.DONE;
        }
        session.greeted = true;
        starts = null;
        return registry.subscribing().joinAll(session, channels).handle((joined, failure) -> {
            if (failure != null) {
                session.close(Disconnect.INTERNAL);
            } else if (!joined.isEmpty()) {
                welcome(joined);
            }
            return null;
        });
    }

    private void welcome(List<Subscribing.Joined> joined) {
        Map<Channel, ServerFrame.Start> channels = new LinkedHashMap<>();
        joined.forEach(join -> channels.put(join.subscription().channel, join.start()));
        ServerFrame welcome = new ServerFrame.Welcome(
                session.id(), session.identity().user(), SessionRegistry.HEARTBEAT_MILLIS / 1000, channels);
        session.send(welcome, () -> joined.forEach(join -> join.subscription().release()));
        registry.cameOrWent(session);
    }

    private Channel resumable(String name) throws Problem {
        Channel channel = Channel.parse(name);
        if (channel instanceof Channel.Topic topic) {
            return new Channel.Topic(UserId.topic(topic.name()));
        }
        if (channel instanceof Channel.Everyone || session.userChannel().equals(channel)) {
            return channel;
        }
        throw Problem.bad("bad_frame", "'resume' names the own user channel, everyone, or topics.");
    }

    private static Position position(String text) throws Problem {
        Position position = Position.parse(text);
        if (position == null) {
            throw Problem.bad("bad_position", "A position looks like k3Zq81Ab-42.");
        }
        return position;
    }

    private CompletableFuture<?> subscribe(ClientFrame.Subscribe frame) throws Problem {
        Channel topic = new Channel.Topic(UserId.topic(frame.topic()));
        Subscription standing = session.subscription(topic);
        if (standing != null) {
            session.send(new ServerFrame.Subscribed(name(topic), standing.standing()));
            return SessionRegistry.DONE;
        }
        if (session.subscriptionCount() >= SessionSettings.TOPICS + 2) {
            metrics.limited(Limit.TOPICS);
            throw Problem.bad("too_many_topics", "A session has at most " + SessionSettings.TOPICS + " topics.");
        }
        Since since = frame.since() == null ? Since.NOW : Since.parse(frame.since());
        if (since == Since.INBOX) {
            throw Problem.bad("bad_position", "A topic has no inbox; 'since' is now or a position.");
        }
        return registry.subscribing().join(session, topic, since).handle((joined, failure) -> {
            if (failure != null) {
                fail(null, problem(failure, "The topic cannot be read now; try again."));
            } else if (joined != null) {
                Subscription subscription = joined.subscription();
                session.send(new ServerFrame.Subscribed(name(topic), joined.start()), subscription::release);
            }
            return null;
        });
    }

    private static String name(Channel topic) {
        return ((Channel.Topic) topic).name();
    }

    private void unsubscribe(ClientFrame.Unsubscribe frame) throws Problem {
        Channel topic = new Channel.Topic(UserId.topic(frame.topic()));
        Subscription subscription = session.subscription(topic);
        if (subscription == null) {
            throw Problem.bad("not_subscribed", "The session is not subscribed to this topic.");
        }
        registry.subscribing().leave(subscription);
        session.send(new ServerFrame.Unsubscribed(name(topic)));
    }

    private void reply(ClientFrame.Reply frame) {
        if (session.mayReply() || uplink.admit(session, limiter)) {
            uplink.reply(session, frame);
        }
    }

    private void send(ClientFrame.Send frame) {
        try {
            uplink.send(session, frame.reception(), frame.flag(), frame.body()).whenComplete((receipt, failure) -> {
                if (failure == null) {
                    session.send(new ServerFrame.Sent(frame.ref(), receipt.id(), receipt.online()));
                } else {
                    fail(frame.ref(), problem(failure, "The message could not be stored; try again."));
                }
            });
        } catch (Problem problem) {
            fail(frame.ref(), problem);
        }
    }

    private void ack(ClientFrame.Ack frame) throws Problem {
        Channel channel = Channel.parse(frame.channel());
        Subscription subscription = channel == null ? null : session.subscription(channel);
        long before = subscription == null ? 0 : subscription.acked();
        AfterUnlock after = registry.afterUnlock();
        if (subscription == null || !subscription.ack(frame.position(), frame.failed(), after)) {
            throw Problem.bad("bad_ack", "Nothing up to this position was sent in this session.");
        }
        after.flush();
        if (subscription.acked() == before && !uplink.admit(session, limiter)) {
            return;
        }
        if (channel.equals(session.userChannel())) {
            session.read(frame.position());
        }
    }

    /** @param otherwise what to say of a failure that does not speak for itself */
    private static Problem problem(Throwable failure, String otherwise) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof Problem problem ? problem : new Problem(503, "unavailable", otherwise);
    }

    private void fail(String ref, Problem problem) {
        metrics.clientErrors.increment();
        session.send(new ServerFrame.Failed(ref, problem.code(), problem.detail()));
    }
}
