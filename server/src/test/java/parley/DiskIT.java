package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real jar on disks that fail, are full, or lose power, and under a wall clock that jumps. */
class DiskIT {

    @TempDir
    Path directory;

    @AfterEach
    void leaveNoServer() {
        ServerProcess.killAll();
    }

    // ---- tools, without which a test is skipped with the reason; scripts/test makes that a failure in CI

    private static boolean runs(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
    }

    private static boolean has(String program) {
        for (String folder : System.getenv("PATH").split(File.pathSeparator)) {
            if (Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertTrue(runs(command), () -> String.join(" ", command));
    }

    private static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    private ServerProcess start(Map<String, String> environment, Path data) throws IOException {
        return ServerProcess.start(
                environment, "--port", "0", "--data", data.toString(), "--history", "users=1000000/7d");
    }

    private ServerProcess onBadDisk(Path fault) throws Exception {
        assumeTrue(has("gcc"), "gcc is missing: a disk that fails is not tested (apt-get install gcc libc6-dev)");
        Path library = directory.resolve("badisk.so");
        run("gcc", "-shared", "-fPIC", "-o", library.toString(), "src/test/c/badisk.c", "-ldl");
        return start(Map.of("LD_PRELOAD", library.toString(), "BADISK", fault.toString()), directory.resolve("data"));
    }

    private static void assertRefused(HttpResponse<String> answer, String cause) {
        assertEquals(503, answer.statusCode(), answer.body());
        assertTrue(answer.body().contains("\"code\":\"not_stored\""), answer.body());
        assertTrue(answer.body().contains(cause), answer.body());
    }

    // ---- failing disks

    @ParameterizedTest
    @ValueSource(strings = {"sync:reports an error", "full:is full", "ro:reports an error"})
    void whatIsNotStoredGetsNoReceiptAndTheServerRecovers(String fault) throws Exception {
        Path control = directory.resolve("fault");
        ServerProcess server = onBadDisk(control);
        assertEquals(202, server.publish("u1", "before", null).statusCode());
        Files.writeString(control, fault.split(":")[0]);
        for (int i = 0; i < 5; i++) {
            assertRefused(server.publish("u1", "refused " + i, "key " + i), fault.split(":")[1]);
        }
        HttpResponse<String> live = server.publish("u1&ttl=0", "live", null);
        assertEquals(202, live.statusCode(), live.body());
        assertEquals(List.of("before"), server.texts("u1"));
        assertEquals(List.of(), server.texts("never-seen"));
        Files.delete(control);
        HttpResponse<String> again = server.publish("u1", "after", "key 1");
        assertEquals(202, again.statusCode(), again.body());
        assertTrue(again.body().contains("\"duplicate\":false"), "a refusal frees the key");
        assertEquals(List.of("before", "after"), server.texts("u1"));
        server.kill();
        server = start(Map.of(), directory.resolve("data"));
        assertEquals(List.of("before", "after"), server.texts("u1"));
        server.kill();
    }

    /** Faults come and go under load; some servers are killed in the middle of one. */
    @Test
    void noReceiptIsFalseWhileSyncsFailAtRandom() throws Exception {
        long seed = DurabilityIT.seed("failing syncs");
        RandomGenerator random = DurabilityIT.random(seed);
        DurableLoad load = new DurableLoad(seed, 8);
        Path control = directory.resolve("fault");
        for (int round = 0; round < 5; round++) {
            ServerProcess server = onBadDisk(control);
            load.check(server);
            AtomicBoolean over = new AtomicBoolean();
            List<Thread> publishers = load.begin(server, over::get);
            for (int i = 0; i < 3; i++) {
                DurabilityIT.let(random.nextInt(300));
                Files.writeString(control, "sync");
                DurabilityIT.let(random.nextInt(200));
                Files.deleteIfExists(control);
            }
            DurabilityIT.let(300);
            over.set(true);
            DurabilityIT.join(publishers);
            server.kill();
        }
        ServerProcess server = start(Map.of(), directory.resolve("data"));
        load.check(server);
        server.kill();
        System.out.println("failing syncs: " + load.ackedCount() + " acknowledged, " + load.refused.size()
                + " refused, none missing, none that was refused is there");
        assertTrue(load.ackedCount() > 0 && !load.refused.isEmpty(), "both happened");
    }

    @Test
    void aFullFileSystemIsFeltAndForgotten() throws Exception {
        assumeTrue(isRoot(), "only root can mount: a file system that is really full is not tested");
        Path mount = Files.createDirectory(directory.resolve("mount"));
        assumeTrue(
                runs("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount.toString()),
                "mounting is not possible here: a file system that is really full is not tested");
        ServerProcess server = null;
        try {
            server = start(Map.of(), mount.resolve("data"));
            assertEquals(202, server.publish("u1", "before", null).statusCode());
            Path ballast = mount.resolve("ballast");
            try (RandomAccessFile file = new RandomAccessFile(ballast.toFile(), "rw")) {
                byte[] block = new byte[4096];
                while (true) {
                    file.write(block);
                }
            } catch (IOException full) {
                // as it shall be
            }
            String large = "x".repeat(200_000);
            assertRefused(server.publish("u1", large, null), "is full");
            assertRefused(server.publish("u2", large, null), "is full");
            assertEquals(List.of("before"), server.texts("u1"));
            Files.delete(ballast);
            assertEquals(202, server.publish("u1", large, null).statusCode());
            assertEquals(List.of("before", large), server.texts("u1"));
        } finally {
            if (server != null) {
                server.kill();
            }
            run("umount", mount.toString());
        }
    }

    // ---- power cuts

    /**
     * The data directory is on an ext4 image. While the server is stopped the image is copied, as the disk would be found
     * after a power cut: without what only the page cache knew. The next server starts on the copy.
     */
    @Test
    void whatWasAcknowledgedSurvivesPowerCuts() throws Exception {
        int cuts = Integer.getInteger("parley.powercuts", 1);
        assumeTrue(isRoot() && has("mkfs.ext4"), "only root with mkfs.ext4 can cut the power: not tested");
        long seed = DurabilityIT.seed("power cuts");
        RandomGenerator random = DurabilityIT.random(seed);
        DurableLoad load = new DurableLoad(seed, 16);
        Path disk = directory.resolve("disk");
        Path mount = Files.createDirectory(directory.resolve("mount"));
        run("truncate", "-s", "256M", disk.toString());
        run("mkfs.ext4", "-q", "-F", disk.toString());
        for (int i = 0; i <= cuts; i++) {
            assumeTrue(
                    runs("mount", "-o", "loop", disk.toString(), mount.toString()),
                    "loop devices are not possible here: power cuts are not tested");
            ServerProcess server = null;
            try {
                server = start(Map.of(), mount.resolve("data"));
                load.check(server);
                if (i < cuts) {
                    List<Thread> publishers = load.begin(server, () -> false);
                    DurabilityIT.let(300 + random.nextInt(1_000));
                    run("kill", "-STOP", Long.toString(server.process.pid()));
                    DurabilityIT.let(200); // until the answers that were sent before have been read
                    run("cp", "--sparse=always", disk.toString(), disk + ".cut");
                    server.kill();
                    DurabilityIT.join(publishers);
                }
            } finally {
                if (server != null) {
                    server.kill();
                }
                run("umount", mount.toString());
            }
            if (i < cuts) {
                Files.move(Path.of(disk + ".cut"), disk, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        System.out.println("power cuts: " + cuts + ", " + load.ackedCount() + " acknowledged, 0 missing");
        assertTrue(load.ackedCount() > cuts * 5, "there was something to lose");
    }

    // ---- clocks

    @Test
    void aWallClockThatJumpsChangesNothing() throws Exception {
        Path library = Path.of("/usr/lib/" + System.getProperty("os.arch").replace("amd64", "x86_64")
                + "-linux-gnu/faketime/libfaketimeMT.so.1");
        assumeTrue(
                Files.exists(library),
                "libfaketime is missing: a jumping wall clock is not tested (apt-get install faketime)");
        Path clock = directory.resolve("clock");
        Files.writeString(clock, "+0\n");
        Map<String, String> environment = Map.of(
                "LD_PRELOAD", library.toString(),
                "FAKETIME_TIMESTAMP_FILE", clock.toString(),
                "FAKETIME_NO_CACHE", "1",
                "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                "DONT_FAKE_MONOTONIC", "1");
        Path data = directory.resolve("data");
        ServerProcess server = start(environment, data);
        long[] times = new long[5];
        times[0] = server.publishToTopic("news", "m0");
        int next = 1;
        for (String jump : List.of("+5h\n", "-5h\n")) {
            Files.writeString(clock, jump);
            times[next] = server.publishToTopic("news", "m" + next);
            next++;
            DurabilityIT.let(1_500); // the writer sweeps: topics keep an hour
            assertEquals(next, server.topic("news").size(), "after " + jump);
        }
        server.kill();
        for (String jump : List.of("-10h\n", "-20h\n")) { // set back while nobody runs
            Files.writeString(clock, jump);
            server = start(environment, data);
            times[next] = server.publishToTopic("news", "m" + next);
            next++;
            DurabilityIT.let(1_500);
            assertEquals(next, server.topic("news").size(), "after " + jump);
            server.kill();
        }
        Files.writeString(clock, "+0\n");
        server = start(environment, data);
        assertEquals(List.of("m0", "m1", "m2", "m3", "m4"), server.topic("news"));
        server.kill();
        assertTrue(times[1] - times[0] > 4 * 3_600_000L, "the clock did jump: " + (times[1] - times[0]));
        assertTrue(times[1] - times[2] > 9 * 3_600_000L, "and back");
    }
}
