package parley.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * All clients lose their connections at once, without a word, and all come back at once. Where the server keeps what a
 * user misses, one message is published to each meanwhile, and must be there once.
 */
final class Storm implements Clients.Inbox, Publisher.Listener {

    private static final int FIRST_AT_ONCE = 128;

    /** How many of them knock at a time: an accept queue is 4,096 long at most, and beyond it a kernel waits a second. */
    private static final int STORM_AT_ONCE = 1_000;

    private static final int PUBLISH_DEPTH = 64;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(15);

    private final Rig rig;
    private final Stamp stamp;
    private final Clients clients;
    private final Books books;
    private final List<String> notes = new ArrayList<>();
    private final boolean missing; // whether messages are missed
    private int nextUser;
    private int answered;
    private String refusal;

    Storm(Rig rig) {
        this.rig = rig;
        stamp = new Stamp(ThreadLocalRandom.current().nextInt(), rig.settings().bytes());
        clients = new Clients(
                rig.load(),
                rig.target(),
                rig.settings().clients(BenchSettings.Scenario.STORM),
                index -> rig.target().handshake(index, stamp.run(), false, true),
                this);
        books = new Books(clients.count(), 1);
        missing = rig.inbox();
    }

    Outcome run() throws IOException, Target.Unreachable {
        clients.connect(FIRST_AT_ONCE, rig.progress());
        int before = clients.open();
        clients.cut();
        if (missing) {
            publishToAll();
        }
        rig.progress().step("  all were cut, and come back");
        Usage cut = rig.usage();
        clients.handshakes().clear();
        long begun = System.nanoTime();
        clients.connect(STORM_AT_ONCE, rig.progress());
        Usage back = rig.usage();
        rig.load().run(PATIENCE_NANOS, () -> books.distinct() >= answered);
        if (missing && books.distinct() >= answered) {
            notes.add("all had what they missed after " + Report.time(System.nanoTime() - begun));
        } else if (!missing) {
            notes.add("the server keeps nothing, so no messages were published meanwhile");
        }
        notes.addAll(clients.losses());
        return new Outcome(
                BenchSettings.Scenario.STORM,
                String.format("%,d of %,d came back", clients.open(), before),
                clients.open() / ((back.time() - cut.time()) / 1e9),
                "handshakes",
                "of a handshake",
                clients.handshakes(),
                back.serverNanosEach(cut, clients.open()),
                -1,
                rig.load().stopped() ? Books.Balance.NOTHING : books.balance(answered),
                notes,
                refusal != null || clients.open() < before);
    }

    private void publishToAll() throws IOException, Target.Unreachable {
        Publisher publisher = new RequestPublisher(
                rig.load(), 0, PUBLISH_DEPTH, this, user -> rig.target().publishHead(user, stamp.run(), stamp.size()));
        publisher.open(rig.target().publishing());
        rig.load().run(PATIENCE_NANOS, () -> answered == clients.count() || refusal != null);
        publisher.close();
    }

    @Override
    public void ready(Publisher publisher) {
        publishMore(publisher);
        publisher.flush();
    }

    private void publishMore(Publisher publisher) {
        while (publisher.room() > 0 && nextUser < clients.count()) {
            long now = System.nanoTime();
            publisher.publish(nextUser++, stamp.message(0, 1, now), now);
        }
    }

    @Override
    public void answered(Publisher publisher, long due, String why) {
        if (why == null) {
            answered++;
        } else {
            lost(publisher, why);
        }
        publishMore(publisher);
    }

    @Override
    public void lost(Publisher publisher, String why) {
        if (refusal == null) {
            refusal = why;
            notes.add("publishing failed: " + why);
        }
    }

    @Override
    public void message(SocketClient client, byte[] bytes, int from, int to) {
        for (int at = stamp.find(bytes, from, to); at >= 0; at = stamp.find(bytes, at, to)) {
            books.got(client.index, 0, stamp.number);
        }
    }
}
