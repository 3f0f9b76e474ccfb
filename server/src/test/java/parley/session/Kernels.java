package parley.session;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import parley.auth.Identity;
import parley.auth.UserId;
import parley.broker.LocalBroker;
import parley.history.HistorySettings;
import parley.history.MemoryHistory;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Publication;
import parley.message.Receipt;
import parley.message.Time;
import parley.metrics.Metrics;

/**
 * What a publish costs without HTTP and without sockets, part by part; run by {@code scripts/kernels}. The figures in
 * server/README.md come from here.
 */
@State(Scope.Benchmark)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(2)
public class Kernels {

    private static final int USERS = 1_000;
    /** Little, else the collector's work on what is kept would be most of what is measured. */
    private static final HistorySettings.Keep TEN = new HistorySettings.Keep(10, 3_600_000);

    private static final HistorySettings KEEP = new HistorySettings(TEN, TEN, TEN, TEN, 1 << 30);

    private static final Body HUNDRED = Body.text("x".repeat(100));

    private final List<Channel> channels = new ArrayList<>();
    private LocalBroker broker;
    private SessionRegistry registry;
    private Outbox outbox;
    private Message message;
    private Outgoing encoded;
    private int next;

    @Setup
    public void open() {
        Metrics metrics = new Metrics();
        broker = new LocalBroker(
                new MemoryHistory(KEEP, Time.SYSTEM, Kernels::random),
                Time.SYSTEM,
                Kernels::random,
                metrics,
                (millis, task) -> () -> {});
        SessionSettings limits = new SessionSettings(0, 0, false);
        registry = new SessionRegistry(broker, limits, metrics, Time.SYSTEM, Kernels::random, 1);
        broker.start(registry);
        for (int i = 0; i < USERS; i++) {
            Channel.User user = new Channel.User("u" + i);
            channels.add(user);
            outbox = registry.open(
                            Identity.open(user.id()), Mode.PLAIN, new Swallowing(), Map.of(user, Since.INBOX), true)
                    .outbox();
        }
        message = Draft.of(channels.get(0), null, null, null, HUNDRED)
                .at(Message.newId(0, Kernels::random), new Position("epochepo", 1), 0);
        encoded = new Outgoing.Forms(message).of(Mode.PLAIN, false);
    }

    @TearDown
    public void close() {
        registry.close();
        broker.close();
    }

    private static long random() {
        return ThreadLocalRandom.current().nextLong();
    }

    private Channel target() {
        next = next + 1 == USERS ? 0 : next + 1;
        return channels.get(next);
    }

    @Benchmark
    public String canonicaliseAscii() throws Problem {
        return UserId.user("user-10086");
    }

    @Benchmark
    public String canonicaliseOther() throws Problem {
        return UserId.user("Zoë-用户-10086");
    }

    @Benchmark
    public Outgoing encodePlain() {
        return new Outgoing.Forms(message).of(Mode.PLAIN, false);
    }

    @Benchmark
    public Outgoing encodeV1() {
        return new Outgoing.Forms(message).of(Mode.V1, false);
    }

    /** From a queued text to the transport's doorstep and back. */
    @Benchmark
    public Offer offerAndPump() {
        AfterUnlock after = registry.afterUnlock();
        Offer offer = outbox.offer(encoded, null, after);
        after.flush();
        return offer;
    }

    /** Sink, audience, Subscription, Outbox: a message that no history keeps, to one of 1,000 users. */
    @Benchmark
    public int route() {
        Message live = new Message("id", target(), null, 0, null, null, null, HUNDRED, null, null);
        var delivery = registry.deliver(live, false, null);
        delivery.flush();
        return delivery.online();
    }

    /** All of it, stored in memory, with its receipt as JSON. */
    @Benchmark
    public byte[] publish() {
        Draft draft = Draft.of(target(), null, null, null, HUNDRED);
        List<Receipt> receipts = broker.publish(new Publication(List.of(draft), 0, null))
                .toCompletableFuture()
                .join();
        return receipts.get(0).json().getBytes(StandardCharsets.UTF_8);
    }

    /** A line that takes everything at once. */
    private static final class Swallowing implements Transport {
        @Override
        public void write(List<Frame> frames, Done done) {
            done.written(null);
        }

        @Override
        public void close(int code, String reason) {}

        @Override
        public void abort() {}
    }
}
