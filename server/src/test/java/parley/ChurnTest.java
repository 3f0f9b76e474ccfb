package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Connections that come and go in every way: nothing of them stays. */
class ChurnTest {

    private static final int CONNECTIONS = 10_000;
    private static final int AT_ONCE = 16;
    private static final int SEED = 42;

    private static int descriptors() {
        String[] open = new File("/proc/self/fd").list();
        return open == null ? 0 : open.length; // not Linux: nothing to count
    }

    @Test
    void tenThousandConnectionsLeaveNothing() throws Exception {
        try (ServerFixture server = ServerFixture.start()) {
            try (RawSocket first = server.plain("/websocket/warm-up")) {
                first.closePolitely();
            }
            server.get("/health");
            await().until(() -> server.registry().lines() == 0);
            int before = descriptors();
            churn(server);
            // a stream's reader has gone unnoticed until something is written to it
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                server.publish("all", "true", "message", "anybody?", "ttl", "0");
                return server.registry().lines() == 0;
            });
            assertEquals(0, server.registry().size());
            assertEquals(
                    "{}", server.get("/socket/online").object().get("users").toString());
            await().until(() -> descriptors() <= before + 20); // connections of the HTTP client
        }
    }

    private static void churn(ServerFixture server) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int worker = 0; worker < AT_ONCE; worker++) {
                SplittableRandom random = new SplittableRandom(SEED + worker);
                workers.add(threads.submit(() -> {
                    for (int i = 0; i < CONNECTIONS / AT_ONCE; i++) {
                        comeAndGo(server, random);
                    }
                    return null;
                }));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Few users, so that tabs of one user race each other. */
    private static void comeAndGo(ServerFixture server, SplittableRandom random) throws IOException {
        String path = "/websocket/churn-" + random.nextInt(20) + "?topic=t" + random.nextInt(5);
        try (RawSocket line = server.raw()) {
            switch (random.nextInt(10)) {
                case 0 -> line.request("GET", path); // a stream
                case 1 -> line.send("GET " + path + " HT"); // a handshake that is cut off
                case 2 -> { // a handshake whose answer nobody reads
                    line.request(
                            "GET",
                            path,
                            "Upgrade: websocket",
                            "Connection: Upgrade",
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                            "Sec-WebSocket-Version: 13");
                    line.reset();
                }
                case 3, 4, 5 -> {
                    V1Client client = new V1Client(RawSocket.webSocket(line, path, "parley.v1"));
                    if (random.nextBoolean()) {
                        client.hello();
                        client.send("{\"type\":\"subscribe\",\"topic\":\"more\"}");
                        client.send("{\"type\":\"send\",\"reception\":\"churn-1\",\"body\":\"x\"}");
                    }
                    leave(line, random);
                }
                default -> {
                    RawSocket.webSocket(line, path, null);
                    if (random.nextBoolean()) {
                        line.sendText("{\"reception\":\"churn-2\",\"body\":\"x\"}");
                    }
                    leave(line, random);
                }
            }
        }
    }

    private static void leave(RawSocket line, SplittableRandom random) throws IOException {
        switch (random.nextInt(3)) {
            case 0 -> line.closePolitely();
            case 1 -> line.reset();
            default -> line.close(); // without a close frame
        }
    }

    @Test
    void theCountOfDescriptorsIsReal() {
        assertTrue(descriptors() > 3 || !new File("/proc/self/fd").exists());
    }
}
