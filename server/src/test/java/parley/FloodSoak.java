package parley;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What one client feels of a flood from another address: how long a message takes from its publish to the client, without
 * and with the flood, on one server in one run. Where there is taskset, the server has a core of its own, and the flood
 * takes what this process leaves it of the other, so that the figures are the server's.
 */
final class FloodSoak {

    private static final int LINES = 3_000;
    private static final int CONNECTS_PER_SECOND = 1_000;
    private static final int SAMPLES = 2_000;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final double MOST = 1.5;

    private record Latency(double p50, double p99) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "p50 %.2f ms, p99 %.2f ms", p50, p99);
        }
    }

    private FloodSoak() {}

    static void run(int runs) throws Exception {
        boolean pinned = Runtime.getRuntime().availableProcessors() > 1
                && new ProcessBuilder("sh", "-c", "command -v taskset && command -v nice")
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
        for (int i = 0; i < runs; i++) {
            ratios[i] = ratio(pinned);
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

    private static double ratio(boolean pinned) throws Exception {
        List<String> before = pinned ? List.of("taskset", "-c", "0") : List.of();
        try (JarProcess server = JarProcess.run(before, List.of("-Xmx512m"), "--port", "0")) {
            server.awaitStart();
            try (RawSocket client = RawSocket.webSocket(server.port(), "/websocket/ann", null);
                    RawSocket publisher = new RawSocket(server.port())) {
                for (int i = 0; i < 3; i++) {
                    latency(publisher, client); // until the compilers are done
                }
                Latency quiet = latency(publisher, client);
                Process flood = flood(server.port(), pinned);
                try (BufferedReader words = flood.inputReader()) {
                    words.readLine();
                    for (int i = 0; i < 3; i++) {
                        latency(publisher, client); // until the flood is at its height, and what it needs is compiled
                    }
                    Latency flooded = latency(publisher, client);
                    flood.getOutputStream().write('\n');
                    flood.getOutputStream().flush();
                    System.out.println("flood: quiet " + quiet + "; flooded " + flooded + "; " + words.readLine());
                    System.out.println("flood: " + Soak.memory(server));
                    return flooded.p99 / quiet.p99;
                } finally {
                    flood.destroyForcibly();
                }
            }
        }
    }

    private static Process flood(int port, boolean pinned) throws IOException {
        List<String> command = new ArrayList<>(pinned ? List.of("nice", "-n", "19", "taskset", "-c", "1") : List.of());
        command.addAll(
                List.of(System.getProperty("java.home") + "/bin/java", "-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(Flood.class.getName(), "" + port, "" + LINES, "" + CONNECTS_PER_SECOND));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** From the start of a publish until the client has the message. */
    private static Latency latency(RawSocket publisher, RawSocket client) throws IOException {
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
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        Arrays.sort(millis);
        return new Latency(millis[SAMPLES / 2], millis[SAMPLES * 99 / 100]);
    }
}
