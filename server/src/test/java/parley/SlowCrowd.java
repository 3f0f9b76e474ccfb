package parley;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * What stuck readers do to the others: 1,000 subscribers of one topic, in every second round 100 of them stuck behind a full
 * outbox. Latency is counted from when a message was due, so that a publisher who is held up shows.
 */
final class SlowCrowd implements AutoCloseable {

    static final int HEALTHY = 900;
    static final int OTHERS = 100;
    private static final int RATE = 20; // messages a second
    private static final int MESSAGES = 5 * RATE; // a round ends before the stuck ones are cut
    private static final int FILL = 34; // of 60 KB: 2 MB, beyond the kernel's buffers and the outbox

    /**
     * One round: latencies of the healthy ones in ms.
     *
     * @param longestPublish from when it was due until its receipt, in ms
     * @param heapKilobytes after a collection, at the end of the round
     */
    record Round(double p50, double p99, double longestPublish, long heapKilobytes) {}

    private final JarProcess server;
    private final RawSocket publisher;
    private final Crowd crowd;
    private long[] due = {};
    private long[] latencies = {};
    private int count;

    SlowCrowd(JarProcess server) throws IOException {
        this.server = server;
        this.publisher = new RawSocket(server.port());
        this.crowd = new Crowd(server.port(), this::received);
        crowd.connect(HEALTHY, "/websocket/healthy-", "?topic=news", false);
    }

    private void received(ByteBuffer text) {
        if (text.get(0) != '#') {
            return; // a filling
        }
        int number = 0;
        for (int i = 1; text.get(i) != ' '; i++) {
            number = 10 * number + text.get(i) - '0';
        }
        if (count < latencies.length) {
            latencies[count++] = System.nanoTime() - due[number];
        }
    }

    /** The receipt's number of those online. */
    private int publish(String topic, String text) throws IOException {
        publisher.request(
                "POST",
                "/socket/publish?topic=" + topic,
                "Content-Type: text/plain",
                "Content-Length: " + text.length());
        publisher.send(text);
        return JsonParser.parseString(publisher.readAnswer().body())
                .getAsJsonObject()
                .get("online")
                .getAsInt();
    }

    /** @param stuck whether the hundred read nothing */
    Round round(boolean stuck) throws Exception {
        List<SocketChannel> others = crowd.connect(OTHERS, "/websocket/other-", "?topic=fill&topic=news", stuck);
        String filling = "x".repeat(60_000);
        CompletableFuture<Void> filled = CompletableFuture.runAsync(() -> unchecked(() -> {
            for (int i = 0; i < FILL; i++) {
                publish("fill", filling);
            }
        }));
        while (!filled.isDone()) {
            crowd.select(10);
        }
        filled.join();
        crowd.runFor(Duration.ofMillis(500));
        due = new long[MESSAGES];
        latencies = new long[MESSAGES * (HEALTHY + (stuck ? 0 : OTHERS))];
        count = 0;
        long[] longest = {0};
        CompletableFuture<Void> published = CompletableFuture.runAsync(() -> unchecked(() -> longest[0] = feed()));
        while (!published.isDone()) {
            crowd.select(10);
        }
        published.join();
        crowd.runFor(Duration.ofMillis(300));
        if (count < latencies.length) {
            throw new IllegalStateException("only " + count + " of " + latencies.length + " messages came");
        }
        long heap = Soak.heapKilobytes(server);
        crowd.leave(others);
        crowd.runFor(Duration.ofMillis(500));
        Arrays.sort(latencies);
        return new Round(latencies[count / 2] / 1e6, latencies[(int) (count * 0.99)] / 1e6, longest[0] / 1e6, heap);
    }

    /** Publishes at its rate, whatever the server does; the longest time until a receipt. */
    private long feed() throws IOException {
        String filling = "x".repeat(200);
        long start = System.nanoTime();
        long longest = 0;
        for (int i = 0; i < MESSAGES; i++) {
            due[i] = start + i * 1_000_000_000L / RATE;
            while (System.nanoTime() < due[i]) {
                LockSupport.parkNanos(due[i] - System.nanoTime());
            }
            int online = publish("news", "#" + i + " " + filling);
            longest = Math.max(longest, System.nanoTime() - due[i]);
            if (online != HEALTHY + OTHERS) {
                throw new IllegalStateException("only " + online + " were online");
            }
        }
        return longest;
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void unchecked(Work work) {
        try {
            work.run();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        crowd.close();
        publisher.close();
    }
}
