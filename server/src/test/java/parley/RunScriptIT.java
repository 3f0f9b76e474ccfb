package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code scripts/run} in a tree of its own: its class archive makes the start quicker, and is never in the way. */
class RunScriptIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path root;

    private Path jar;
    private Path archives;

    @BeforeEach
    void aTreeThatIsBuilt() throws IOException {
        assumeTrue(Files.exists(Path.of("/proc/self/maps")), "only Linux tells which archive a process uses");
        String built = System.getProperty("parley.jar");
        assertNotNull(built, "this test needs the system property parley.jar: run it with mvn verify");
        Path script = Path.of("../scripts/run");
        assertTrue(Files.exists(script), "run this test in the directory of the module");
        Path target = Files.createDirectories(root.resolve("server/target"));
        Files.createDirectories(root.resolve("scripts"));
        Files.copy(script, root.resolve("scripts/run"));
        Files.createFile(root.resolve("pom.xml"));
        Files.setLastModifiedTime(root.resolve("pom.xml"), FileTime.fromMillis(0));
        jar = Files.copy(Path.of(built), target.resolve("server.jar"));
        archives = target.resolve("archive");
    }

    private JarProcess run() throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder("bash", root.resolve("scripts/run").toString(), "--port", "0");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return JarProcess.start(builder);
    }

    private List<Path> archives() throws IOException {
        try (Stream<Path> files = Files.list(archives)) {
            return files.toList();
        }
    }

    /** Whether the process has the archive in its memory. */
    private static boolean uses(JarProcess server, Path archive) throws IOException {
        return Files.readString(Path.of("/proc/" + server.process.pid() + "/maps"))
                .contains(archive.toString());
    }

    /** Waits for the start line; SIGTERM must end it with 0, and nothing else may have been said. */
    private static void end(JarProcess server) throws Exception {
        server.process.destroy();
        assertEquals(0, server.await(PATIENCE));
        assertEquals(List.of(), server.outputLines());
    }

    @Test
    void theArchiveIsMadeOnceUsedAndMadeAgainWhenItIsNotSound() throws Exception {
        try (JarProcess first = run();
                JarProcess beside = run()) {
            first.awaitStart();
            beside.awaitStart();
            end(first);
            end(beside);
        }
        List<Path> made = archives();
        assertTrue(made.size() == 1 || made.size() == 2, made::toString);
        Path archive;
        try (JarProcess server = run()) {
            server.awaitStart();
            archive = made.get(0);
            boolean used = uses(server, archive);
            if (!used && made.size() == 2) {
                archive = made.get(1);
                used = uses(server, archive);
            }
            assertTrue(used, "the archive is not used");
            end(server);
            assertEquals(List.of(), server.errorLines()); // nothing was made
        }
        for (Path sound : made) {
            try (RandomAccessFile file = new RandomAccessFile(sound.toFile(), "rw")) {
                file.seek(file.length() / 2);
                file.write(new byte[100_000]);
            }
        }
        try (JarProcess server = run()) {
            server.awaitStart(); // the JVM would crash on it
            assertFalse(uses(server, archive));
            end(server);
            assertEquals(1, server.errorLines().size());
        }
    }

    @Test
    void aNewJarGetsANewArchive() throws Exception {
        try (JarProcess server = run()) {
            server.awaitStart();
            end(server);
        }
        Path old = archives().get(0);
        Files.setLastModifiedTime(jar, FileTime.fromMillis(System.currentTimeMillis()));
        try (JarProcess server = run()) {
            server.awaitStart();
            assertFalse(Files.exists(old));
            assertTrue(uses(server, archives().get(0)), "the new archive is not used");
            end(server);
        }
    }

    @Test
    void whereNoneCanBeMadeTheServerStartsWithoutAWord() throws Exception {
        Files.createFile(archives);
        try (JarProcess server = run()) {
            server.awaitStart();
            end(server);
            assertEquals(List.of(), server.errorLines());
        }
    }
}
