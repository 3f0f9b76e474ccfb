package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the real jar has acknowledged with {@code "stored":"disk"} is there after it was killed. */
class DurabilityIT {

    private static final String[] KEEP = {"--history", "users=1000000/7d"};

    @TempDir
    Path directory;

    @AfterEach
    void leaveNoServer() {
        ServerProcess.killAll();
    }

    private ServerProcess start(Path data) throws Exception {
        return ServerProcess.start("--port", "0", "--data", data.toString(), KEEP[0], KEEP[1]);
    }

    static long seed(String what) {
        long seed = Long.getLong("parley.seed", System.nanoTime());
        System.out.println(what + ": repeat with -Dparley.seed=" + seed);
        return seed;
    }

    static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    /** Lets time go by while others work. */
    static void let(long millis) throws InterruptedException {
        assertFalse(new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS));
    }

    static void join(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join(30_000);
            assertFalse(thread.isAlive(), thread.getName() + " hangs");
        }
    }

    @Test
    void whatWasAcknowledgedSurvivesKill9AtRandomMoments() throws Exception {
        int kills = Integer.getInteger("parley.kills", 20);
        long seed = seed("kill -9");
        RandomGenerator random = random(seed);
        DurableLoad load = new DurableLoad(seed, 16);
        for (int i = 0; i < kills; i++) {
            ServerProcess server = start(directory);
            load.check(server);
            List<Thread> publishers = load.begin(server, () -> false);
            let(50 + random.nextInt(1_000));
            server.kill();
            join(publishers);
        }
        ServerProcess server = start(directory);
        load.check(server);
        assertEquals(0, server.stop());
        System.out.println("kill -9: " + kills + " times, " + load.ackedCount() + " acknowledged, 0 missing");
        assertTrue(load.ackedCount() > kills * 5, "there was something to lose");
        assertTrue(load.refused.isEmpty(), () -> "refused: " + load.refused.size());
    }

    @Test
    void aStopLosesNothingAndLeavesNothingBehind() throws Exception {
        DurableLoad load = new DurableLoad(seed("stop"), 8);
        AtomicBoolean over = new AtomicBoolean();
        ServerProcess server = start(directory);
        assertTrue(server.startLine.contains("keeping messages in " + directory), server.startLine);
        List<Thread> publishers = load.begin(server, over::get);
        let(500);
        over.set(true);
        join(publishers);
        assertEquals(0, server.stop());
        server = start(directory);
        load.check(server);
        server.kill();
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(
                    List.of("history.db", "history.db-shm", "history.db-wal", "native", "parley.lock"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void aSecondServerOnTheSameDirectoryIsRefusedInASentence() throws Exception {
        ServerProcess first = start(directory);
        Process second = ServerProcess.command("--port", "0", "--data", directory.toString())
                .redirectError(ProcessBuilder.Redirect.PIPE)
                .start();
        String error = new String(second.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(second.waitFor(20, TimeUnit.SECONDS));
        assertEquals(1, second.exitValue());
        assertEquals(
                "The data directory " + directory
                        + " is in use by another server: stop that one, or choose another directory with --data.",
                error.strip());
        assertTrue(first.process.isAlive());
        first.kill();
    }
}
