package parley.session;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.auth.Identity;
import parley.broker.Broker;
import parley.broker.Fates;
import parley.broker.Waiting;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Message;
import parley.message.Problem;
import parley.message.ServerFrame;
import parley.message.Time;
import parley.metrics.Limit;
import parley.metrics.Metrics;

/**
 * All sessions of this server: the session map, who listens to which channel, and the heartbeat. The only one that opens
 * and closes sessions. All methods may be called from any thread; {@link #tick} by one at a time.
 */
public final class SessionRegistry implements Broker.Sink, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SessionRegistry.class);

    /** How often a session is pinged at least: under the 30 s after which the hastiest proxies cut a quiet line. */
    public static final int HEARTBEAT_MILLIS = 25_000;

    /** Pings come up to this much early, so that sessions opened together are not pinged together. */
    private static final int JITTER_MILLIS = 2_500;

    /** A heartbeat and ten seconds for the answer. Beyond it: 4104. */
    static final int SILENCE_MILLIS = 35_000;

    /** A page says hello at once; this is for a slow line. Beyond it: 4104. */
    static final int HELLO_MILLIS = 10_000;

    /** A write that the client does not take in this time will not be taken. Beyond it: 4101. */
    static final int STALL_MILLIS = 10_000;

    /** For all pieces of a message: 64 KiB pass any line in this time. Beyond it: 4104. */
    static final int MESSAGE_MILLIS = 10_000;

    /** How long what waits may still leave a closing session, and how long its close may then take. */
    static final int GRACE_MILLIS = 2_000;

    /** A plain client is asked this long after a write at the latest, whether it has it. */
    static final int CONFIRM_MILLIS = 2_000;

    /** When somebody may have left whose place another can take. */
    private static final int ROOM_MILLIS = 5_000;

    /** A tick that is later than this was not late for the clients, but because this process stood still. */
    private static final int LATE_MILLIS = 1_000;

    static final Outgoing PING = Outgoing.frame(ServerFrame.PING);
    static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

    private final ConcurrentHashMap<String, ClientSession> sessions = new ConcurrentHashMap<>();
    private final Audiences audiences = new Audiences();
    private final Subscribing subscribing;
    private final Presence presence;
    private final Lines lines = new Lines();
    private final Broker broker;
    private final Uplink uplink;
    private final Metrics metrics;
    private final Time time;
    private final RandomGenerator random;
    private final Pumps pumps;
    private final Wheel<ClientSession> wheel;
    private volatile long lateness; // what this process slept; written by tick
    private volatile long lastTick; // written by tick
    private long wallAhead; // of the wall clock to ours, when all expiries were last looked at; for tick alone
    private volatile boolean stopping; // whoever comes now is sent away at once

    /**
     * @param random for session ids and jitter; must be thread-safe
     * @param pumpThreads how many threads write for publishers with many receivers
     */
    public SessionRegistry(
            Broker broker,
            SessionSettings limits,
            Metrics metrics,
            Time time,
            RandomGenerator random,
            int pumpThreads) {
        this(broker, limits, metrics, time, random, new Pumps(pumpThreads));
    }

    SessionRegistry(
            Broker broker, SessionSettings limits, Metrics metrics, Time time, RandomGenerator random, Pumps pumps) {
        this.broker = broker;
        this.presence = new Presence(audiences, broker);
        this.subscribing = new Subscribing(audiences, broker, metrics, pumps);
        this.uplink = new Uplink(this, broker, limits, metrics, time);
        this.metrics = metrics;
        this.time = time;
        this.random = random;
        this.pumps = pumps;
        this.lastTick = time.millis();
        this.wheel = new Wheel<>(lastTick);
    }

    // ---- opening, subscribing, closing

    /** @throws Problem 429 when this is one of a user's who has as many sessions as one may */
    public void requireRoom(Identity identity) throws Problem {
        if (identity.user() != null
                && audiences.size(new Channel.User(identity.user())) >= SessionSettings.SESSIONS_PER_USER) {
            metrics.limited(Limit.USER_CONNECTIONS);
            throw new Problem(
                            429,
                            "too_many_connections",
                            "A user has at most " + SessionSettings.SESSIONS_PER_USER + " connections; close some.")
                    .retryAfter(ROOM_MILLIS);
        }
    }

    /**
     * Opens a session for a connection that was let in.
     *
     * @param starts the channels to subscribe to and where they start; a v1 client's hello may say otherwise
     * @param reads whether what the client handles is read, so that his user's inbox moves; not with {@code since=now}
     */
    public ClientSession open(
            Identity identity, Mode mode, Transport transport, Map<Channel, Since> starts, boolean reads) {
        boolean movesCursor = reads && identity.user() != null;
        String id = Message.newId(time.wallMillis(), random);
        ClientSession session = new ClientSession(id, identity, mode, transport, movesCursor, this, broker);
        if (mode == Mode.V1) {
            session.converse(new V1Conversation(session, this, uplink, metrics, starts));
        } else if (mode == Mode.PLAIN) {
            session.converse(new PlainConversation(session, uplink, metrics));
        }
        sessions.put(id, session);
        lines.begun();
        metrics.opened.increment();
        LOG.debug("session {} of user {} opened, {}", id, identity.user(), mode);
        session.nextPing = session.opened + HEARTBEAT_MILLIS - random.nextInt(HEARTBEAT_MILLIS / 2);
        wheel.visit(session.timer, mode == Mode.V1 ? session.opened + HELLO_MILLIS : session.nextPing);
        wheel.visit(session.timer, expiry(session));
        if (mode != Mode.V1) {
            subscribing.joinAll(session, starts).whenComplete((joined, failure) -> {
                if (failure != null) {
                    session.close(Disconnect.INTERNAL);
                } else {
                    session.started(joined);
                    joined.forEach(join -> join.subscription().release());
                    cameOrWent(session);
                }
            });
        }
        if (stopping) { // it was let in before that was known
            session.close(Disconnect.RESTARTING);
        }
        return session;
    }

    /** Closes a session that sends more than it may; what it has sent beyond that is not even read. */
    void flooded(ClientSession session, Limit limit, String sentence) {
        metrics.limited(limit);
        session.flooding = true;
        session.close(Disconnect.TOO_MANY_MESSAGES, sentence);
    }

    /**
     * Ends a session; the first reason wins. With {@link Disconnect#GONE} its line has ended already. Called by whoever
     * notices: the client, the heartbeat, a full outbox, the operator.
     */
    public void close(ClientSession session, Disconnect why, String sentence) {
        List<Subscription> had = session.end();
        if (had != null) {
            sessions.remove(session.id(), session);
            had.forEach(subscribing::ended);
            metrics.closed.increment();
            cameOrWent(session);
            LOG.debug(
                    "session {} of user {} closed: {}",
                    session.id(),
                    session.identity().user(),
                    why);
            if (why == Disconnect.TOO_SLOW) {
                metrics.tooSlow.increment();
            }
            if (why == Disconnect.LEFT) {
                session.outbox().end();
                session.abortAt = now() + GRACE_MILLIS;
                wheel.visit(session.timer, session.abortAt);
            } else if (why != Disconnect.GONE) {
                boolean drop = why == Disconnect.TOO_SLOW || why == Disconnect.NO_HEARTBEAT;
                session.abortAt = now() + (drop ? 1 : 2) * GRACE_MILLIS;
                wheel.visit(session.timer, session.abortAt - (drop ? 0 : GRACE_MILLIS));
                session.outbox().close(why, sentence, drop);
            }
            recordEnd(session, why, had);
        }
        if (why == Disconnect.GONE && wheel.end(session.timer)) {
            session.outbox().end();
            lines.ended();
        }
    }

    private void recordEnd(ClientSession session, Disconnect why, List<Subscription> had) {
        List<Fates.Receiver> stood = had.stream()
                .filter(Subscription::isUsed)
                .limit(Fates.CHANNELS)
                .map(Subscription::receiver)
                .toList();
        broker.fates().closed(session.id(), session.identity().user(), why.code(), stood);
    }

    /**
     * Says goodbye to everybody, and to whoever still comes: v1 sessions are told when to come back, all are closed with
     * 4103.
     *
     * @param spreadMillis over how long they come back
     */
    public void closeAll(int spreadMillis) {
        stopping = true;
        int count = Math.max(1, sessions.size());
        int rank = 0;
        for (ClientSession session : sessions.values()) {
            if (session.mode() == Mode.V1 && session.greeted) {
                session.send(new ServerFrame.Reconnect((long) spreadMillis * rank++ / count));
            }
            session.close(Disconnect.RESTARTING);
        }
    }

    /** Sessions whose transport has not ended yet, closed ones too. */
    public int lines() {
        return lines.count();
    }

    /** Waits until every transport has ended; false when the time is up before. For who stops the server. */
    public boolean awaitEnd(Duration atMost) throws InterruptedException {
        return lines.awaitEnd(atMost);
    }

    /** Entries in the session map and in the index; for tests and figures. */
    public int size() {
        return sessions.size() + audiences.size();
    }

    /** How sessions come into channels and out of them. */
    Subscribing subscribing() {
        return subscribing;
    }

    // ---- what people ask

    /** How each session stands, in no order; each at a moment of its own. */
    public List<SessionFigures> figures() {
        List<SessionFigures> figures = new ArrayList<>(sessions.size());
        sessions.values().forEach(session -> figures.add(session.figures()));
        return figures;
    }

    /** Every channel that somebody listens to, with how many sessions. */
    public Map<Channel, Integer> channels() {
        return audiences.sizes();
    }

    // ---- what the broker asks

    @Override
    public Broker.Delivery deliver(Message message, boolean kept, Waiting waiting) {
        AfterUnlock after = afterUnlock();
        Audience audience = audiences.of(message.channel());
        if (audience != null) {
            audience.deliver(new Outgoing.Forms(message), kept, waiting, after);
            metrics.offered.add(after.online());
        }
        return after;
    }

    @Override
    public int ask(Channel.User user, String ask, Body body, String flag) {
        Outgoing frame = Outgoing.frame(new ServerFrame.Ask(ask, body, flag));
        int asked = 0;
        for (Subscription subscription : audiences.members(user)) {
            if (subscription.session.mode() == Mode.V1 && subscription.online()) {
                subscription.session.asked();
                subscription.session.send(frame);
                asked++;
            }
        }
        return asked;
    }

    @Override
    public int disconnect(Channel.User user, String reason) {
        List<Subscription> members = audiences.members(user);
        members.forEach(member -> member.session.close(Disconnect.KICKED, reason));
        return members.size();
    }

    @Override
    public List<Fates.Receiver> receivers(Channel channel) {
        return audiences.members(channel).stream()
                .filter(Subscription::online)
                .map(Subscription::receiver)
                .toList();
    }

    @Override
    public int online(Channel channel) {
        return audiences.online(channel);
    }

    @Override
    public List<String> users(String after, int limit) {
        return audiences.users(after, limit);
    }

    // ---- heartbeat

    /**
     * Milliseconds that stand still while this process does: at most a second passes before a tick tells how long it
     * slept, which it then takes back.
     */
    long now() {
        return Math.min(time.millis(), lastTick + LATE_MILLIS) - lateness;
    }

    /** To be called every {@link Wheel#TICK_MILLIS}: pings, and closes what is silent, stalled or over its time. */
    public void tick() {
        long real = time.millis();
        if (real - lastTick > LATE_MILLIS) {
            lateness += real - lastTick - Wheel.TICK_MILLIS;
        }
        lastTick = real;
        long ahead = time.wallMillis() - now();
        if (Math.abs(ahead - wallAhead) > LATE_MILLIS) {
            wallAhead = ahead;
            sessions.values().stream()
                    .filter(session -> session.identity().everExpires())
                    .forEach(session -> wheel.visit(session.timer, now()));
        }
        AfterUnlock after = afterUnlock();
        wheel.advance(now(), session -> {
            try {
                beat(session, now(), after);
            } catch (RuntimeException bug) { // the others' turn must come all the same
                LOG.error("the heartbeat of session {} failed", session.id(), bug);
                session.transport().abort();
            }
        });
        after.flush();
        presence.announce();
    }

    private void beat(ClientSession session, long now, AfterUnlock after) {
        if (session.abortAt != Long.MAX_VALUE) {
            beatClosing(session, now);
            return;
        }
        if (session.heard > now) { // while we slept; else it is not written, for a newer sign of life would be lost
            session.heard = now;
        }
        long stalled = session.outbox().pendingSince();
        if (stalled >= 0 && now - stalled >= STALL_MILLIS) {
            session.close(Disconnect.TOO_SLOW);
        } else if (session.identity().expires() <= time.wallMillis()) {
            session.close(Disconnect.TOKEN_EXPIRED);
        } else if (session.mode() == Mode.V1 && !session.greeted && now - session.opened >= HELLO_MILLIS) {
            session.close(Disconnect.NO_HEARTBEAT, "no hello within 10 s");
        } else if (now >= messageDeadline(session)) {
            session.close(Disconnect.NO_HEARTBEAT, "a message did not become whole within 10 s");
        } else if (session.mode().webSocket() && now - session.heard >= SILENCE_MILLIS) {
            session.close(Disconnect.NO_HEARTBEAT);
        } else {
            if (now >= session.nextPing || now >= session.confirmAt) {
                session.nextPing = now + HEARTBEAT_MILLIS - random.nextInt(JITTER_MILLIS);
                session.confirmAt = Long.MAX_VALUE;
                session.outbox().ping(after);
            }
            wheel.visit(session.timer, nextDeadline(session, stalled));
        }
    }

    private long nextDeadline(ClientSession session, long stalled) {
        long next = Math.min(Math.min(session.nextPing, session.confirmAt), expiry(session));
        next = Math.min(next, messageDeadline(session));
        if (session.mode().webSocket()) {
            next = Math.min(next, session.heard + SILENCE_MILLIS);
        }
        if (session.mode() == Mode.V1 && !session.greeted) {
            next = Math.min(next, session.opened + HELLO_MILLIS);
        }
        return stalled < 0 ? next : Math.min(next, stalled + STALL_MILLIS);
    }

    /** When a session's token expires, as the clocks stand now. */
    private long expiry(ClientSession session) {
        Identity identity = session.identity();
        return identity.everExpires() ? now() + identity.expires() - time.wallMillis() : Long.MAX_VALUE;
    }

    private static long messageDeadline(ClientSession session) {
        long since = session.messageSince;
        return since == Long.MAX_VALUE ? since : since + MESSAGE_MILLIS;
    }

    private void beatClosing(ClientSession session, long now) {
        if (now >= session.abortAt) {
            session.transport().abort();
            close(session, Disconnect.GONE, "");
            return;
        }
        long dropAt = session.abortAt - GRACE_MILLIS;
        if (now >= dropAt) {
            session.outbox().drop();
        }
        wheel.visit(session.timer, now >= dropAt ? session.abortAt : dropAt); // it may have come for an older deadline
    }

    /** A plain client was sent something of its user's: soon it must be asked whether it has it. */
    void confirmSoon(ClientSession session) {
        if (session.confirmAt == Long.MAX_VALUE) {
            session.confirmAt = now() + CONFIRM_MILLIS - 2 * Wheel.TICK_MILLIS;
            wheel.visit(session.timer, session.confirmAt);
        }
    }

    /** A write was not taken at once: see whether it is taken in time. */
    void watchWrite(ClientSession session) {
        wheel.visit(session.timer, now() + STALL_MILLIS);
    }

    /** A message began: see whether it becomes whole in time. */
    void watchMessage(ClientSession session) {
        wheel.visit(session.timer, messageDeadline(session));
    }

    /** A pump goes on with an outbox that has more than its share. */
    void pump(Outbox outbox) {
        pumps.pump(List.of(outbox), 0);
    }

    /** The close frame has left: the client has two seconds for its own. */
    void abortSoon(ClientSession session) {
        session.abortAt = Math.min(session.abortAt, now() + GRACE_MILLIS);
        wheel.visit(session.timer, session.abortAt);
    }

    /** The session's user perhaps came or went; the next tick finds out. */
    void cameOrWent(ClientSession session) {
        presence.cameOrWent(session);
    }

    AfterUnlock afterUnlock() {
        return new AfterUnlock(pumps);
    }

    @Override
    public void close() {
        pumps.close();
    }
}
