package parley.session;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import parley.auth.Identity;
import parley.broker.Broker;
import parley.broker.LocalBroker;
import parley.broker.ManualDelays;
import parley.history.History;
import parley.history.HistorySettings;
import parley.history.MemoryHistory;
import parley.history.PromptHistory;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.ManualTime;
import parley.message.Position;
import parley.message.Receipt;
import parley.metrics.Metrics;

/** The core without sockets: history, broker and registry on a time that a test moves. */
final class Station implements AutoCloseable {

    static final SessionSettings LIMITS = new SessionSettings(50, 200, false);

    final ManualTime time = new ManualTime();
    final Metrics metrics = new Metrics();
    final ManualDelays delays;
    History history;
    LateBroker late;
    Broker broker;
    SessionRegistry registry;

    private final HistorySettings keep;
    private final SessionSettings limits;
    private final RandomGenerator random;
    private final List<FakeTransport> lines = new ArrayList<>();
    private double jitter; // of the greatest

    Station() {
        this(HistorySettings.standard(), LIMITS);
    }

    Station(HistorySettings keep, SessionSettings limits) {
        this(keep, limits, 1);
    }

    /** @param keep with a directory: in SQLite */
    Station(HistorySettings keep, SessionSettings limits, long seed) {
        this.keep = keep;
        this.limits = limits;
        random = new Jitter(seed);
        delays = new ManualDelays(time);
        begin();
    }

    private void begin() {
        history = keep.directory() == null
                ? new MemoryHistory(keep, time, random)
                : new PromptHistory(keep, time, random);
        late = new LateBroker(new LocalBroker(history, time, random, metrics, delays));
        broker = late.broker();
        registry = new SessionRegistry(broker, limits, metrics, time, random, new Pumps(new InTurn()));
        broker.start(registry);
    }

    /** The server stops and comes back; all lines must have ended, and no answer is owed. */
    void restart() {
        registry.close();
        late.real().close();
        begin();
    }

    /** Random ids and epochs, but an even heartbeat: a test names the moment of a ping. */
    private final class Jitter implements RandomGenerator {
        private final Random random; // java.util's is thread-safe

        Jitter(long seed) {
            random = new Random(seed);
        }

        @Override
        public long nextLong() {
            return random.nextLong();
        }

        @Override
        public int nextInt(int bound) {
            boolean heartbeat = bound % 100 == 0; // 12,500 and 2,500 ms; ids and epochs draw from 4,096 and 62
            return heartbeat ? (int) (jitter * (bound - 1)) : random.nextInt(bound);
        }
    }

    /** How early heartbeats come: 0 not at all, 1 as early as ever. */
    void jitter(double share) {
        jitter = share;
    }

    static Channel user(String id) {
        return new Channel.User(id);
    }

    static Channel topic(String name) {
        return new Channel.Topic(name);
    }

    static Map<Channel, Since> starts(String user, Since since) {
        Map<Channel, Since> starts = new LinkedHashMap<>();
        starts.put(user(user), since);
        starts.put(Channel.EVERYONE, Since.NOW);
        return starts;
    }

    FakeTransport line() {
        FakeTransport line = new FakeTransport();
        lines.add(line);
        return line;
    }

    ClientSession open(String user, Mode mode, Transport line) {
        return open(Identity.open(user), mode, line);
    }

    ClientSession open(Identity identity, Mode mode, Transport line) {
        return registry.open(identity, mode, line, starts(identity.user(), Since.INBOX), true);
    }

    /** A v1 session that said hello; its welcome was looked at. */
    ClientSession v1(String user, FakeTransport line) {
        ClientSession session = open(user, Mode.V1, line);
        session.received("{\"type\":\"hello\"}");
        line.next("welcome");
        return session;
    }

    /** A back end that listens to the events. */
    FakeTransport events() {
        FakeTransport line = line();
        Map<Channel, Since> starts = Map.of(Channel.EVENTS, Since.NOW);
        registry.open(Identity.BACK_END, Mode.STREAM_V1, line, starts, false);
        line.next(); // where it starts
        return line;
    }

    Receipt publish(Channel channel, String text) {
        return publish(new Draft(channel, null, null, null, Body.text(text), null, null, null));
    }

    /** For who only is online now. */
    Receipt publishLive(Channel channel, String text) {
        return publish(new Draft(channel, null, null, null, Body.text(text), 0L, null, null));
    }

    Receipt publish(Draft draft) {
        return late.real().publish(draft).toCompletableFuture().join();
    }

    /** The user's cursor, or null. */
    Long cursor(String user) {
        return history.standing(user(user)).toCompletableFuture().join().cursor();
    }

    Position top(Channel channel) {
        var standing = history.standing(channel).toCompletableFuture().join();
        return new Position(standing.epoch(), standing.top());
    }

    /** Time goes on, tick by tick, the last after exactly {@code millis}. */
    void pass(long millis) {
        for (long left = millis; left > 0; left -= Wheel.TICK_MILLIS) {
            time.advance(Math.min(left, Wheel.TICK_MILLIS));
            registry.tick();
            delays.run();
        }
    }

    /** Every line was looked at to its end. */
    @Override
    public void close() {
        registry.close();
        late.real().close();
        lines.forEach(FakeTransport::assertExhausted);
    }
}
