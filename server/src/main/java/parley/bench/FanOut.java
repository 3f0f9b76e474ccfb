package parley.bench;

import java.util.concurrent.TimeUnit;

/** Publishes to all clients. Each publisher has one message on its way, until it is answered and everybody has it. */
final class FanOut extends Traffic implements Load.Schedule {

    private static final int PUBLISHERS = 8;

    /** A message that has not reached everybody by then is not waited for: it is lost, or a client is. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Publisher[] publishers;
    private final long[] sent; // by each publisher
    private final long[] sentAt; // the newest
    private final int[] missing; // clients that have not got the newest
    private final Latencies last = new Latencies();
    private long expected;

    FanOut(Rig rig, BenchSettings.Scenario scenario) {
        this(rig, scenario, publishers(rig.settings(), scenario));
    }

    private FanOut(Rig rig, BenchSettings.Scenario scenario, int count) {
        super(rig, scenario, true, count);
        publishers = new Publisher[count];
        sent = new long[count];
        sentAt = new long[count];
        missing = new int[count];
        byte[] head = rig.target().publishHead(-1, stamp.run(), stamp.size());
        for (int i = 0; i < count; i++) {
            publishers[i] = new RequestPublisher(rig.load(), i, 1, this, user -> head);
        }
    }

    private static int publishers(BenchSettings settings, BenchSettings.Scenario scenario) {
        if (scenario == BenchSettings.Scenario.BROADCAST) {
            return 1;
        }
        return settings.publishers() > 0 ? settings.publishers() : PUBLISHERS;
    }

    @Override
    Publisher[] publishers() {
        return publishers;
    }

    @Override
    void begin() {
        rig.load().follow(this);
        for (Publisher publisher : publishers) {
            goOn(publisher);
        }
    }

    @Override
    void goOn(Publisher publisher) {
        int index = publisher.index;
        if (publisher.room() == 0 || missing[index] > 0) {
            return;
        }
        missing[index] = clients.open();
        expected += clients.open();
        sentAt[index] = System.nanoTime();
        publisher.publish(0, stamp.message(index, ++sent[index], sentAt[index]), sentAt[index]);
        publisher.flush();
    }

    @Override
    void arrived(SocketClient client, int publisher, long number, long latency) {
        if (number != sent[publisher] || --missing[publisher] > 0) {
            return;
        }
        if (isMeasuring()) {
            last.add(latency);
        }
        if (isSending()) {
            goOn(publishers[publisher]);
        }
    }

    /** Gives up what does not reach everybody. */
    @Override
    public void fire(long now) {
        for (Publisher publisher : publishers) {
            if (missing[publisher.index] > 0 && now - sentAt[publisher.index] > PATIENCE_NANOS) {
                missing[publisher.index] = 0;
                goOn(publisher);
            }
        }
    }

    @Override
    public long due() {
        return System.nanoTime() + PATIENCE_NANOS;
    }

    @Override
    int receivers() {
        return clients.open();
    }

    @Override
    long expected() {
        return expected;
    }

    @Override
    Outcome outcome(Figures figures) {
        boolean one = publishers.length == 1;
        if (!one) {
            figures.notes()
                    .add(String.format(
                            "until the last client has it: p50 %s, p99 %s",
                            Report.time(last.nanos(50)), Report.time(last.nanos(99))));
        }
        return new Outcome(
                scenario,
                String.format("1 to %,d, %d on the way", clients.count(), publishers.length),
                figures.delivered() / figures.seconds(),
                "deliveries",
                one ? "until the last client has it" : "from the publisher to each client",
                one ? last : deliveries,
                figures.after().serverNanosEach(figures.before(), figures.delivered()),
                -1,
                figures.balance(),
                figures.notes(),
                figures.failed());
    }
}
