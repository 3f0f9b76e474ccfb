package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import parley.bench.Bench;
import parley.bench.BenchSettings;
import parley.config.ConfigLoader;

/** The command {@code bench} against a real Parley, and against a server that cheats. */
class BenchTest {

    private record Run(int status, String out, String err) {
        JsonObject json() {
            return JsonParser.parseString(out).getAsJsonObject();
        }

        JsonObject result(int index) {
            return json().getAsJsonArray("results").get(index).getAsJsonObject();
        }
    }

    private static Run bench(String... arguments) {
        List<String> line = new ArrayList<>(List.of("bench"));
        line.addAll(List.of(arguments));
        BenchSettings settings = assertInstanceOf(ConfigLoader.Bench.class, ConfigLoader.load(line, Map.of(), "test"))
                .settings();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Bench.run(
                settings,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Run(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static void assertOracle(JsonObject result, long lost, long duplicated, long reordered) {
        assertEquals(
                List.of(lost, duplicated, reordered),
                List.of(
                        result.get("lost").getAsLong(),
                        result.get("duplicated").getAsLong(),
                        result.get("reordered").getAsLong()),
                result::toString);
    }

    @Test
    void everyScenarioIsCleanAgainstAParley() {
        try (ServerFixture server = ServerFixture.start("--session-rate", "0")) {
            Run run = bench("--url", server.url(""), "--clients=20", "--time=1", "--warm-up=0", "--json");
            assertEquals(0, run.status, run.out + run.err);
            assertTrue(run.json().get("clean").getAsBoolean());
            List<String> scenarios = new ArrayList<>();
            for (JsonElement each : run.json().getAsJsonArray("results")) {
                JsonObject result = each.getAsJsonObject();
                scenarios.add(result.get("scenario").getAsString());
                assertOracle(result, 0, 0, 0);
                assertTrue(result.get("perSecond").getAsDouble() > 0, result::toString);
                assertTrue(result.get("p50").getAsDouble() > 0, result::toString);
                boolean silent = result.get("scenario").getAsString().equals("connections");
                assertEquals(silent, result.get("expected").getAsLong() == 0, result::toString);
            }
            assertEquals(
                    BenchSettings.Scenario.all().stream()
                            .map(BenchSettings.Scenario::label)
                            .toList(),
                    scenarios);
        }
    }

    @Test
    void v1ClientsAreMeasuredToo() {
        try (ServerFixture server = ServerFixture.start("--session-rate", "0")) {
            Run run = bench(
                    "fan-out",
                    "echo",
                    "storm",
                    "--v1",
                    "--url",
                    server.url(""),
                    "--clients=20",
                    "--time=1",
                    "--warm-up=0");
            assertEquals(0, run.status, run.out + run.err);
            assertTrue(run.out.contains("\necho ") && run.out.contains("\nstorm "), run.out);
            assertTrue(run.out.endsWith("Every message arrived, once and in order.\n"), run.out);
        }
    }

    private static Run measure(FakeServer server, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "unicast",
                "--url=ws://localhost:" + server.port() + "/ws?u={i}",
                "--publish-url=http://localhost:" + server.port() + "/pub?u={to}",
                "--clients=1",
                "--time=1",
                "--warm-up=0",
                "--json"));
        arguments.addAll(List.of(more));
        return bench(arguments.toArray(String[]::new));
    }

    @Test
    void anyServerCanBeMeasured() throws IOException {
        try (FakeServer server = new FakeServer(List::of, null)) {
            Run run = measure(server);
            assertEquals(0, run.status, run.out + run.err);
            assertEquals(server.published(), run.result(0).get("expected").getAsLong());
            assertOracle(run.result(0), 0, 0, 0);
        }
    }

    @Test
    void whatTheServerLosesDoublesAndSwapsIsFound() throws IOException {
        try (FakeServer server = new FakeServer(
                number -> switch ((int) number) {
                    case 100, 300 -> List.of(); // 100 is lost, 300 waits for
                    case 200 -> List.of(number, number);
                    case 301 -> List.of(number, 300L);
                    default -> List.of(number);
                },
                null)) {
            Run run = measure(server);
            assertTrue(server.published() > 301, "too few messages to cheat");
            assertEquals(1, run.status);
            assertOracle(run.result(0), 1, 1, 1);
        }
    }

    @Test
    void aRefusalIsToldInTheServersWords() throws IOException {
        String problem = "{\"status\":401,\"detail\":\"Show a key.\"}";
        try (FakeServer server = new FakeServer(
                List::of, "HTTP/1.1 401 Unauthorized\r\nContent-Length: " + problem.length() + "\r\n\r\n" + problem)) {
            Run run = measure(server);
            assertEquals(1, run.status);
            assertOracle(run.result(0), 0, 0, 0);
            assertTrue(run.out.contains("\"1 publishes: HTTP/1.1 401 Unauthorized: Show a key."), run.out);
            Run probed = bench("unicast", "--url=http://localhost:" + server.port());
            assertEquals(1, probed.status);
            assertTrue(probed.err.contains(" refuses to publish: 401: Show a key."), probed.err);
        }
    }

    @Test
    void withoutAServerThereIsASentence() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        for (String url : List.of("http://localhost:" + port, "ws://localhost:" + port + "/ws")) {
            Run run = bench("echo", "--url=" + url);
            assertEquals(1, run.status);
            assertTrue(run.err.contains("No server answers at " + url), run.err);
            assertEquals("", run.out);
        }
    }

    @Test
    void whatNeedsAParleyIsLeftOutElsewhere() throws IOException {
        try (FakeServer server = new FakeServer(List::of, null)) {
            Run run = bench(
                    "storm", "connections", "--url=ws://localhost:" + server.port() + "/ws", "--clients=5", "--time=1");
            assertEquals(0, run.status, run.err);
            assertTrue(run.err.contains("storm: left out, only a Parley can do that"), run.err);
            assertTrue(run.out.contains("5 of 5 open"), run.out);
        }
    }
}
