package parley;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The long runs of scripts/soak, against the real jar in a process of its own. Figures go to the standard output; a
 * failure is an exception. System properties:
 *
 * <ul>
 *   <li>{@code parley.jar}: the jar
 *   <li>{@code soak.users}, {@code soak.seconds}: how many users send to each other, and for how long
 *   <li>{@code soak.idle}, {@code soak.idleSeconds}: how many connections idle, and for how long
 *   <li>those of {@link LedgerIT}
 *   <li>{@code soak.floods}: how often a flood is tried
 * </ul>
 */
final class Soak {

    private Soak() {}

    public static void main(String[] parts) throws Exception {
        for (String part : parts) {
            switch (part) {
                case "exchange" ->
                    exchange(Integer.getInteger("soak.users", 1_000), Integer.getInteger("soak.seconds", 60));
                case "idle" ->
                    idle(Integer.getInteger("soak.idle", 10_000), Integer.getInteger("soak.idleSeconds", 60));
                case "slow" -> slow();
                case "ledger" -> ledger();
                case "flood" -> FloodSoak.run(Integer.getInteger("soak.floods", 5));
                default ->
                    throw new IllegalArgumentException(
                            "There is no part " + part + ": exchange, idle, slow, ledger, flood.");
            }
        }
        System.exit(0); // Java's HTTP client keeps its threads
    }

    private static void ledger() throws Exception {
        LedgerIT test = new LedgerIT();
        test.directory = Files.createTempDirectory("parley-ledger");
        try {
            test.theBooksBalanceAfterARestartAndAKillUnderLoad();
        } finally {
            try (Stream<Path> files = Files.walk(test.directory)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            }
        }
    }

    private static void exchange(int users, int seconds) throws Exception {
        try (JarProcess server = JarProcess.run("--port", "0", "--session-rate", "0")) {
            server.awaitStart();
            try (Exchange exchange = new Exchange(server.port(), users)) {
                Exchange.Ledger ledger = exchange.run(Duration.ofSeconds(seconds));
                System.out.println("exchange: " + users + " users, " + seconds + " s: " + ledger);
                System.out.println("exchange: " + memory(server));
                require(ledger.clean(), "messages were lost, duplicated or reordered");
            }
        }
    }

    private static void idle(int connections, int seconds) throws Exception {
        int[] texts = {0};
        try (JarProcess server = JarProcess.run(List.of("-Xmx512m"), "--port", "0")) {
            server.awaitStart();
            try (Crowd clients = new Crowd(server.port(), text -> texts[0]++)) {
                System.out.println("idle: none connected: " + memory(server));
                long before = heapKilobytes(server);
                long start = System.nanoTime();
                clients.connect(connections, "/websocket/idle-", "", false);
                System.out.println("idle: " + connections + " connected in "
                        + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) + " ms: " + memory(server));
                clients.runFor(Duration.ofSeconds(seconds));
                long idle = heapKilobytes(server);
                System.out.println("idle: after " + seconds + " s " + clients.open() + " are open, " + clients.pings()
                        + " pings were answered: " + memory(server) + "; heap of each "
                        + 1024 * (idle - before) / connections + " bytes");
                require(clients.open() == connections, "connections were lost");
                start = System.nanoTime();
                broadcast(server, clients, texts, connections, "hello");
                System.out.println("idle: one message to all in "
                        + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) + " ms");
                for (int i = 0; i < 20; i++) {
                    broadcast(server, clients, texts, connections, "x".repeat(10_000));
                }
                long after = heapKilobytes(server);
                System.out.println("idle: after 20 messages of 10 KB to all: " + memory(server));
                require(after - idle < 4096 + connections / 10, "the memory of a broadcast did not return");
                require(server.process.isAlive(), "the server ended");
            }
        }
    }

    private static void broadcast(JarProcess server, Crowd clients, int[] texts, int connections, String text)
            throws Exception {
        texts[0] = 0;
        ServerFixture.HTTP.sendAsync(
                HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + "/socket/publish?all=true"))
                        .header("Content-Type", "text/plain")
                        .POST(HttpRequest.BodyPublishers.ofString(text))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (texts[0] < connections && System.nanoTime() < deadline) {
            clients.select(100);
        }
        require(texts[0] == connections, "only " + texts[0] + " got the message");
    }

    /** What 100 stuck subscribers of 1,000 do to the other 900, in medians of five rounds with and five without. */
    private static void slow() throws Exception {
        List<SlowCrowd.Round> without = new ArrayList<>();
        List<SlowCrowd.Round> with = new ArrayList<>();
        try (JarProcess server = JarProcess.run(List.of("-Xmx512m"), "--port", "0")) {
            server.awaitStart();
            try (SlowCrowd crowd = new SlowCrowd(server)) {
                crowd.round(false); // warms up
                crowd.round(true);
                for (int i = 0; i < 5; i++) {
                    without.add(crowd.round(false));
                    with.add(crowd.round(true));
                    System.out.println("slow: none stuck: " + without.get(i) + "; 100 stuck: " + with.get(i));
                }
            }
        }
        double p50 = median(with, SlowCrowd.Round::p50) / median(without, SlowCrowd.Round::p50);
        double p99 = median(with, SlowCrowd.Round::p99) / median(without, SlowCrowd.Round::p99);
        double heap = median(with, SlowCrowd.Round::heapKilobytes) - median(without, SlowCrowd.Round::heapKilobytes);
        System.out.printf("slow: p50 of the others is %.2f times, p99 %.2f times, heap %+.0f KB%n", p50, p99, heap);
        require(p50 <= 1.2, "p50 of the others grew by more than a fifth");
        require(p99 <= 1.5, "p99 of the others grew by more than half");
        require(heap <= SlowCrowd.OTHERS * 1_200, "the heap grew by more than 100 outboxes");
    }

    private static double median(List<SlowCrowd.Round> rounds, ToDoubleFunction<SlowCrowd.Round> figure) {
        return rounds.stream().mapToDouble(figure).sorted().toArray()[rounds.size() / 2];
    }

    /** Used after a full collection. */
    static long heapKilobytes(JarProcess server) throws IOException {
        server.jcmd("GC.run");
        Matcher used = Pattern.compile("used (\\d+)K")
                .matcher(server.jcmd("GC.heap_info").replaceAll("(?m)^.*(Metaspace|class space).*$", ""));
        long sum = 0;
        while (used.find()) {
            sum += Long.parseLong(used.group(1));
        }
        return sum;
    }

    private static void require(boolean good, String otherwise) {
        if (!good) {
            throw new IllegalStateException(otherwise);
        }
    }

    /** After a full collection. */
    static String memory(JarProcess server) throws IOException {
        server.jcmd("GC.run");
        String heap = server.jcmd("GC.heap_info")
                .lines()
                .filter(line -> line.contains("used"))
                .findFirst()
                .orElse("heap unknown")
                .strip();
        Path status = Path.of("/proc", Long.toString(server.process.pid()), "status");
        String resident = Files.exists(status)
                ? Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmRSS"))
                        .findFirst()
                        .orElse("")
                        .replaceAll("\\s+", " ")
                : "VmRSS unknown";
        return resident + "; " + heap;
    }
}
