package parley;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one client feels of a flood from another address: how long a message takes from its publish to the client, without
 * and with the flood, turn by turn on one server that has compiled what both need. Where there are two cores and taskset,
 * the figures are the server's: it has a core to itself, and of the other the flood takes what this process leaves. Being
 * idle by its scheduling class, the flood gives way at once when a message has come; by a mere nice it would not, and the
 * client would be seen waiting for a core, which a client has of its own.
 */
final class FloodSoak {

    private static final int LINES = 3_000;
    private static final int CONNECTS_PER_SECOND = 1_000;
    private static final int SAMPLES = 2_000;
    private static final int WARM_UPS = 12;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long WARM_UP_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(100);
    private static final double MOST = 1.5;
    private static final Pattern COMPILED = Pattern.compile("(?m)^java\\.ci\\.totalTime=(\\d+)");
    private static final Pattern TICKS = Pattern.compile("(?m)^sun\\.os\\.hrt\\.frequency=(\\d+)");

    /** Of a turn: of {@link #SAMPLES} messages, and how long the server's compilers ran meanwhile. */
    private record Latency(double p50, double p99, long compiling) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "p50 %.2f ms, p99 %.2f ms (compilers %d ms)", p50, p99, compiling);
        }
    }

    private final boolean pinned;
    private final JarProcess server;
    private final RawSocket publisher;
    private final RawSocket client;

    private FloodSoak(boolean pinned, JarProcess server, RawSocket publisher, RawSocket client) {
        this.pinned = pinned;
        this.server = server;
        this.publisher = publisher;
        this.client = client;
    }

    static void run(int runs) throws Exception {
        boolean pinned = Runtime.getRuntime().availableProcessors() > 1
                && new ProcessBuilder("sh", "-c", "command -v taskset && command -v chrt")
                                .start()
                                .waitFor()
                        == 0;
        if (pinned) {
            new ProcessBuilder(
                            "taskset",
                            "-acp",
                            "1",
                            Long.toString(ProcessHandle.current().pid()))
                    .start()
                    .waitFor();
        }
        double[] ratios = new double[runs];
        List<String> before = pinned ? List.of("taskset", "-c", "0") : List.of();
        try (JarProcess server = JarProcess.run(before, List.of("-Xmx512m"), "--port", "0")) {
            server.awaitStart();
            try (RawSocket client = RawSocket.webSocket(server.port(), "/websocket/ann", null);
                    RawSocket publisher = new RawSocket(server.port())) {
                FloodSoak soak = new FloodSoak(pinned, server, publisher, client);
                soak.warmUp();
                for (int i = 0; i < runs; i++) {
                    ratios[i] = soak.ratio();
                }
            }
            System.out.println("flood: " + Soak.memory(server));
        }
        Arrays.sort(ratios);
        System.out.printf(
                Locale.ROOT,
                "flood: the p99 is %.2f times the quiet one (median of %d runs, %s)%n",
                ratios[runs / 2],
                runs,
                Arrays.toString(ratios));
        if (ratios[runs / 2] > MOST) {
            throw new IllegalStateException("the others notice the flood");
        }
    }

    /**
     * Until the compilers are done, which else have much more to do under the flood than without, and take turns with the
     * server on its one core. Each time from an address of its own, which may do at once what one may.
     */
    private void warmUp() throws Exception {
        for (int i = 1; i <= WARM_UPS; i++) {
            Process flood = flood("127.0.1." + i);
            try {
                flood.inputReader().readLine();
                for (int j = 0; j < 4; j++) {
                    sample(WARM_UP_PAUSE_NANOS);
                }
            } finally {
                stop(flood);
            }
            sample(WARM_UP_PAUSE_NANOS);
        }
    }

    private double ratio() throws Exception {
        Latency quiet = latency();
        Process flood = flood(Flood.ADDRESS);
        try (BufferedReader words = flood.inputReader()) {
            words.readLine();
            Latency rising = latency(); // all that an address may have at once is taken
            Latency flooded = latency();
            flood.getOutputStream().write('\n');
            flood.getOutputStream().flush();
            System.out.println(
                    "flood: quiet " + quiet + "; rising " + rising + "; flooded " + flooded + "; " + words.readLine());
            return flooded.p99 / quiet.p99;
        } finally {
            stop(flood);
            sample(PAUSE_NANOS); // until nothing is left of it
        }
    }

    private static void stop(Process flood) throws InterruptedException {
        flood.destroyForcibly().waitFor();
    }

    private Process flood(String address) throws IOException {
        List<String> command = new ArrayList<>(pinned ? List.of("chrt", "-i", "0", "taskset", "-c", "1") : List.of());
        command.addAll(
                List.of(System.getProperty("java.home") + "/bin/java", "-cp", System.getProperty("java.class.path")));
        command.addAll(
                List.of(Flood.class.getName(), address, "" + server.port(), "" + LINES, "" + CONNECTS_PER_SECOND));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private Latency latency() throws IOException {
        long compiled = compiledMillis();
        double[] millis = sample(PAUSE_NANOS);
        return new Latency(millis[SAMPLES / 2], millis[SAMPLES * 99 / 100], compiledMillis() - compiled);
    }

    /** Milliseconds from the start of a publish until the client has the message, ascending. */
    private double[] sample(long pauseNanos) throws IOException {
        client.sendFrame(RawSocket.PONG, new byte[0]); // a sign of life: it answers no pings
        double[] millis = new double[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            String text = "message-" + i;
            long start = System.nanoTime();
            publisher.request("GET", "/socket/publish?userId=ann&message=" + text);
            if (!client.readText().equals(text)) {
                throw new IllegalStateException("a message was lost");
            }
            millis[i] = (System.nanoTime() - start) / 1e6;
            publisher.readAnswer();
            LockSupport.parkNanos(pauseNanos);
        }
        Arrays.sort(millis);
        return millis;
    }

    /** How long the server's compilers have run. */
    private long compiledMillis() throws IOException {
        String counters = server.jcmd("PerfCounter.print");
        Matcher compiled = COMPILED.matcher(counters);
        Matcher ticks = TICKS.matcher(counters);
        return compiled.find() && ticks.find()
                ? Long.parseLong(compiled.group(1)) * 1_000 / Long.parseLong(ticks.group(1))
                : 0;
    }
}
