package parley.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Parley to measure, in a process of its own: the same Java, the same jar, a free port. */
final class OwnServer implements AutoCloseable {

    private static final Pattern ADDRESS = Pattern.compile("http://[^ /]*:(\\d+)/");
    private static final int END_SECONDS = 5;

    private final Process process;
    private final URI url;

    private OwnServer(Process process, URI url) {
        this.process = process;
        this.url = url;
    }

    /** Starts it with these options; returns when it listens. */
    static OwnServer start(List<String> options) throws IOException, Target.Unreachable {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "parley.Main",
                "--port",
                "0",
                "--session-rate",
                "0"));
        command.addAll(options);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_"));
        Process process = builder.start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        Matcher address = ADDRESS.matcher(String.valueOf(line));
        if (!address.find()) {
            process.destroyForcibly();
            throw new Target.Unreachable("A server of our own did not start; its words are above.");
        }
        return new OwnServer(process, URI.create("http://127.0.0.1:" + address.group(1)));
    }

    URI url() {
        return url;
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
