package parley;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * All clients of the ledger test, on one thread. Fields that are not volatile belong to that thread, and to the test when
 * it has ended.
 */
final class LedgerFleet {

    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    final LedgerBook book;
    final int port;
    final List<LedgerClient> clients = new ArrayList<>();
    final ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);

    // what the clients wait for at the end; set before draining
    volatile Map<String, Long> tops = Map.of();
    volatile Map<String, Set<Integer>> promised = Map.of();
    volatile Map<String, Set<Integer>> lastWords = Map.of();
    volatile boolean stopping; // the server is, politely
    volatile long killedAt; // 0 as long as the server was not
    private volatile CompletableFuture<Void> complete; // null as long as nobody waits
    private volatile boolean draining = true;
    private volatile boolean over;

    final Map<String, Integer> counts = new TreeMap<>();
    int connections;
    long receivedByPlain;
    long receivedByV1;
    long receivedByStreams;
    long acksSent;
    int resumedAfterKill;
    int recoveredAfterKill;
    int sleptThroughKill;

    private final Selector selector = Selector.open();
    private final Thread thread = new Thread(this::run, "ledger-fleet");

    LedgerFleet(LedgerBook book, int port) throws IOException {
        this.book = book;
        this.port = port;
    }

    void begin() {
        thread.start();
    }

    void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    boolean draining() {
        return draining;
    }

    boolean killed() {
        return killedAt != 0;
    }

    void resumedAfterKill(boolean recovered, boolean slept) {
        resumedAfterKill++;
        sleptThroughKill += slept ? 1 : 0;
        recoveredAfterKill += recovered ? 1 : 0;
    }

    /** Whether lines are cut; not in the beginning. */
    void cuts(boolean yes) {
        draining = !yes;
    }

    /** Done when every client is there and has what it waits for. */
    CompletableFuture<Void> complete() {
        CompletableFuture<Void> next = new CompletableFuture<>();
        complete = next;
        return next;
    }

    SelectionKey register(SocketChannel line, int operations, LedgerClient client) throws IOException {
        return line.register(selector, operations, client);
    }

    /** Cuts everybody; the accounts are closed. */
    void end() throws InterruptedException, IOException {
        if (over) {
            return;
        }
        over = true;
        selector.wakeup();
        thread.join(10_000);
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }

    private void run() {
        long next = System.nanoTime();
        try {
            while (!over) {
                long now = System.nanoTime();
                selector.select(
                        key -> ((LedgerClient) key.attachment()).ready(), Math.max(1, (next - now) / 1_000_000));
                now = System.nanoTime();
                if (now >= next) {
                    clients.forEach(client -> client.live(System.nanoTime()));
                    next = now + TICK_NANOS;
                    CompletableFuture<Void> waiting = complete;
                    if (waiting != null && !waiting.isDone() && clients.stream().allMatch(LedgerClient::hasAll)) {
                        waiting.complete(null);
                    }
                }
            }
        } catch (IOException | RuntimeException | Error bug) {
            java.io.StringWriter trace = new java.io.StringWriter();
            bug.printStackTrace(new java.io.PrintWriter(trace));
            book.wrong("the clients' thread failed: " + trace);
        }
    }
}
