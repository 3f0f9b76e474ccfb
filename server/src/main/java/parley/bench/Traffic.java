package parley.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A scenario in which messages flow: connect, warm up until the rate is steady, measure, wait for what is still on its
 * way, and balance the books of the whole run, warm-up included.
 */
abstract class Traffic implements Clients.Inbox, Publisher.Listener {

    private static final int HANDSHAKES_AT_ONCE = 128;

    /** How long a message may be on its way when nothing new is sent. */
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** So many windows in a row, none more than so much above or below their mean, are a steady rate. */
    private static final int STEADY_WINDOWS = 6;

    private static final double STEADY = 0.05;

    /** From here on the load may have been what limited the rate. */
    private static final double LOAD_LIMIT = 0.95;

    final Rig rig;
    final BenchSettings.Scenario scenario;
    final Stamp stamp;
    final Clients clients;
    final Latencies deliveries = new Latencies();
    final Latencies receipts = new Latencies();
    private final Books books;
    private final boolean manyStreams;
    private final Map<String, Integer> refusals = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();
    private long refused; // deliveries that nobody may expect
    private int readyPublishers;
    private boolean sending;
    private boolean measuring;
    private boolean broken;

    /**
     * @param topic whether all clients get what is published to all
     * @param streams of numbers that each client gets
     */
    Traffic(Rig rig, BenchSettings.Scenario scenario, boolean topic, int streams) {
        this.rig = rig;
        this.scenario = scenario;
        stamp = new Stamp(ThreadLocalRandom.current().nextInt(), rig.settings().bytes());
        clients = new Clients(
                rig.load(),
                rig.target(),
                rig.settings().clients(scenario),
                index -> rig.target().handshake(index, stamp.run(), topic, false),
                this);
        books = new Books(clients.count(), streams);
        manyStreams = streams > 1;
    }

    /** The connections to publish on; none when the clients themselves send. */
    abstract Publisher[] publishers();

    /** Sends the first messages; the others follow what comes back, or the clock. */
    abstract void begin();

    /** The rate is steady: what is measured follows. */
    void warm() throws IOException {}

    /** A message came for the first time. */
    abstract void arrived(SocketClient client, int publisher, long number, long latency);

    /** How many get a message. */
    abstract int receivers();

    private long owed() {
        return expected() - refused;
    }

    /** How many messages were to arrive so far, at all clients together. */
    abstract long expected();

    abstract Outcome outcome(Figures figures);

    /**
     * @param delivered messages while measuring
     * @param answered receipts while measuring
     */
    record Figures(
            long delivered,
            long answered,
            double seconds,
            Usage before,
            Usage after,
            Books.Balance balance,
            List<String> notes,
            boolean failed) {}

    final Outcome run() throws IOException, Target.Unreachable {
        clients.connect(HANDSHAKES_AT_ONCE, rig.progress());
        openPublishers();
        sending = true;
        begin();
        warmUp();
        warm();
        deliveries.clear();
        receipts.clear();
        measuring = true;
        Usage before = rig.usage();
        measure();
        measuring = false;
        Usage after = rig.usage();
        Figures figures = new Figures(
                deliveries.count(),
                receipts.count(),
                (after.time() - before.time()) / 1e9,
                before,
                after,
                null,
                notes,
                false);
        sending = false;
        rig.load().follow(null);
        boolean interrupted = rig.load().stopped();
        rig.load().run(DRAIN_NANOS, () -> books.distinct() >= owed());
        clients.losses().forEach(notes::add);
        refusals.forEach((why, count) -> notes.add(count + " publishes: " + why));
        boolean waiting = scenario == BenchSettings.Scenario.OPEN_LOOP; // for the next due time, and that is busy, too
        if (after.loadBusy(before) > LOAD_LIMIT && !waiting) {
            notes.add("the load itself was busy all the time: the server may be faster");
        }
        Books.Balance balance = books.balance(owed());
        if (interrupted) {
            notes.add("interrupted: what was still on its way was not waited for");
            balance = new Books.Balance(balance.expected(), 0, balance.duplicated(), balance.reordered());
        }
        return outcome(new Figures(
                figures.delivered,
                figures.answered,
                figures.seconds,
                before,
                after,
                balance,
                notes,
                broken || clients.open() < clients.count()));
    }

    private void openPublishers() throws IOException, Target.Unreachable {
        Publisher[] all = publishers();
        for (Publisher publisher : all) {
            publisher.open(rig.target().publishing());
        }
        rig.load().run(TimeUnit.SECONDS.toNanos(10), () -> readyPublishers == all.length || broken);
        if (readyPublishers < all.length && !rig.load().stopped()) {
            throw rig.target()
                    .nobodyThere(
                            refusals.isEmpty()
                                    ? "no answer"
                                    : refusals.keySet().iterator().next());
        }
    }

    private void warmUp() throws IOException {
        List<Double> rates = new ArrayList<>();
        long begin = System.nanoTime();
        long most = TimeUnit.SECONDS.toNanos(rig.settings().warmUpSeconds());
        boolean steady = false;
        while (!steady && System.nanoTime() - begin < most && !rig.load().stopped() && !broken) {
            long start = System.nanoTime();
            long already = books.distinct();
            rig.load().run(WINDOW_NANOS, () -> broken);
            rates.add((books.distinct() - already) / ((System.nanoTime() - start) / 1e9));
            rig.progress().at(String.format("warming up: %,.0f messages/s", rates.get(rates.size() - 1)));
            steady = isSteady(rates);
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        notes.add(String.format("%s after %.1f s of warming up", steady ? "steady" : "not steady", seconds));
    }

    /** Whether the last rates differ little. */
    static boolean isSteady(List<Double> rates) {
        if (rates.size() < STEADY_WINDOWS) {
            return false;
        }
        List<Double> last = rates.subList(rates.size() - STEADY_WINDOWS, rates.size());
        double mean = last.stream().mapToDouble(rate -> rate).average().orElse(0);
        return mean > 0 && last.stream().allMatch(rate -> Math.abs(rate - mean) <= STEADY * mean);
    }

    private void measure() throws IOException {
        long begin = System.nanoTime();
        rig.load().run(TimeUnit.SECONDS.toNanos(rig.settings().seconds()), () -> {
            double seconds = (System.nanoTime() - begin) / 1e9;
            rig.progress().at(String.format("measuring: %,.0f messages/s", deliveries.count() / seconds));
            return broken;
        });
    }

    /** Whether to send more. */
    final boolean isSending() {
        return sending;
    }

    final boolean isMeasuring() {
        return measuring;
    }

    @Override
    public final void message(SocketClient client, byte[] bytes, int from, int to) {
        for (int at = stamp.find(bytes, from, to); at >= 0; at = stamp.find(bytes, at, to)) {
            int publisher = stamp.publisher;
            long number = stamp.number;
            long latency = System.nanoTime() - stamp.time;
            if (books.got(client.index, manyStreams ? publisher : 0, number)) {
                if (measuring) {
                    deliveries.add(latency);
                }
                arrived(client, publisher, number, latency);
            }
        }
    }

    @Override
    public final void ready(Publisher publisher) {
        readyPublishers++;
    }

    @Override
    public final void answered(Publisher publisher, long due, String refusal) {
        if (refusal != null) {
            refusals.merge(refusal, 1, Integer::sum);
            refused += receivers();
            broken = true;
            sending = false;
        } else if (measuring) {
            receipts.add(System.nanoTime() - due);
        }
        if (sending) {
            goOn(publisher);
        }
    }

    /** A publisher has room for another message. */
    abstract void goOn(Publisher publisher);

    @Override
    public final void lost(Publisher publisher, String why) {
        refusals.merge(why, 1, Integer::sum);
        broken = true;
    }
}
