package parley.bench;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Publishes to one user at a time, the users in turn: as fast as answers come, or at a rate. Each user belongs to one
 * publisher, so that the order of his messages is defined.
 */
final class Unicast extends Traffic implements Load.Schedule {

    private static final int PUBLISHERS = 8;

    /** Lines of a stream that may wait for their receipts. */
    private static final int STREAM_DEPTH = 512;

    /** From the rush of warming up to the set rate. */
    private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Publisher[] publishers;
    private final int[] nextUser; // of each publisher
    private final long[] sent; // to each user
    private final int depth; // requests on the way of each publisher
    private final int rate; // messages per second; 0 for as fast as answers come
    private boolean paced; // whether the clock says when to send
    private long allSent;
    private long begun;
    private long fired; // how many were due so far and are sent
    private int turn; // of publishers

    Unicast(Rig rig, BenchSettings.Scenario scenario) {
        super(rig, scenario, false, 1);
        BenchSettings settings = rig.settings();
        boolean stream = scenario == BenchSettings.Scenario.STREAM;
        rate = scenario == BenchSettings.Scenario.OPEN_LOOP ? settings.rate() : 0;
        int wanted = settings.publishers() > 0 ? settings.publishers() : stream ? 1 : PUBLISHERS;
        depth = switch (scenario) {
            case PIPELINED -> settings.depth();
            case STREAM -> STREAM_DEPTH;
            default -> 1;
        };
        publishers = new Publisher[Math.min(wanted, clients.count())];
        nextUser = new int[publishers.length];
        sent = new long[clients.count()];
        byte[][] heads = new byte[clients.count()][];
        for (int i = 0; i < heads.length; i++) {
            heads[i] = stream
                    ? rig.target().streamLine(i, stamp.run())
                    : rig.target().publishHead(i, stamp.run(), stamp.size());
        }
        for (int i = 0; i < publishers.length; i++) {
            nextUser[i] = i;
            publishers[i] = stream
                    ? new StreamPublisher(
                            rig.load(), i, depth, this, rig.target().streamHead(), user -> heads[user])
                    : new RequestPublisher(rig.load(), i, depth, this, user -> heads[user]);
        }
    }

    @Override
    Publisher[] publishers() {
        return publishers;
    }

    @Override
    void begin() {
        for (Publisher publisher : publishers) {
            goOn(publisher);
            publisher.flush();
        }
    }

    /** Warms up as fast as it can, and then keeps to the rate. */
    @Override
    void warm() throws IOException {
        if (rate > 0) {
            paced = true;
            begun = System.nanoTime();
            rig.load().follow(this);
            rig.load().run(SETTLE_NANOS, () -> false);
        }
    }

    /** Fills the publisher; what is added leaves when it has read all the answers that came. */
    @Override
    void goOn(Publisher publisher) {
        while (!paced && publisher.room() > 0 && publish(publisher, System.nanoTime())) {
            continue;
        }
    }

    private boolean publish(Publisher publisher, long due) {
        int user = user(publisher.index);
        if (user < 0) {
            return false;
        }
        allSent++;
        publisher.publish(user, stamp.message(publisher.index, ++sent[user], due), due);
        return true;
    }

    /** The next of this publisher's users who is connected, or -1. */
    private int user(int publisher) {
        for (int tries = 0; tries < clients.count(); tries++) {
            int user = nextUser[publisher];
            nextUser[publisher] = user + publishers.length < clients.count() ? user + publishers.length : publisher;
            if (clients.isOpen(user)) {
                return user;
            }
        }
        return -1;
    }

    @Override
    public long due() {
        return begun + fired * TimeUnit.SECONDS.toNanos(1) / rate;
    }

    /** Who is due goes to the next publisher with room. When there is none he waits, and his time runs. */
    @Override
    public void fire(long now) {
        for (int tries = 0; tries < publishers.length && due() - now <= 0; tries++) {
            Publisher publisher = publishers[turn++ % publishers.length];
            while (publisher.room() > 0 && due() - now <= 0 && publish(publisher, due())) {
                fired++;
            }
            publisher.flush();
        }
    }

    @Override
    void arrived(SocketClient client, int publisher, long number, long latency) {}

    @Override
    int receivers() {
        return 1;
    }

    @Override
    long expected() {
        return allSent;
    }

    @Override
    Outcome outcome(Figures figures) {
        String how = publishers.length
                + (scenario == BenchSettings.Scenario.STREAM ? " stream" : " publishers")
                + (depth > 1 ? ", " + depth + " deep" : "");
        return new Outcome(
                scenario,
                String.format("%,d users, %s%s", clients.count(), how, rate > 0 ? ", " + rate + "/s" : ""),
                figures.answered() / figures.seconds(),
                "publishes",
                rate > 0 ? "from when it was due to the user" : "from the publisher to the user",
                deliveries,
                figures.after().serverNanosEach(figures.before(), figures.answered()),
                -1,
                figures.balance(),
                figures.notes(),
                figures.failed());
    }
}
