package parley;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The real jar in a process of its own, which can be killed. */
final class ServerProcess {

    private static final Pattern PORT = Pattern.compile("http://[^ ]*:(\\d+)/");

    final Process process;
    final int port;
    final String startLine;
    private final HttpClient http = HttpClient.newHttpClient();

    /** Started and perhaps still running, so that a test that fails leaves none behind. */
    private static final Set<Process> STARTED = ConcurrentHashMap.newKeySet();

    /** SIGKILL for all that a test has started. */
    static void killAll() {
        STARTED.forEach(Process::destroyForcibly);
        STARTED.clear();
    }

    private ServerProcess(Process process, String startLine) {
        this.process = process;
        this.startLine = startLine;
        Matcher found = PORT.matcher(startLine);
        port = found.find() ? Integer.parseInt(found.group(1)) : -1;
    }

    static ProcessBuilder command(String... options) {
        String jar = System.getProperty("parley.jar");
        assertNotNull(jar, "this test needs the system property parley.jar: run it with mvn verify");
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m", "-jar", jar));
        command.addAll(Arrays.asList(options));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    /** Starts the server; returns when it listens. */
    static ServerProcess start(String... options) throws IOException {
        return start(Map.of(), options);
    }

    static ServerProcess start(Map<String, String> environment, String... options) throws IOException {
        ProcessBuilder builder = command(options);
        builder.environment().putAll(environment);
        Process process = builder.start();
        STARTED.add(process);
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        if (line == null || !line.contains("http://")) {
            process.destroyForcibly();
            throw new IOException("the server did not start: " + line);
        }
        return new ServerProcess(process, line);
    }

    /** SIGKILL; returns when the process is gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor(10, TimeUnit.SECONDS);
    }

    /** SIGTERM; returns when the process has ended. */
    int stop() throws InterruptedException {
        process.destroy();
        process.waitFor(30, TimeUnit.SECONDS);
        return process.exitValue();
    }

    /** The answer to a publish; {@code key} may be null. */
    HttpResponse<String> publish(String user, String text, String key) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri("/socket/publish?userId=" + user))
                .POST(HttpRequest.BodyPublishers.ofString(text))
                .header("Content-Type", "text/plain");
        if (key != null) {
            request.header("Idempotency-Key", key);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** The wall clock's time by which the message was stored. */
    long publishToTopic(String topic, String text) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(uri("/socket/publish?topic=" + topic + "&message=" + text))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 202) {
            throw new IOException(answer.statusCode() + " " + answer.body());
        }
        JsonArray messages = JsonParser.parseString(get("/socket/history?limit=1000&topic=" + topic))
                .getAsJsonObject()
                .getAsJsonArray("messages");
        return messages.get(messages.size() - 1).getAsJsonObject().get("time").getAsLong();
    }

    String get(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(path + ": " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    /** The texts that a user's inbox keeps. */
    List<String> texts(String user) throws IOException, InterruptedException {
        return history("userId=" + user);
    }

    List<String> topic(String name) throws IOException, InterruptedException {
        return history("topic=" + name);
    }

    private List<String> history(String channel) throws IOException, InterruptedException {
        JsonArray messages = JsonParser.parseString(get("/socket/history?limit=1000&" + channel))
                .getAsJsonObject()
                .getAsJsonArray("messages");
        List<String> texts = new ArrayList<>();
        messages.forEach(
                message -> texts.add(message.getAsJsonObject().get("body").getAsString()));
        return texts;
    }

    private URI uri(String path) {
        return URI.create("http://localhost:" + port + path);
    }
}
