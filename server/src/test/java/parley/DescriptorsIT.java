package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The real jar with few file descriptors. */
class DescriptorsIT {

    private static final int DESCRIPTORS = 300;

    private static JarProcess server(String... options) throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/limits")), "there is no /proc/self/limits: this is not Linux");
        String limited = "ulimit -n " + DESCRIPTORS + " && exec \"$@\"";
        JarProcess server = JarProcess.run(List.of("sh", "-c", limited, "sh"), List.of(), options);
        server.awaitStart();
        return server;
    }

    /** Handshakes until one is not answered with a 101. */
    private static List<RawSocket> fill(int port, int most) throws IOException {
        List<RawSocket> lines = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            RawSocket line = new RawSocket(port);
            lines.add(line);
            if (line.handshake("/websocket/u" + i).status() != 101) {
                break;
            }
        }
        return lines;
    }

    private static int publish(int port) throws IOException {
        try (RawSocket publisher = new RawSocket(port)) {
            publisher.request("GET", "/socket/publish?userId=1&message=hello");
            return publisher.readHead().status();
        }
    }

    @Test
    void connectionsStayWithinTheDescriptors() throws Exception {
        try (JarProcess server = server("--port", "0")) {
            List<RawSocket> lines = fill(server.port(), DESCRIPTORS);
            assertEquals(DESCRIPTORS - 192 + 1, lines.size());
            assertEquals(202, publish(server.port()));
            for (RawSocket line : lines) {
                line.close();
            }
            await().until(() -> fill(server.port(), 1).size() == 1);
        }
    }

    /** Somebody asked for more than there is. */
    @Test
    void withoutADescriptorItWaitsSaysSoOnceAndGoesOn() throws Exception {
        List<String> log;
        try (JarProcess server = server("--port", "0", "--max-connections", "10000")) {
            List<RawSocket> lines = new ArrayList<>();
            for (int i = 0; i < DESCRIPTORS; i++) { // the kernel takes them for it
                lines.add(new RawSocket(server.port()));
            }
            lines.get(0).request("GET", "/socket/publish?userId=1&message=hello");
            assertEquals(202, lines.get(0).readHead().status());
            Duration used = cpu(server);
            await().pollDelay(Duration.ofMillis(2_500)).until(() -> true); // it has tried again twice
            assertTrue(cpu(server).minus(used).toMillis() < 1_500, "it spins");
            for (RawSocket line : lines) {
                line.close();
            }
            await().until(() -> publish(server.port()) == 202);
            server.process.destroy();
            server.await(Duration.ofSeconds(20));
            log = server.outputLines();
            log.addAll(server.errorLines());
        }
        assertEquals(
                1,
                log.stream()
                        .filter(line -> line.contains("no connection can be accepted"))
                        .count(),
                log::toString);
        assertEquals(
                1, log.stream().filter(line -> line.contains("accepted again")).count(), log::toString);
    }

    private static Duration cpu(JarProcess server) {
        return server.process.info().totalCpuDuration().orElseThrow();
    }
}
