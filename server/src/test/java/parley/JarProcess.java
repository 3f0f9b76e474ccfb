package parley;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The jar that users run, as a process of its own. Its jar is named by the system property {@code parley.jar}. */
final class JarProcess implements AutoCloseable {

    private static final Pattern START = Pattern.compile("Parley (\\S+) on http://([^:/]+|\\[.*]):(\\d+)/ .*");
    private static final String END = "\0end";

    final Process process;
    final long started = System.nanoTime();
    private final BlockingQueue<String> out = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> err = new LinkedBlockingQueue<>();
    private int port;

    private JarProcess(Process process) {
        this.process = process;
        read(process.inputReader(), out);
        read(process.errorReader(), err);
    }

    private static void read(BufferedReader from, BlockingQueue<String> into) {
        Thread reader = new Thread(() -> {
            try (from) {
                from.lines().forEach(into::add);
            } catch (IOException | java.io.UncheckedIOException ended) {
                // so has the process
            }
            into.add(END);
        });
        reader.setDaemon(true);
        reader.start();
    }

    static JarProcess run(String... options) throws IOException {
        return run(List.of(), options);
    }

    static JarProcess run(List<String> jvm, String... options) throws IOException {
        return run(List.of(), jvm, options);
    }

    /** @param before words before the java of the command, like those that set limits */
    static JarProcess run(List<String> before, List<String> jvm, String... options) throws IOException {
        String jar = System.getProperty("parley.jar");
        assertNotNull(jar, "the system property parley.jar names no jar: run this with 'mvn verify'");
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvm);
        command.addAll(List.of("-jar", jar));
        command.addAll(List.of(options));
        return start(new ProcessBuilder(command));
    }

    /** Starts what starts the server; settings of ours in the environment would be the server's. */
    static JarProcess start(ProcessBuilder builder) throws IOException {
        builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_"));
        return new JarProcess(builder.start());
    }

    /** Waits for the start line, which is the first of all, and returns it. */
    String awaitStart() throws InterruptedException {
        String line = out.poll(30, TimeUnit.SECONDS);
        Matcher start = START.matcher(String.valueOf(line));
        if (!start.matches()) {
            throw new AssertionError("the first line is no start line: " + line + "; errors: " + err);
        }
        port = Integer.parseInt(start.group(3));
        return line;
    }

    int port() {
        return port;
    }

    /** The exit code. */
    int await(Duration atMost) throws InterruptedException {
        if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("still running after " + atMost);
        }
        return process.exitValue();
    }

    List<String> outputLines() throws InterruptedException {
        return rest(out);
    }

    List<String> errorLines() throws InterruptedException {
        return rest(err);
    }

    /** What comes until the end of the process. */
    private static List<String> rest(BlockingQueue<String> from) throws InterruptedException {
        List<String> lines = new ArrayList<>();
        for (String line = from.poll(10, TimeUnit.SECONDS); line != null && !line.equals(END); ) {
            lines.add(line);
            line = from.poll(10, TimeUnit.SECONDS);
        }
        return lines;
    }

    /** What another program of the JDK says about the process. */
    String jcmd(String... words) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
        command.add(Long.toString(process.pid()));
        command.addAll(List.of(words));
        Process jcmd = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(jcmd.getInputStream(), StandardCharsets.UTF_8))) {
            return String.join("\n", reader.lines().toList());
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
