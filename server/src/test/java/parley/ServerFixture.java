package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import parley.config.ConfigLoader;
import parley.message.Time;
import parley.metrics.Metrics;
import parley.session.SessionRegistry;

/** A whole server in this process, on any free port, and HTTP to it. Settings come through the command line's words. */
final class ServerFixture implements AutoCloseable {

    /** Far above what anything here takes, so that only a hang fails. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    /** The system's time, which a test can push forward. */
    static final class Clock implements Time {
        private static final int STEP = 800;
        private final AtomicLong ahead = new AtomicLong();
        private volatile long seen; // by the heartbeat

        void advance(long millis) {
            ahead.addAndGet(millis);
        }

        /** Lets time pass in steps that the heartbeat sees; after a bigger one it takes the process for stopped. */
        void pass(long millis) {
            long end = millis() + millis;
            for (long left = millis; left > 0; left = end - millis()) {
                advance(Math.min(STEP, left));
                long now = millis();
                await().pollInterval(Duration.ofMillis(5)).until(() -> seen >= now);
            }
        }

        @Override
        public long millis() {
            long now = SYSTEM.millis() + ahead.get();
            if (Thread.currentThread().getName().equals("parley-scheduler")) {
                seen = now;
            }
            return now;
        }

        @Override
        public long wallMillis() {
            return SYSTEM.wallMillis() + ahead.get();
        }
    }

    private final Parley parley;

    private ServerFixture(Parley parley) {
        this.parley = parley;
    }

    static ServerFixture start(String... options) throws Parley.CannotStart {
        return start(Time.SYSTEM, options);
    }

    static ServerFixture start(Time time, String... options) throws Parley.CannotStart {
        List<String> line = new ArrayList<>(List.of("--port", "0"));
        line.addAll(List.of(options));
        ConfigLoader.Result result = ConfigLoader.load(line, Map.of(), "test");
        if (!(result instanceof ConfigLoader.Loaded loaded)) {
            return fail("these options are wrong: " + result);
        }
        Parley parley = new Parley(loaded.settings(), time);
        parley.start();
        return new ServerFixture(parley);
    }

    int port() {
        return parley.port();
    }

    SessionRegistry registry() {
        return parley.registry();
    }

    /** Limits of bodies, lines and waits come so many times sooner. */
    void hurry(int times) {
        parley.hurry(times);
    }

    /** What the server does every second, as if {@code later} had passed. */
    void cutSlowHeaders(Duration later) {
        parley.cutSlowHeaders(System.nanoTime() + later.toNanos(), System.currentTimeMillis() + later.toMillis());
    }

    String url(String path) {
        return "http://localhost:" + port() + path;
    }

    /** An HTTP answer. */
    record Answer(int status, String type, String body, HttpResponse<String> raw) {
        JsonElement json() {
            return JsonParser.parseString(body);
        }

        JsonObject object() {
            return json().getAsJsonObject();
        }

        /** The {@code code} of a problem. */
        String code() {
            return object().get("code").getAsString();
        }
    }

    private static Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response =
                HTTP.send(request.timeout(PATIENCE).build(), HttpResponse.BodyHandlers.ofString());
        String type = response.headers().firstValue("Content-Type").orElse("");
        return new Answer(response.statusCode(), type, response.body(), response);
    }

    private HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url(path)));
        return headers.length == 0 ? request : request.headers(headers);
    }

    Answer get(String path, String... headers) throws IOException, InterruptedException {
        return send(request(path, headers).GET());
    }

    Answer method(String method, String path) throws IOException, InterruptedException {
        return send(request(path).method(method, HttpRequest.BodyPublishers.noBody()));
    }

    Answer post(String path, String type, String body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(path, headers)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.getBytes(StandardCharsets.UTF_8)));
        return send(type == null ? request : request.header("Content-Type", type));
    }

    /** {@code GET /socket/publish} with names and values, escaped. */
    Answer publish(String... namesAndValues) throws IOException, InterruptedException {
        return get("/socket/publish?" + query(namesAndValues));
    }

    static String query(String... namesAndValues) {
        StringBuilder query = new StringBuilder();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            query.append(i == 0 ? "" : "&")
                    .append(namesAndValues[i])
                    .append('=')
                    .append(URLEncoder.encode(namesAndValues[i + 1], StandardCharsets.UTF_8));
        }
        return query.toString();
    }

    /** How many sessions a user has, by the server's own answer. */
    int online(String user) throws IOException, InterruptedException {
        JsonObject users =
                get("/socket/online?" + query("userId", user)).object().getAsJsonObject("users");
        return users.get(users.keySet().iterator().next()).getAsInt();
    }

    /** Connections that the server counts at the moment. */
    int connections() {
        return parley.connections();
    }

    Metrics metrics() {
        return parley.metrics();
    }

    RawSocket raw() throws IOException {
        return new RawSocket(port());
    }

    /** A plain WebSocket that is open. */
    RawSocket plain(String path) throws IOException {
        return RawSocket.webSocket(port(), path, null);
    }

    V1Client v1(String user) throws IOException {
        return new V1Client(RawSocket.webSocket(port(), "/websocket/" + user, "parley.v1"));
    }

    @Override
    public void close() {
        parley.close();
    }
}
