package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real jar in a process of its own: how it starts, what it says when it cannot, and how it stops. */
class SocketRealityIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static int status(int port, String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://localhost:" + port + path);
        return ServerFixture.HTTP
                .send(HttpRequest.newBuilder(uri).timeout(PATIENCE).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void itStartsInUnderFiveSecondsAndSaysSoInOneLine() throws Exception {
        try (JarProcess server = JarProcess.run("--port", "0")) {
            String line = server.awaitStart();
            assertEquals(200, status(server.port(), "/ready"));
            long millis = (System.nanoTime() - server.started) / 1_000_000;
            System.out.println("start to ready: " + millis + " ms");
            assertTrue(millis < 5_000, () -> "start to ready took " + millis + " ms; 1,500 are wanted");
            assertTrue(line.contains("Parley 0."), line);
            assertTrue(line.contains("http://localhost:" + server.port() + "/"), line);
            assertTrue(line.contains("keeping messages in memory"), line);
            assertFalse(line.contains("WARNING"), line);
            assertEquals(200, status(server.port(), "/"));
            assertEquals(202, status(server.port(), "/socket/publish?userId=1&message=secret"));
            server.process.destroy();
            assertEquals(List.of(), server.outputLines()); // and that is all that it says
            assertEquals(List.of(), server.errorLines());
        }
    }

    @Test
    void openToTheNetworkItWarns() throws Exception {
        try (JarProcess server = JarProcess.run("--port", "0", "--host", "0.0.0.0", "--history", "off")) {
            String line = server.awaitStart();
            assertTrue(line.contains("WARNING"), line);
            assertTrue(line.contains("keeping no messages"), line);
        }
    }

    @Test
    void aTakenPortIsOneSentenceAndExit1() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                JarProcess server = JarProcess.run("--port", "" + taken.getLocalPort())) {
            assertEquals(1, server.await(PATIENCE));
            List<String> errors = server.errorLines();
            assertEquals(1, errors.size(), errors::toString);
            assertTrue(errors.get(0).contains("127.0.0.1:" + taken.getLocalPort()), errors::toString);
            assertTrue(errors.get(0).contains("--port"), errors::toString);
            assertEquals(List.of(), server.outputLines());
        }
    }

    @Test
    void anAddressThatIsNotOursIsOneSentenceAndExit1() throws Exception {
        try (JarProcess server = JarProcess.run("--port", "0", "--host", "192.0.2.1")) {
            assertEquals(1, server.await(PATIENCE));
            List<String> errors = server.errorLines();
            assertEquals(1, errors.size(), errors::toString);
            assertTrue(errors.get(0).contains("192.0.2.1"), errors::toString);
        }
    }

    @Test
    void anUnknownOptionNamesTheNearestAndIsExit2() throws Exception {
        try (JarProcess server = JarProcess.run("--prot", "8090")) {
            assertEquals(2, server.await(PATIENCE));
            List<String> errors = server.errorLines();
            assertEquals(1, errors.size(), errors::toString);
            assertTrue(errors.get(0).contains("--prot"), errors::toString);
            assertTrue(errors.get(0).contains("--port"), errors::toString);
        }
    }

    @Test
    void aWrongValueIsExit2() throws Exception {
        try (JarProcess server = JarProcess.run("--port", "eighty")) {
            assertEquals(2, server.await(PATIENCE));
            assertTrue(server.errorLines().get(0).contains("--port"));
        }
    }

    @Test
    void theVersionAndTheHelpAreSaidAndThatIsSuccess() throws Exception {
        try (JarProcess server = JarProcess.run("--version")) {
            assertEquals(0, server.await(PATIENCE));
            assertTrue(server.outputLines().get(0).startsWith("Parley 0."));
        }
        try (JarProcess server = JarProcess.run("--help")) {
            assertEquals(0, server.await(PATIENCE));
            String help = String.join("\n", server.outputLines());
            for (String option : List.of(
                    "--port",
                    "--host",
                    "--config",
                    "--history",
                    "--session-rate",
                    "--client-broadcast",
                    "--allow-origin",
                    "--allow-host")) {
                assertTrue(help.contains(option), option);
            }
        }
    }

    @Test
    void aFileSetsWhatNoFlagDoes(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("parley.properties");
        Files.writeString(file, "port=0\nhistory=off\n");
        try (JarProcess server = JarProcess.run("--config", file.toString())) {
            assertTrue(server.awaitStart().contains("keeping no messages"));
        }
    }

    // ---- SIGTERM

    @Test
    void aStopSendsEverybodyHomeAndExitsWith0InThreeSeconds() throws Exception {
        List<V1Client> clients = new ArrayList<>();
        List<RawSocket> all = new ArrayList<>();
        try (JarProcess server = JarProcess.run("--port", "0")) {
            server.awaitStart();
            for (int i = 0; i < 50; i++) {
                V1Client client = new V1Client(RawSocket.webSocket(server.port(), "/websocket/home-" + i, "parley.v1"));
                client.hello();
                clients.add(client);
                all.add(client.socket);
            }
            RawSocket plain = RawSocket.webSocket(server.port(), "/websocket/plain", null);
            all.add(plain);
            RawSocket stuck = RawSocket.webSocket(new RawSocket(server.port(), 4096), "/websocket/stuck", null);
            all.add(stuck);
            for (int i = 0; i < 1_500; i++) { // one who does not read keeps nobody waiting
                status(server.port(), "/socket/publish?userId=stuck&message=" + "x".repeat(1_000));
            }
            long told = System.nanoTime();
            server.process.destroy(); // SIGTERM
            Set<Long> waits = new TreeSet<>();
            for (V1Client client : clients) {
                JsonObject reconnect = client.next("reconnect");
                long in = reconnect.get("in").getAsLong();
                assertTrue(in >= 0 && in < 5_000, reconnect::toString);
                waits.add(in);
                RawSocket.Frame close = client.socket.readClose();
                assertEquals(4103, close.closeCode());
                client.socket.sendFrame(RawSocket.CLOSE, close.payload());
            }
            assertEquals(4103, plain.readClose().closeCode());
            assertEquals(0, server.await(PATIENCE));
            long millis = (System.nanoTime() - told) / 1_000_000;
            assertTrue(millis < 3_000, () -> "the stop took " + millis + " ms");
            assertTrue(waits.size() > 45, () -> "not spread: " + waits);
            assertTrue(waits.stream().anyMatch(in -> in < 1_000), () -> "not spread: " + waits);
            assertTrue(waits.stream().anyMatch(in -> in > 4_000), () -> "not spread: " + waits);
        } finally {
            for (RawSocket socket : all) {
                socket.close();
            }
        }
    }

    @Test
    void anEmptyServerStopsAtOnceAndItsPortIsFree() throws Exception {
        int port;
        try (JarProcess server = JarProcess.run("--port", "0")) {
            server.awaitStart();
            port = server.port();
            server.process.destroy();
            assertEquals(0, server.await(Duration.ofSeconds(3)));
        }
        try (JarProcess again = JarProcess.run("--port", "" + port)) {
            again.awaitStart();
            assertEquals(port, again.port());
        }
    }

    /** Memory history does not survive a restart, and a client that resumes is told so. */
    @Test
    void afterARestartAResumeIsToldOfAHoleOfUnknownSize() throws Exception {
        String position;
        int port;
        try (JarProcess server = JarProcess.run("--port", "0")) {
            server.awaitStart();
            port = server.port();
            V1Client client = new V1Client(RawSocket.webSocket(port, "/websocket/back", "parley.v1"));
            client.hello();
            status(port, "/socket/publish?userId=back&message=1");
            position = V1Client.position(client.next("message"));
            server.process.destroyForcibly();
            server.await(PATIENCE);
        }
        try (JarProcess again = JarProcess.run("--port", "" + port)) {
            again.awaitStart();
            await().until(() -> status(port, "/ready") == 200);
            status(port, "/socket/publish?userId=back&message=2");
            try (V1Client client = new V1Client(RawSocket.webSocket(port, "/websocket/back", "parley.v1"))) {
                JsonObject start =
                        V1Client.standing(client.hello(java.util.Map.of("user:back", position)), "user:back");
                assertTrue(start.get("missed").isJsonNull(), start::toString);
                assertEquals("2", client.nextBody());
            }
        }
    }
}
