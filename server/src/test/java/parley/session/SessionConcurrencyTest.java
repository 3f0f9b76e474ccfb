package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.RepeatedTest;
import parley.broker.LocalBroker;
import parley.broker.ManualDelays;
import parley.history.HistorySettings;
import parley.history.HistorySettings.Keep;
import parley.history.MemoryHistory;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.ManualTime;
import parley.message.Position;
import parley.message.Receipt;
import parley.message.Standing;
import parley.metrics.Metrics;

/**
 * The model check with threads: publishers, clients that come, stall and go, and completions from threads of their own,
 * all at once. The order in which things happened is not known, but the ledgers of all clients must come out: every
 * offset between a client's start and the end was received in order and once, or declared missed, or excluded, or
 * replaced by a newer one of its name.
 */
class SessionConcurrencyTest {

    private static final int PUBLISHERS = 3;
    private static final int MESSAGES = 1_000; // of each publisher, at least
    private static final int MOVES = 1_000; // of all clients, at least
    private static final int CLIENTS = 10;
    private static final int CLIENT_THREADS = 2;
    private static final String LARGE = "x".repeat(200_000);

    private final List<Channel> channels =
            List.of(Station.user("ann"), Station.user("bob"), Channel.EVERYONE, Station.topic("news"));
    private final Set<Channel> topics = Set.of(Station.topic("news"));
    private final ManualTime time = new ManualTime();
    private final Metrics metrics = new Metrics();
    private final MemoryHistory history = new MemoryHistory(
            new HistorySettings(keep(40), keep(60), keep(200), keep(10), 6 << 20),
            time,
            () -> ThreadLocalRandom.current().nextLong());
    private final LocalBroker broker = new LocalBroker(
            history, time, () -> ThreadLocalRandom.current().nextLong(), metrics, new ManualDelays(time));
    private final SessionRegistry registry = new SessionRegistry(
            broker,
            new SessionSettings(0, 0, false),
            metrics,
            time,
            () -> ThreadLocalRandom.current().nextLong(),
            2);
    private final ExecutorService completers = Executors.newFixedThreadPool(2);
    private final Truth truth = new Truth();
    private final AtomicInteger serials = new AtomicInteger();
    private final AtomicInteger moves = new AtomicInteger();

    private static Keep keep(int count) {
        return new Keep(count, 3_600_000);
    }

    /** What was published. A client may have a message before its publisher has the receipt. */
    private final class Truth implements Ledger.Truth {
        private final Map<Position, Published> places = new ConcurrentHashMap<>();
        private final Map<Integer, Published> named = new ConcurrentHashMap<>(); // with a collapse name, by serial

        /** Before it is published: what is displaced by it must find it here. */
        void announce(Published message) {
            if (message.collapse() != null) {
                named.put(message.serial(), message);
            }
        }

        void add(Published message) {
            announce(message);
            if (message.position() != null) {
                places.put(message.position(), message);
            }
        }

        @Override
        public Published at(Position position) {
            long deadline = System.nanoTime() + 10_000_000_000L;
            Published message = places.get(position);
            while (message == null && System.nanoTime() < deadline) {
                Thread.onSpinWait();
                message = places.get(position);
            }
            return message;
        }

        @Override
        public boolean gone(Published message) {
            Standing standing =
                    history.standing(message.channel()).toCompletableFuture().join();
            return message.position().offset() < standing.oldest();
        }

        @Override
        public boolean expired(Published message) {
            return false;
        }

        @Override
        public boolean collapsible(Published message, String session) {
            return message.collapse() != null
                    && named.values().stream().anyMatch(newer -> replaces(newer, message, session));
        }

        private boolean replaces(Published newer, Published message, String session) {
            return newer.serial() != message.serial()
                    && newer.channel().equals(message.channel())
                    && message.collapse().equals(newer.collapse())
                    && !newer.excludes(session)
                    && (newer.position() == null
                            || newer.position().offset() > message.position().offset());
        }

        @Override
        public Position top(Channel channel) {
            Standing standing = history.standing(channel).toCompletableFuture().join();
            return new Position(standing.epoch(), standing.top());
        }
    }

    @RepeatedTest(2)
    void everyLedgerComesOutWhateverHappensAtOnce() throws Exception {
        broker.start(registry);
        long seed = Long.getLong("parley.seed", System.nanoTime());
        List<ModelClient> clients = clients(new Random(seed));
        ExecutorService threads = Executors.newFixedThreadPool(PUBLISHERS + CLIENT_THREADS + 1);
        List<Future<?>> publishing = new ArrayList<>();
        for (int p = 0; p < PUBLISHERS; p++) {
            Random random = new Random(seed + 1 + p);
            publishing.add(threads.submit(() -> publish(random, clients)));
        }
        List<Future<?>> others = new ArrayList<>();
        for (int t = 0; t < CLIENT_THREADS; t++) {
            Random random = new Random(seed + 100 + t);
            List<ModelClient> mine = clients.subList(t * CLIENTS / CLIENT_THREADS, (t + 1) * CLIENTS / CLIENT_THREADS);
            others.add(threads.submit(() -> live(random, mine, publishing)));
        }
        others.add(threads.submit(() -> tick(publishing)));
        for (Future<?> one : publishing) {
            one.get(60, TimeUnit.SECONDS);
        }
        for (Future<?> one : others) {
            one.get(60, TimeUnit.SECONDS);
        }
        threads.shutdown();
        try {
            settle(clients);
        } catch (AssertionError failure) {
            throw new AssertionError("seed " + seed + ": " + failure.getMessage(), failure);
        }
        registry.close();
    }

    private List<ModelClient> clients(Random random) {
        List<ModelClient> clients = new ArrayList<>();
        Mode[] modes = {Mode.V1, Mode.STREAM, Mode.V1, Mode.STREAM_V1, Mode.PLAIN};
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(new ModelClient(
                    i % 3 == 0 ? "ann" : "bob", modes[i % modes.length], random.nextBoolean(), registry, truth));
        }
        return clients;
    }

    // ---- what the threads do

    private Void publish(Random random, List<ModelClient> clients) {
        for (int i = 0; i < MESSAGES || moves.get() < MOVES && i < 20 * MESSAGES; i++) {
            Channel channel = channels.get(random.nextInt(channels.size()));
            int serial = serials.incrementAndGet();
            String collapse = random.nextInt(6) == 0 ? "c" + random.nextInt(2) : null;
            ClientSession session = clients.get(random.nextInt(clients.size())).session;
            String exclude = session != null && random.nextInt(6) == 0 ? session.id() : null;
            Long retention = random.nextInt(10) == 0 ? Long.valueOf(0) : null;
            Body body = Body.text(Published.body(serial, random.nextInt(30) == 0 ? LARGE : ""));
            truth.announce(new Published(serial, channel, null, collapse, exclude, Long.MAX_VALUE));
            Receipt receipt = broker.publish(new Draft(channel, null, null, null, body, retention, collapse, exclude))
                    .toCompletableFuture()
                    .join();
            truth.add(new Published(serial, channel, receipt.position(), collapse, exclude, Long.MAX_VALUE));
        }
        return null;
    }

    private Void tick(List<Future<?>> until) {
        while (!until.stream().allMatch(Future::isDone)) {
            time.advance(1);
            registry.tick();
            history.expire();
            Thread.yield();
        }
        return null;
    }

    /** Clients come, stall and go; what they got is judged later. */
    private Void live(Random random, List<ModelClient> mine, List<Future<?>> until) throws Exception {
        while (!until.stream().allMatch(Future::isDone)) {
            moves.incrementAndGet();
            ModelClient client = mine.get(random.nextInt(mine.size()));
            int choice = random.nextInt(10);
            if (client.session == null) {
                connect(client, random);
            } else if (client.ended()) {
                client.disconnect(true);
            } else if (choice < 3) {
                client.disconnect(random.nextBoolean());
            } else if (choice < 6) {
                client.stall();
            } else if (choice < 9) {
                client.flow();
            } else if (client.mode == Mode.PLAIN) {
                String payload = client.takePing();
                if (payload != null) {
                    client.session.ponged(payload);
                }
            }
            Thread.yield();
        }
        return null;
    }

    private void connect(ModelClient client, Random random) {
        client.connect(topics, false, random.nextBoolean() ? completers : Runnable::run);
        if (client.mode == Mode.V1) {
            client.hello(topics);
        }
    }

    // ---- the reckoning

    private void settle(List<ModelClient> clients) throws Exception {
        for (ModelClient client : clients) {
            if (client.session != null) {
                client.flow();
                await(client);
                if (client.session.subscription(client.own()) == null) { // it was too slow for a message without place
                    client.disconnect(true);
                }
            }
            if (client.session == null) {
                connect(client, new Random(1));
            }
            await(client);
        }
        completers.shutdown();
        assertTrue(completers.awaitTermination(10, TimeUnit.SECONDS));
        long received = 0;
        for (ModelClient client : clients) {
            client.digest();
            client.isUpToDate();
            received += client.received;
            client.disconnect(true);
        }
        assertTrue(received > 100, "the clients were there: " + received);
        assertEquals(0, registry.size());
        assertEquals(0, registry.lines());
    }

    private void await(ModelClient client) {
        Awaitility.await(client.toString()).atMost(20, TimeUnit.SECONDS).until(() -> quiet(client));
    }

    /** Nothing is on its way to the client. */
    private boolean quiet(ModelClient client) {
        for (Channel channel : channels) {
            Subscription subscription = client.session.subscription(channel);
            if (subscription != null
                    && subscription.newest()
                            > subscription.standing().position().offset()) {
                return false;
            }
        }
        return !client.line.waits() && client.session.outbox().pendingSince() < 0;
    }
}
