package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that two servers may read in two ways, or that no client sends: one answer each, and the right one. */
class StrictHttpTest {

    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3})");
    private static final String HEALTH = "GET /health HTTP/1.1\r\nHost: localhost\r\n";
    private static final String LAST = HEALTH + "Connection: close\r\n\r\n";
    private static final String PUBLISH =
            "POST /socket/publish?userId=strict HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n";

    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** The statuses of all answers until the server ends the connection. */
    private static List<Integer> answers(String requests) throws Exception {
        try (RawSocket line = server.raw()) {
            line.send(requests.getBytes(StandardCharsets.ISO_8859_1));
            String answers = line.readTextToEnd();
            assertFalse(answers.contains("\r\nServer:"), answers);
            assertFalse(answers.contains("Jetty"), answers);
            return STATUS.matcher(answers)
                    .results()
                    .map(result -> Integer.valueOf(result.group(1)))
                    .toList();
        }
    }

    /** Whether a request after this one is read as one, or as part of it: 200 is that of the second. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Content-Length: 4, Transfer-Encoding: chunked        | 400",
                "Transfer-Encoding: chunked, Content-Length: 4        | 400",
                "Content-Length: 4, Content-Length: 5                 | 400",
                "Content-Length: 4, Content-Length: 4                 | 400",
                "Content-Length: -1                                   | 400",
                "Content-Length: +4                                   | 400",
                "Content-Length: 0x4                                  | 400",
                "Content-Length: 4 4                                  | 400",
                "Content-Length: 99999999999999999999                 | 400",
                "Content-Length :4                                    | 400",
                "Transfer-Encoding: xchunked                          | 400",
                "Transfer-Encoding: identity                          | 400",
                "Transfer-Encoding: chunked, Transfer-Encoding: chunked | 400",
                "Transfer-Encoding : chunked                          | 400",
                "Transfer-Encoding: \u000bchunked                     | 400",
                "Content-Length: 7, X Y: a                            | 400",
                "Content-Length: 7, NoColon                           | 400",
                "Content-Length: 7, : a                               | 400",
            })
    void aBodyWhoseEndIsDoubtfulIsRefusedAndTheConnectionEnds(String headers, int status) throws Exception {
        String lines = String.join("\r\n", headers.strip().split(", "));
        assertEquals(List.of(status), answers(PUBLISH + lines + "\r\n\r\n0\r\n\r\nab" + LAST));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1;name=value\\r\\na\\r\\n0\\r\\n\\r\\n      | 202, 200",
                "1\\r\\na\\r\\n0\\r\\nX-Trailer: b\\r\\n\\r\\n | 202, 200",
                "1\\r\\na\\r\\n0\\r\\nContent-Length: 9\\r\\n\\r\\n | 202, 200",
                "+1\\r\\na\\r\\n0\\r\\n\\r\\n                | 400",
                "-1\\r\\na\\r\\n0\\r\\n\\r\\n                | 400",
                "0x1\\r\\na\\r\\n0\\r\\n\\r\\n               | 400",
                "FFFFFFFFFFFFFFFF1\\r\\na\\r\\n0\\r\\n\\r\\n | 400",
                "1\\na\\n0\\n\\n                             | 400",
                "1;name\\na\\r\\n0\\r\\n\\r\\n               | 400",
                "1\\r\\nab\\r\\n0\\r\\n\\r\\n                | 400",
                "1\\r\\na\\n0\\r\\n\\r\\n                    | 400",
            })
    void chunksAreReadByTheLetter(String body, String statuses) throws Exception {
        String chunks = body.strip().replace("\\r", "\r").replace("\\n", "\n");
        List<Integer> expected = Pattern.compile(", ")
                .splitAsStream(statuses)
                .map(Integer::valueOf)
                .toList();
        assertEquals(expected, answers(PUBLISH + "Transfer-Encoding: chunked\r\n\r\n" + chunks + LAST));
    }

    @Test
    void whatAnotherTransferCodingMadeIsNotTakenForTheMessage() throws Exception {
        String body = "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
        assertEquals(List.of(501, 200), answers(PUBLISH + body + LAST));
    }

    @Test
    void theBodyOfAGetIsNoSecondRequest() throws Exception {
        String smuggled = HEALTH + "\r\n";
        assertEquals(
                List.of(200, 200),
                answers(HEALTH + "Content-Length: " + smuggled.length() + "\r\n\r\n" + smuggled + LAST));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /health HTTP/1.1\nHost: localhost\n\n",
                "GET /health HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: b\n\r\n",
                "GET /health HTTP/1.1\r\nHost: localhost\r\n\n",
                "GET /health HTTP/1.1\r\nHost: localhost\rX-A: b\r\n\r\n",
                "GET /health HTTP/1.1\r\n Host: localhost\r\n\r\n",
                "GET /health HTTP/1.1\r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: \r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
                "GET /he alth HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Folded: a\r\n b\r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Nul: a\u0000b\r\n\r\n",
                "GET /health HTTP/1.1 \r\nHost: localhost\r\n\r\n",
                "G\u0000T /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000", // TLS
            })
    void aMalformedHeadIs400AndTheConnectionEnds(String head) throws Exception {
        assertEquals(List.of(400), answers(head + LAST));
    }

    @ParameterizedTest
    @CsvSource({
        "http://evil.test/health, 400", // another host than the Host header's
        "http://a@localhost/health, 400",
        "http://localhost/health, 200",
    })
    void aWholeUriMustNameTheHostToo(String uri, int status) throws Exception {
        assertEquals(List.of(status, 200), answers("GET " + uri + " HTTP/1.1\r\nHost: localhost\r\n\r\n" + LAST));
    }

    @ParameterizedTest
    @CsvSource({"GET / HTTP/3.0, 505", "PRI * HTTP/2.0, 426", "GET /health, 505"})
    void otherVersionsAreNotSpoken(String line, int status) throws Exception {
        assertEquals(List.of(status), answers(line + "\r\n\r\n"));
    }

    // ---- headers

    private static String headers(int count) {
        return String.join(
                "",
                IntStream.range(0, count).mapToObj(i -> "X-" + i + ": y\r\n").toList());
    }

    @Test
    void oneHundredHeaderLinesAreEnough() throws Exception {
        assertEquals(List.of(200, 200), answers(HEALTH + headers(99) + "\r\n" + LAST));
        assertEquals(List.of(431, 200), answers(HEALTH + headers(100) + "\r\n" + LAST));
    }

    @Test
    void sixteenKibibytesOfHeadersAreEnough() throws Exception {
        String fits = "X-Long: " + "y".repeat((16 << 10) - HEALTH.length() - "X-Long: \r\n\r\n".length()) + "\r\n\r\n";
        assertEquals(List.of(200, 200), answers(HEALTH + fits + LAST));
        assertEquals(List.of(431), answers(HEALTH + "X-Longer: " + fits.substring("X-Long: ".length())));
        assertEquals(List.of(414), answers("GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    }

    // ---- methods

    @ParameterizedTest
    @ValueSource(strings = {"TRACE", "OPTIONS", "CONNECT"})
    void someMethodsWorkNowhere(String method) throws Exception {
        for (String path :
                List.of("/", "*", "/health", "/nowhere", "/websocket/42", "/socket/publish", "/socket/events")) {
            boolean authority = method.equals("CONNECT");
            if (authority || path.equals("*") && method.equals("TRACE")) {
                path = "localhost:80";
            }
            String request = method + ' ' + path + " HTTP/1.1\r\nHost: localhost\r\nX-Secret: 42\r\n\r\n";
            try (RawSocket line = server.raw()) {
                line.send(request + LAST);
                String answers = line.readTextToEnd();
                assertFalse(answers.contains("X-Secret"), answers);
                assertTrue(answers.startsWith("HTTP/1.1 4") && !answers.contains("HTTP/1.1 5"), answers);
                if (path.startsWith("/")) {
                    assertTrue(answers.startsWith("HTTP/1.1 405") && answers.contains("\r\nAllow: "), answers);
                }
            }
        }
    }

    // ---- paths

    /** security.md P18, as plain requests; the ids of users are in HandshakeTest. */
    @ParameterizedTest
    @CsvSource({
        "/health,                          200",
        "/%68ealth,                        200", // the same URI: RFC 3986, section 6.2.2.2
        "/health/,                         404",
        "/websocket/../health,             400",
        "/websocket/%2e%2e/health,         400",
        "/websocket/..%2fhealth,           400",
        "/websocket/..;/health,            400",
        "/./health,                        400",
        "//health,                         400",
        "/socket//online,                  400",
        "/health;x=1,                      400",
        "/socket/online;x,                 400",
        "/socket;x/online,                 400",
        "/socket%2Fonline,                 400",
        "/socket%2fonline,                 400",
        "/socket%5Conline,                 400",
        "/socket%252Fonline,               404",
        "/socket\\online,                  400",
        "\\health,                         400",
        "health,                           400",
        "/health%00,                       400",
        "/health%0d%0aX-A:b,               400",
        "/health%zz,                       400",
        "/health%u0061,                    400",
        "/health%C0%AF,                    400",
        "/health%E0%80%AF,                 400",
        "/health%FF%FE,                    400",
        "/health%ED%A0%80,                 400",
        "/health\u00e9,                    400", // a byte that is no UTF-8
        "/health?\u00e9,                   400",
        "/health#fragment,                 400",
        "/health?a#fragment,               400",
        "/../../etc/passwd,                400",
        "/%2e%2e/%2e%2e/etc/passwd,        400",
        "/client/../index.html,            400",
        "/..,                              400",
        "/.,                               400",
        "/index.html%00.js,                400",
        "/.git/config,                     404",
        "/websocket,                       404", // no redirect to whatever the Host header says
        "/websocket/,                      400",
    })
    void aPathHasOneReading(String path, int status) throws Exception {
        String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        assertEquals(List.of(status), answers(request));
    }

    /** As curl sends it from a terminal. */
    @Test
    void bareUtf8IsUnderstood() throws Exception {
        String path = "/socket/publish?userId=h\u00e9&message=\u65e5\u672c";
        try (RawSocket line = server.raw()) {
            line.request("GET", path, "Connection: close");
            assertEquals(202, line.readAnswer().status());
        }
        String history = server.get("/socket/history?userId=h%C3%A9").body();
        assertTrue(history.contains("\u65e5\u672c"), history);
    }

    // ---- handshakes

    private static final String KEY = "Sec-WebSocket-Key: ";
    private static final String GOOD_KEY = KEY + "dGhlIHNhbXBsZSBub25jZQ==";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "AAAAAAA=", // 5 bytes
                "AAAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAAAAA=", // 17 bytes
                "AAAAAAAAAAAAAAAAAAAAAB==", // bits that mean nothing
                "!!!!!!!!!!!!!!!!!!!!!!==",
                "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
            })
    void aKeyIsSixteenBytesInBase64(String key) throws Exception {
        assertEquals(400, handshake(KEY + key));
    }

    private static int handshake(String... lines) throws Exception {
        int status = -1;
        for (String protocol : List.of("parley.v1", "parley.plain")) { // no close code for who is no WebSocket client
            String[] all = java.util.Arrays.copyOf(lines, lines.length + 1);
            all[lines.length] = "Sec-WebSocket-Protocol: " + protocol;
            try (RawSocket line = server.raw()) {
                RawSocket.Head head = line.handshake("/websocket/strict", all);
                assertTrue(status < 0 || status == head.status());
                status = head.status();
                if (status == 101) {
                    assertEquals(null, head.header("Sec-WebSocket-Extensions"));
                }
            }
        }
        return status;
    }

    @Test
    void thereIsOneKeyAndOneVersion() throws Exception {
        assertEquals(101, handshake(GOOD_KEY));
        assertEquals(400, handshake(GOOD_KEY, GOOD_KEY));
        assertEquals(400, handshake("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8"));
        assertEquals(426, handshake("Sec-WebSocket-Version: 13, 8"));
    }

    /** A proxy would forward it as a body, and we would read it as frames. */
    @Test
    void aHandshakeHasNoBody() throws Exception {
        assertEquals(101, handshake("Content-Length: 0"));
        assertEquals(400, handshake("Content-Length: 5"));
        assertEquals(400, handshake("Transfer-Encoding: chunked"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "permessage-deflate; server_max_window_bits=99                     | 101",
                "permessage-deflate; client_max_window_bits; client_max_window_bits | 101",
                "permessage-deflate; nonsense                                      | 101",
                "nonsense, ;;;, =                                                  | 101",
                "@validation; outgoing-sequence=true                               | 101", // Jetty's own
                "fragment; maxLength=1                                             | 101",
                "permessage-deflate; a=\"b                                         | 400",
            })
    void noExtensionIsNegotiatedWhateverIsOffered(String offer, int status) throws Exception {
        assertEquals(status, handshake("Sec-WebSocket-Extensions: " + offer));
    }

    @Test
    void sixteenOffersAreEnough() throws Exception {
        String deflate = "Sec-WebSocket-Extensions: permessage-deflate";
        assertEquals(101, handshake(deflate + ", permessage-deflate".repeat(15)));
        assertEquals(400, handshake(deflate + ", permessage-deflate".repeat(16)));
        String protocols = "Sec-WebSocket-Protocol: a";
        assertEquals(101, handshake(protocols + ", a".repeat(14)));
        assertEquals(400, handshake(protocols + ", a".repeat(15)));
    }
}
