package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Very many publishers who wait, and clients that are killed under them. */
class WaitCrowdTest {

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    // ---- ten thousand at a time

    private static final int USERS = 10;
    private static final int SINGLE = 1_000;
    private static final int STREAMS = 5;
    private static final int LINES = 1_000;
    private static final int BATCHES = 40;
    private static final int ITEMS = 100;

    private static String user(int number) {
        return "crowd-" + number % USERS;
    }

    private static String item(int number) {
        return "{\"userId\":\"" + user(number) + "\",\"message\":" + number + ",\"wait\":\"60s\"}";
    }

    /** Jetty has 32 threads, so none of them waits; requests of one each, streams and batches, as the sockets allow. */
    @Test
    void tenThousandWaitAtATimeAndOthersAreAnsweredMeanwhile() throws Exception {
        int total = SINGLE + STREAMS * LINES + BATCHES * ITEMS;
        assertEquals(10_000, total);
        List<V1Client> clients = new ArrayList<>();
        List<RawSocket> single = new ArrayList<>();
        List<NdjsonClient> streams = new ArrayList<>();
        List<RawSocket> batches = new ArrayList<>();
        try (ServerFixture server = ServerFixture.start()) {
            List<Future<JsonObject>> last = new ArrayList<>();
            for (int i = 0; i < USERS; i++) {
                V1Client client = server.v1(user(i));
                client.hello();
                clients.add(client);
                last.add(threads.submit(() -> {
                    for (int n = 1; n < total / USERS; n++) {
                        client.next("message");
                    }
                    return client.next("message");
                }));
            }
            for (int i = 0; i < SINGLE; i++) {
                RawSocket line = server.raw();
                single.add(line);
                line.request("GET", "/socket/publish?wait=60s&message=x&userId=" + user(i));
            }
            for (int i = 0; i < STREAMS; i++) {
                NdjsonClient stream = NdjsonClient.open(server);
                streams.add(stream);
                StringBuilder lines = new StringBuilder();
                for (int n = 0; n < LINES; n++) {
                    lines.append(item(n)).append('\n');
                }
                stream.send(lines.toString());
            }
            for (int i = 0; i < BATCHES; i++) {
                RawSocket line = server.raw();
                batches.add(line);
                List<String> items = new ArrayList<>();
                for (int n = 0; n < ITEMS; n++) {
                    items.add(item(n));
                }
                String body = items.toString();
                line.send("POST /socket/publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Content-Length: " + body.length() + "\r\n\r\n" + body);
            }
            List<JsonObject> tops = new ArrayList<>();
            for (Future<JsonObject> future : last) {
                tops.add(get(future)); // all have their messages, and nobody has acked any: ten thousand wait
            }
            for (int i = 0; i < 100; i++) {
                assertEquals(
                        202,
                        server.publish("userId", "other", "message", "" + i).status());
            }
            for (int i = 0; i < USERS; i++) {
                clients.get(i).send(WaitHttpTest.ack(tops.get(i), true));
            }
            int acked = 0;
            for (RawSocket line : single) {
                acked += acked(JsonParser.parseString(line.readAnswer().body()).getAsJsonObject());
            }
            for (NdjsonClient stream : streams) {
                stream.end();
                for (int n = 0; n < LINES; n++) {
                    acked += acked(stream.next());
                }
                assertNull(stream.next());
            }
            for (RawSocket line : batches) {
                JsonArray receipts =
                        JsonParser.parseString(line.readAnswer().body()).getAsJsonArray();
                assertEquals(ITEMS, receipts.size());
                for (int n = 0; n < ITEMS; n++) {
                    acked += acked(receipts.get(n).getAsJsonObject());
                }
            }
            assertEquals(total, acked);
        } finally {
            for (V1Client client : clients) {
                client.socket.close();
            }
            for (RawSocket line : single) {
                line.close();
            }
            for (NdjsonClient stream : streams) {
                stream.close();
            }
            for (RawSocket line : batches) {
                line.close();
            }
        }
    }

    private static int acked(JsonObject receipt) {
        assertTrue(receipt.has("acked"), receipt::toString);
        return receipt.get("acked").getAsInt();
    }

    // ---- no false receipt

    private static final int TABS = 3;
    private static final int KILLED_USERS = 12;

    /** Those that have really handled a message for which somebody waits, by the message's id. */
    private final Map<String, AtomicInteger> handled = new ConcurrentHashMap<>();

    private final AtomicInteger kills = new AtomicInteger();
    private volatile boolean over;

    /** A tab that handles messages and acks them, is killed now and then, and comes back. */
    private final class Tab {
        private final ServerFixture server;
        private final String user;
        private final Random random;
        private V1Client client;

        Tab(ServerFixture server, String user, long seed) {
            this.server = server;
            this.user = user;
            this.random = new Random(seed);
        }

        void connect(Map<String, String> resume) throws IOException {
            client = server.v1(user);
            client.hello(resume);
        }

        /** Until the connection is closed from outside. */
        Void run() throws Exception {
            try {
                while (true) {
                    JsonObject message = client.next("message");
                    int dice = random.nextInt(100);
                    if (dice < 5) {
                        die(message, dice);
                    } else {
                        handle(message, dice >= 10);
                        client.send(WaitHttpTest.ack(message, dice >= 10));
                    }
                }
            } catch (IOException ended) {
                if (!over) {
                    throw ended;
                }
            }
            return null;
        }

        private void handle(JsonObject message, boolean returns) {
            if (returns && message.has("ack")) {
                handled.computeIfAbsent(message.get("id").getAsString(), id -> new AtomicInteger())
                        .incrementAndGet();
            }
        }

        /** Before it handles the message, after that, or after its ack. */
        private void die(JsonObject message, int when) throws IOException {
            kills.incrementAndGet();
            if (when > 1) {
                handle(message, true);
            }
            if (when > 3) {
                client.send(WaitHttpTest.ack(message, true));
            }
            client.socket.reset();
            connect(Map.of("user:" + user, message.get("position").getAsString()));
        }
    }

    @Test
    void noFalseReceiptWhileConnectionsAreKilled() throws Exception {
        long seed = DurabilityIT.seed("waiting publishers and killed connections");
        List<Tab> tabs = new ArrayList<>();
        List<Future<Void>> running = new ArrayList<>();
        List<Future<int[]>> publishing = new ArrayList<>();
        try (ServerFixture server = ServerFixture.start()) {
            for (int i = 0; i < KILLED_USERS * TABS; i++) {
                Tab tab = new Tab(server, "killed-" + i % KILLED_USERS, seed + i);
                tab.connect(Map.of());
                tabs.add(tab);
                running.add(threads.submit(tab::run));
            }
            for (int i = 0; i < 12; i++) {
                Random random = new Random(seed - 1 - i);
                publishing.add(threads.submit(i < 4 ? () -> stream(server, random) : () -> requests(server, random)));
            }
            int acked = 0;
            int online = 0;
            for (Future<int[]> future : publishing) {
                acked += get(future)[0];
                online += get(future)[1];
            }
            System.out.println("handled and acked: " + acked + " of " + online + ", killed " + kills);
            assertTrue(acked > online / 2, "hardly anything was acked: " + acked + " of " + online);
            assertTrue(kills.get() > 20, "hardly anybody was killed: " + kills);
            over = true;
            for (Tab tab : tabs) {
                tab.client.socket.close();
            }
            for (Future<Void> tab : running) {
                get(tab);
            }
        }
    }

    private static String anybody(Random random) {
        return "killed-" + random.nextInt(KILLED_USERS);
    }

    /** Acked and online, in sum. A wait is longer than the patience, so that one that nobody ends fails. */
    private int[] requests(ServerFixture server, Random random) throws Exception {
        int[] sums = new int[2];
        for (int i = 0; i < 40; i++) {
            check(
                    server.publish("userId", anybody(random), "message", "x", "wait", "60s")
                            .object(),
                    sums);
        }
        return sums;
    }

    private int[] stream(ServerFixture server, Random random) throws Exception {
        int[] sums = new int[2];
        try (NdjsonClient stream = NdjsonClient.open(server)) {
            for (int i = 0; i < 10; i++) {
                for (int n = 0; n < 20; n++) {
                    stream.line("{\"userId\":\"" + anybody(random) + "\",\"message\":\"x\",\"wait\":\"60s\"}");
                }
                for (int n = 0; n < 20; n++) {
                    check(stream.next(), sums);
                }
            }
        }
        return sums;
    }

    private void check(JsonObject receipt, int[] sums) {
        int acked = acked(receipt);
        int online = receipt.get("online").getAsInt();
        AtomicInteger really = handled.get(receipt.get("id").getAsString());
        int most = really == null ? 0 : really.get();
        assertTrue(acked <= most, () -> "acked " + acked + ", handled " + most + ": " + receipt);
        assertTrue(acked <= online, receipt::toString);
        sums[0] += acked;
        sums[1] += online;
    }
}
