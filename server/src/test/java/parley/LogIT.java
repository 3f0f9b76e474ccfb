package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the real jar writes when clients say what they should not, through every entry that it has. */
class LogIT {

    private static final String SECRET = "s3cr3t-0f-a-client";
    private static final String TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9." + SECRET;

    /** What an attacker would like to see at the start of a line, behind each way to begin one. */
    private static final List<String> FORGERIES =
            List.of("\r\n", "\n", "\r", "\u2028", "\u0085", "\u001b[2J\u001b[H", "\u202e", "\0").stream()
                    .map(start -> start + "2026-11-20T00:00:00.000Z INFO Parley - forged")
                    .toList();

    private static final Pattern LINE = Pattern.compile(
            "\\d{4}-\\d\\d-\\d\\dT[\\d:.]+(Z|[+-]\\d\\d:\\d\\d) (INFO|WARN|ERROR) [\\w$.-]+ - .*|\\tat .*|Caused by: .*|\\t\\.\\.\\. \\d+ more");

    /** @param level of Jetty's own lines: what we set, and what shows all that clients can provoke */
    @ParameterizedTest
    @ValueSource(strings = {"error", "warn"})
    void nothingThatAClientSaysForgesALineOrIsASecretInOne(String level) throws Exception {
        List<String> jvm = List.of("-Dorg.slf4j.simpleLogger.log.org.eclipse.jetty=" + level);
        List<String> lines;
        try (JarProcess server = JarProcess.run(jvm, "--port", "0")) {
            server.awaitStart();
            for (Attack attack : attacks()) {
                try (RawSocket line = new RawSocket(server.port())) {
                    attack.on(line);
                } catch (IOException refused) {
                    // as good as an answer
                }
            }
            flood(server.port());
            server.process.destroy();
            server.await(Duration.ofSeconds(20));
            lines = server.outputLines();
            lines.addAll(server.errorLines());
        }
        assertTrue(lines.stream().anyMatch(line -> line.contains("message from user")), "nothing was logged at all");
        assertEquals(
                List.of(), lines.stream().filter(line -> line.contains(SECRET)).toList(), "secrets");
        assertEquals(
                List.of(),
                lines.stream().filter(line -> !LINE.matcher(line).matches()).toList(),
                "forged lines");
        assertEquals(
                List.of(), lines.stream().filter(line -> line.length() > 1_500).toList(), "long lines");
        long told = lines.stream()
                .filter(line -> line.contains("message from user"))
                .count();
        assertTrue(told < 100, told + " lines for 500 messages");
        assertTrue(
                lines.stream().anyMatch(line -> line.contains("were left out")), "nobody says that lines are left out");
    }

    private interface Attack {
        void on(RawSocket line) throws IOException;
    }

    private static List<Attack> attacks() {
        List<Attack> attacks = new ArrayList<>();
        for (String forgery : FORGERIES) {
            String raw = forgery + SECRET;
            String encoded = URLEncoder.encode(forgery, StandardCharsets.UTF_8);
            String secret = encoded + "?token=" + TOKEN + "&key=" + SECRET + "&message=" + SECRET;
            for (String path : paths(secret, encoded)) {
                attacks.add(line -> ask(line, "GET", path));
                attacks.add(line -> ask(line, "POST", path));
                attacks.add(line -> line.handshake(path, "Sec-WebSocket-Protocol: parley.v1, parley.token." + TOKEN));
                attacks.add(line -> ask(line, "GET", path, "X-Forwarded-For: " + raw, "Forwarded: for=" + SECRET));
            }
            for (String host :
                    List.of("a" + forgery, "[a" + forgery, forgery)) { // Jetty tells of them, and they are no secrets
                attacks.add(line -> ask(line, "GET", "/socket/publish?userId=42&message=a", "Host: " + host));
                attacks.add(line -> line.handshake("/websocket/42", "Host: " + host));
            }
            for (String header : HEADERS) {
                attacks.add(line -> ask(line, "GET", "/socket/publish?userId=42&message=a", header + ": a" + raw));
                attacks.add(line -> line.handshake("/websocket/42", header + ": " + SECRET + forgery));
            }
            for (String type : TYPES) {
                attacks.add(line -> post(line, type, "userId=42&message=" + raw));
                attacks.add(line -> post(line, type, "{\"userId\":\"42\",\"message\":\"" + raw + "\",,"));
                attacks.add(line -> post(line, type + forgery, SECRET));
            }
            for (String frame : frames(raw)) {
                attacks.add(line -> say(line, null, frame));
                attacks.add(line -> say(line, "parley.v1", "{\"type\":\"hello\"}", frame));
            }
        }
        attacks.add(line -> line.send("\u0016\u0003\u0001 " + SECRET + "\r\n\r\n")); // TLS to where there is none
        attacks.add(line -> line.send("GET / HTTP/9." + SECRET + "\r\n\r\n"));
        attacks.add(line -> ask(line, SECRET, "/"));
        attacks.add(line -> line.request("GET", "http://" + SECRET + "@evil.example/", "Host: a", "Host: b"));
        attacks.add(line -> line.request("GET", "/", "Content-Length: " + SECRET, "Transfer-Encoding: " + SECRET));
        attacks.add(line -> line.send("POST /socket/publish HTTP/1.1\r\nHost: localhost\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n" + SECRET + "\r\n"));
        attacks.add(line -> line.handshake("/websocket/42", "Sec-WebSocket-Protocol: " + (TOKEN + ", ").repeat(200)));
        return attacks;
    }

    private static final List<String> HEADERS = List.of(
            "Origin",
            "Referer",
            "Authorization",
            "X-Api-Key",
            "Cookie",
            "Last-Event-ID",
            "Idempotency-Key",
            "Content-Type",
            "Sec-WebSocket-Protocol",
            "Sec-WebSocket-Extensions",
            "Sec-WebSocket-Version",
            "Sec-WebSocket-Key",
            "Connection",
            "Expect",
            "If-Modified-Since",
            "Range");

    private static final List<String> TYPES = List.of(
            "application/json",
            "application/x-www-form-urlencoded",
            "text/plain",
            "application/x-ndjson",
            "multipart/form-data; boundary=" + SECRET);

    private static List<String> paths(String secret, String encoded) {
        return List.of(
                "/websocket/" + secret,
                "/websocket/" + TOKEN,
                "/websocket/" + TOKEN + "/" + encoded,
                "/websocket/42?since=" + encoded + SECRET + "&token=" + TOKEN,
                "/websocket/42?topic=%ff&token=" + TOKEN,
                "/socket/publish?userId=" + secret,
                "/socket/publish?token=%zz" + SECRET,
                "/socket/ask?userId=" + secret,
                "/socket/history?userId=" + secret,
                "/socket/online?userId=" + secret,
                "/socket/disconnect?userId=42&reason=" + secret,
                "/socket/why?userId=" + secret,
                "/socket/message?id=" + secret,
                "/socket/events?since=" + secret,
                "/health" + secret,
                "/client/../" + secret,
                "/%2e%2e/" + secret,
                "//" + secret,
                "/;" + secret);
    }

    private static List<String> frames(String raw) {
        String json = raw.replace("\u001b", "\\u001b")
                .replace("\r", "\\r")
                .replace("\n", "\\n")
                .replace("\0", "\\u0000");
        return List.of(
                raw,
                "{\"reception\":\"" + json + "\",\"body\":\"" + json + "\",\"flag\":\"" + json + "\"}",
                "{\"type\":\"" + json + "\"}",
                "{\"type\":\"send\",\"ref\":\"" + json + "\",\"reception\":\"topic:" + json + "\",\"body\":\"" + json
                        + "\"}",
                "{\"type\":\"subscribe\",\"topic\":\"" + json + "\"}",
                "{\"type\":\"ack\",\"channel\":\"" + json + "\",\"position\":\"" + json + "\"}",
                "{\"type\":\"reply\",\"ask\":\"" + json + "\",\"body\":\"" + json + "\"}");
    }

    private static void ask(RawSocket line, String method, String path, String... headers) throws IOException {
        line.request(method, path, headers);
        line.readHead();
    }

    private static void post(RawSocket line, String type, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        line.send("POST /socket/publish?userId=42 HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type
                + "\r\nContent-Length: " + bytes.length + "\r\n\r\n");
        line.send(bytes);
        line.readHead();
    }

    /** Frames that are text, and then all that no client may send. */
    private static void say(RawSocket line, String protocol, String... texts) throws IOException {
        RawSocket.webSocket(line, "/websocket/42?since=now&token=" + TOKEN, protocol);
        for (String text : texts) {
            line.sendText(text);
        }
        byte[] reason = ("\u0003\u00e8" + SECRET + "\nforged").getBytes(StandardCharsets.ISO_8859_1);
        line.sendFrame(9, SECRET.getBytes(StandardCharsets.UTF_8));
        line.sendFrame(8, reason);
        line.send(("\u00ff\u007f" + SECRET).getBytes(StandardCharsets.ISO_8859_1));
    }

    /** More messages for the back ends than anybody wants to read of. */
    private static void flood(int port) throws IOException {
        for (int client = 0; client < 5; client++) {
            try (RawSocket line = RawSocket.webSocket(port, "/websocket/flood", null)) {
                for (int i = 0; i < 100; i++) {
                    line.sendText(SECRET);
                }
                line.sendText("ping");
                await().until(() -> line.readText().equals("pong"));
            }
        }
    }
}
