package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What browsers are told to forbid, and what our own pages never do. */
class PagesTest {

    /** Ways for text to become elements or code. The pages build their DOM from nodes and text alone. */
    private static final Pattern SINK =
            Pattern.compile("innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|setHTML|DOMParser"
                    + "|srcdoc|document\\s*\\.\\s*write|\\beval\\s*\\(|new\\s+Function\\b|javascript:"
                    + "|set(?:Timeout|Interval)\\s*\\(\\s*['\"`]");

    /** Code in a page itself, which the policy would stop anyway. */
    private static final Pattern INLINE = Pattern.compile(
            "<script(?![^>]*\\bsrc=)|<style|\\s(?:on\\w+|style)\\s*=|javascript:|https?://(?!localhost)");

    private static ServerFixture server;

    @BeforeAll
    static void start() {
        server = ServerFixture.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String header(ServerFixture.Answer answer, String name) {
        return answer.raw().headers().firstValue(name).orElse(null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/index.html", "/page.js", "/style.css", "/favicon.svg", "/client/index.js"})
    void aPageRunsNothingButItself(String path) throws Exception {
        ServerFixture.Answer page = server.get(path);
        assertEquals(200, page.status());
        String policy = header(page, "Content-Security-Policy");
        assertNotNull(policy);
        for (String directive : List.of(
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'")) {
            assertTrue(List.of(policy.split("; *")).contains(directive), policy);
        }
        assertFalse(policy.contains("unsafe") || policy.contains("*"), policy);
        assertEquals("same-origin", header(page, "Referrer-Policy"));
        assertEquals("same-origin", header(page, "Cross-Origin-Opener-Policy"));
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /, 200, same-origin",
        "GET, /client/index.js, 200, cross-origin",
        "GET, /health, 200, same-origin",
        "GET, /socket/publish?userId=1&message=x, 202, same-origin",
        "GET, /socket/publish, 400, same-origin",
        "GET, /socket/online, 200, same-origin",
        "GET, /socket/history?userId=1, 200, same-origin",
        "GET, /websocket/%2F, 400, same-origin",
        "DELETE, /websocket/1, 405, same-origin",
        "GET, /nothing<script>, 404, same-origin",
        "GET, /%00, 400, same-origin",
        "PUT, /socket/publish, 405, same-origin",
        "TRACE, /, 405, same-origin",
    })
    void everyAnswerIsWhatItSaysAndNobodyElses(String method, String path, int status, String policy) throws Exception {
        try (RawSocket line = server.raw()) {
            line.request(method, path);
            RawSocket.Answer answer = line.readAnswer();
            assertEquals(status, answer.status());
            assertEquals("nosniff", answer.head().header("X-Content-Type-Options"));
            assertEquals(policy, answer.head().header("Cross-Origin-Resource-Policy"));
            assertNull(answer.head().header("Server"));
            assertFalse(answer.body().contains("<script>"), "an error does not repeat what was asked");
        }
    }

    @Test
    void anEventStreamIsToo() throws Exception {
        try (RawSocket line = server.raw()) {
            line.request("GET", "/websocket/1");
            RawSocket.Head head = line.readHead();
            assertEquals(200, head.status());
            assertEquals("nosniff", head.header("X-Content-Type-Options"));
        }
    }

    /** Nothing is shared with pages of other origins but the client; an origin is never repeated, no credentials count. */
    @ParameterizedTest
    @CsvSource({
        "GET, /socket/publish?userId=1&message=x, https://evil.test, 403,",
        "GET, /socket/publish?userId=1&message=x, null, 403,",
        "OPTIONS, /socket/publish, https://evil.test, 403,",
        "GET, /websocket/1, https://evil.test, 403,",
        "GET, /socket/events, https://evil.test, 403,",
        "GET, /health, https://evil.test, 200,",
        "GET, /client/index.js, https://evil.test, 200, *",
        "OPTIONS, /client/index.js, https://app.example.com, 405,",
    })
    void noAnswerIsSharedAcrossOrigins(String method, String path, String origin, int status, String shared)
            throws Exception {
        try (RawSocket line = server.raw()) {
            line.request(
                    method,
                    path,
                    "Origin: " + origin,
                    "Access-Control-Request-Method: POST",
                    "Access-Control-Request-Headers: X-Api-Key");
            RawSocket.Head head = line.readHead();
            assertEquals(status, head.status());
            assertEquals(shared, head.header("Access-Control-Allow-Origin"));
            assertEquals(
                    shared == null ? 0 : 1,
                    head.headers().keySet().stream()
                            .filter(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control-"))
                            .count());
        }
    }

    @Test
    void textBecomesNothingButText() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path folder : List.of(Path.of("src/main/resources/static"), Path.of("../client-js/src"))) {
            for (Path file : files(folder)) {
                Pattern forbidden = file.toString().endsWith(".html") ? INLINE : SINK;
                forbidden
                        .matcher(Files.readString(file))
                        .results()
                        .forEach(match -> found.add(file + ": " + match.group()));
            }
        }
        assertEquals(List.of(), found);
    }

    /** Our own; what others wrote is checked by the policy. */
    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            List<Path> files = walk.filter(file -> file.toString().matches(".*\\.(js|html|svg)"))
                    .filter(file -> !file.toString().contains("vendor"))
                    .toList();
            assertTrue(files.size() > 5, () -> "no pages in " + folder.toAbsolutePath());
            return files;
        }
    }
}
