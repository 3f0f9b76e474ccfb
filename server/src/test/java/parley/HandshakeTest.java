package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may open a WebSocket, and what the others are told. */
class HandshakeTest {

    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start("--allow-origin", "https://app.example.com", "--allow-host", "push.example.com");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** The status of a plain handshake. */
    private static int status(String path, String... lines) throws IOException {
        try (RawSocket line = server.raw()) {
            return line.handshake(path, lines).status();
        }
    }

    /** The code that a v1 handshake is closed with. */
    private static int closeCode(String path, String... lines) throws IOException {
        String[] all = java.util.Arrays.copyOf(lines, lines.length + 1);
        all[lines.length] = "Sec-WebSocket-Protocol: parley.v1";
        try (RawSocket line = server.raw()) {
            RawSocket.Head head = line.handshake(path, all);
            assertEquals(101, head.status());
            assertEquals("parley.v1", head.header("Sec-WebSocket-Protocol"));
            return line.readFrame().closeCode();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "webSocket", "WebSocket", "WEBSOCKET", "wEbSoCkEt"})
    void anyLetterCaseOfThePathIsTheSameUser(String spelling) throws Exception {
        try (RawSocket client = server.plain("/" + spelling + "/10086")) {
            await().until(() -> server.online("10086") == 1);
            server.publish("userId", "10086", "message", spelling);
            String text = client.readText();
            while (!text.equals(spelling)) { // what the others of this test left in the inbox
                text = client.readText();
            }
            client.closePolitely();
        }
        await().until(() -> server.online("10086") == 0);
    }

    /** The id in the path, and the same one as a parameter. */
    @ParameterizedTest
    @CsvSource({
        "%C3%A9t%C3%A9,             %C3%A9t%C3%A9", // NFC on both sides
        "e%CC%81t%C3%A9x,           %C3%A9t%C3%A9x", // decomposed in the path
        "%C3%A9t%C3%A9y,            e%CC%81te%CC%81y", // decomposed in the parameter
        "a%20b,                     a+b",
        "u+1,                       u%2B1",
        "%F0%9F%98%80,              %F0%9F%98%80",
        "%E4%B8%AD%E6%96%87,        %E4%B8%AD%E6%96%87",
        "me@example.com,            me%40example.com",
        "a%26b%3Dc,                 a%26b%3Dc",
        "%41bc-._~!$'()*:,          Abc-._~!$'()*:",
    })
    void anIdIsDecodedOnceAndNormalised(String inPath, String asParameter) throws Exception {
        try (RawSocket client = server.plain("/websocket/" + inPath + "?since=now")) {
            await().until(() ->
                    server.get("/socket/online?userId=" + asParameter).body().contains(":1}"));
            ServerFixture.Answer answer = server.get("/socket/publish?message=hi&userId=" + asParameter);
            assertEquals(200, answer.status(), answer::body);
            assertEquals("hi", client.readText());
        }
    }

    private static final String LONGEST = "x".repeat(128);

    @Test
    void anIdHasAtMost128Characters() throws Exception {
        assertEquals(101, status("/websocket/" + LONGEST));
        assertEquals(400, status("/websocket/" + LONGEST + "x"));
        assertEquals(101, status("/websocket/" + "%F0%9F%98%80".repeat(128)));
        assertEquals(400, status("/websocket/" + "%F0%9F%98%80".repeat(129)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a/b",
                "a%2Fb",
                "a%5Cb",
                "a;x=1",
                "a%3Bb",
                "%00",
                "a%0Ab",
                "a%0D%0Ab",
                "%7F",
                "%C2%85",
                "%E2%80%AE", // right-to-left override
                "%E2%80%8B", // zero-width space
                "%FF%FE",
                "%C0%AF", // overlong
                "%ED%A0%80", // half a surrogate pair
                "%zz",
                "%u0061",
            })
    void aBadIdIs400(String id) throws Exception {
        assertEquals(400, status("/websocket/" + id));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b", "a%3Bb", "%E2%80%AE"})
    void aBadIdClosesV1With4000(String id) throws Exception {
        assertEquals(4000, closeCode("/websocket/" + id));
    }

    @Test
    void aRefusalSaysWhatToChange() throws Exception {
        try (RawSocket line = server.raw()) {
            line.request(
                    "GET",
                    "/websocket/a%3Bb",
                    "Upgrade: websocket",
                    "Connection: Upgrade",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                    "Sec-WebSocket-Version: 13");
            RawSocket.Answer answer = line.readAnswer();
            assertEquals("application/problem+json", answer.head().header("Content-Type"));
            JsonObject problem = JsonParser.parseString(answer.body()).getAsJsonObject();
            assertEquals(400, problem.get("status").getAsInt());
            assertEquals("bad_user", problem.get("code").getAsString());
            assertTrue(problem.get("detail").getAsString().length() > 20, answer::body);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"?since=yesterday", "?since=k3Zq81Ab", "?topic=", "?topic=a%0Ab"})
    void aBadQueryIs400(String query) throws Exception {
        assertEquals(400, status("/websocket/u" + query));
        assertEquals(4000, closeCode("/websocket/u" + query));
    }

    @Test
    void aSessionHas128Topics() throws Exception {
        String topics = IntStream.range(0, 128).mapToObj(i -> "topic=" + i).collect(Collectors.joining("&", "?", ""));
        assertEquals(101, status("/websocket/u" + topics));
        assertEquals(400, status("/websocket/u" + topics + "&topic=more"));
    }

    /** Browsers leave these as they are, and ids such as auth0|123 are common. */
    @ParameterizedTest
    @ValueSource(strings = {"auth0|123", "a[1]", "{a}", "a^b", "a`b", "a\"b", "<a>", "100%25"})
    void whatBrowsersDoNotEncodeMayStandInAnId(String id) throws Exception {
        try (RawSocket line = server.raw()) {
            RawSocket.Head head = line.handshake("/websocket/" + id + "?topic=" + id);
            assertEquals(101, head.status());
            await().until(() -> server.online(id.replace("%25", "%")) == 1);
        }
    }

    /** Jetty upgrades nothing that is no URI, so here a v1 client gets the status, too. */
    @ParameterizedTest
    @ValueSource(strings = {"?topic=%zz", "?topic=%FF"})
    void aQueryThatIsNotPercentEncodedIs400(String query) throws Exception {
        assertEquals(400, status("/websocket/u" + query));
        try (RawSocket line = server.raw()) {
            RawSocket.Head head = line.handshake("/websocket/u" + query, "Sec-WebSocket-Protocol: parley.v1");
            assertTrue(
                    head.status() == 400
                            || head.status() == 101 && line.readFrame().closeCode() == 4000,
                    head::toString);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "parley.plain,                       101, parley.plain",
        "parley.v1,                          101, parley.v1",
        "'parley.plain, parley.v1',          101, parley.v1",
        "'parley.v1, parley.plain',          101, parley.v1",
        "'mqtt, parley.plain',               101, parley.plain",
        "mqtt,                               400, ",
        "'mqtt, graphql-ws',                 400, ",
        "PARLEY.V1,                          400, ",
    })
    void theSubprotocolChoosesTheMode(String offer, int status, String accepted) throws Exception {
        try (RawSocket line = server.raw()) {
            RawSocket.Head head = line.handshake("/websocket/modes?since=now", "Sec-WebSocket-Protocol: " + offer);
            assertEquals(status, head.status());
            assertEquals(accepted, head.header("Sec-WebSocket-Protocol"));
            if ("parley.plain".equals(accepted)) {
                line.sendText("ping");
                assertEquals("pong", line.readText());
            } else if (accepted != null) {
                assertEquals("modes", new V1Client(line).hello().get("user").getAsString());
            }
        }
    }

    @Test
    void offersMayStandInSeveralHeaderLines() throws Exception {
        try (RawSocket line = server.raw()) {
            RawSocket.Head head = line.handshake(
                    "/websocket/modes", "Sec-WebSocket-Protocol: mqtt", "Sec-WebSocket-Protocol: parley.v1");
            assertEquals("parley.v1", head.header("Sec-WebSocket-Protocol"));
        }
    }

    @Test
    void withoutAnOfferItIsPlain() throws Exception {
        try (RawSocket line = server.raw()) {
            RawSocket.Head head = line.handshake("/websocket/modes");
            assertEquals(101, head.status());
            assertNull(head.header("Sec-WebSocket-Protocol"));
            line.sendText("ping");
            assertEquals("pong", line.readText());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "http://localhost:{port},            101",
        "http://LOCALHOST:{port},            101",
        "http://localhost:5173,              101", // a front-end's development server
        "https://127.0.0.1:8443,             101",
        "http://[::1]:3000,                  101",
        "http://dev.localhost,               101",
        "https://app.example.com,            101", // --allow-origin
        "https://evil.test,                  403",
        "http://evil.test:{port},            403",
        "null,                               403",
        "'',                                 403",
        "http://app.example.com,             403", // another scheme
        "https://app.example.com:81,         403",
        "https://app.example.com.evil.test,  403",
        "https://evil-app.example.com,       403",
        "https://localhost.evil.test,        403",
        "http://localhost@evil.test,         403",
        "http://evil.test#localhost,         403",
        "file://,                            403",
        "not an origin,                      403",
    })
    void theOriginMustBeOurs(String origin, int status) throws Exception {
        String header = "Origin: " + origin.replace("{port}", "" + server.port());
        assertEquals(status, status("/websocket/origins", header));
        if (status == 403) {
            assertEquals(4003, closeCode("/websocket/origins", header));
        }
    }

    @Test
    void twoOriginsAre403() throws Exception {
        String ours = "Origin: http://localhost:" + server.port();
        assertEquals(403, status("/websocket/origins", ours, "Origin: https://evil.test"));
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:{port},         101",
        "LocalHost:{port},         101",
        "localhost,                101",
        "127.0.0.1:{port},         101",
        "127.8.9.10,               101",
        "[::1]:{port},             101",
        "dev.localhost:{port},     101",
        "push.example.com,         101", // --allow-host
        "push.example.com:443,     101",
        "evil.test,                421",
        "evil.test:{port},         421",
        "localhost.evil.test,      421",
        "notlocalhost,             421",
        "push.example.com.evil,    421",
        "10.0.0.1,                 421",
    })
    void theHostMustBeOurs(String host, int status) throws Exception {
        String header = "Host: " + host.replace("{port}", "" + server.port());
        assertEquals(status, status("/websocket/hosts", header));
        if (status == 421) {
            assertEquals(4003, closeCode("/websocket/hosts", header));
        }
    }

    /** DNS rebinding: the attacker's page and Host agree with each other, but not with us. */
    @Test
    void anOriginThatIsItsHostIsNotEnough() throws Exception {
        assertEquals(421, status("/websocket/hosts", "Host: evil.test", "Origin: http://evil.test"));
    }

    @Test
    void noHostOrTwoAre400() throws Exception {
        try (RawSocket line = server.raw()) {
            line.send("GET /websocket/hosts HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
            assertEquals(400, line.readHead().status());
        }
        assertEquals(400, status("/websocket/hosts", "Host: localhost", "Host: evil.test"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"8", "7", "14", "0"})
    void anotherVersionIs426AndNamesOurs(String version) throws Exception {
        try (RawSocket line = server.raw()) {
            RawSocket.Head head = line.handshake("/websocket/old", "Sec-WebSocket-Version: " + version);
            assertEquals(426, head.status());
            assertEquals("13", head.header("Sec-WebSocket-Version"));
        }
    }

    /** A client that could also do HTTP/2, as Java's own by default, asks for no WebSocket. */
    @Test
    void anUpgradeToSomethingElseIsNoHandshake() throws Exception {
        try (RawSocket line = server.raw()) {
            line.request(
                    "GET",
                    "/websocket/h2c?since=now",
                    "Connection: Upgrade, HTTP2-Settings",
                    "Upgrade: h2c",
                    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA");
            RawSocket.Head head = line.readHead();
            assertEquals(200, head.status());
            assertEquals("text/event-stream;charset=utf-8", head.header("Content-Type"));
        }
    }

    @Test
    void nothingTellsWhatTheServerIsMadeOf() throws Exception {
        try (RawSocket line = server.raw()) {
            assertNull(line.handshake("/websocket/quiet").header("Server"));
        }
        try (RawSocket line = server.raw()) {
            assertNull(line.handshake("/websocket/a%3Bb").header("Server"));
        }
        assertTrue(server.get("/nowhere").raw().headers().firstValue("Server").isEmpty());
    }

    /** 120 KB of native memory for each connection: not by default. */
    @Test
    void deflateIsNotNegotiated() throws Exception {
        try (RawSocket line = server.raw()) {
            RawSocket.Head head = line.handshake(
                    "/websocket/deflate", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits");
            assertEquals(101, head.status());
            assertNull(head.header("Sec-WebSocket-Extensions"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD", "OPTIONS", "TRACE", "POST", "PUT", "DELETE"})
    void otherMethodsAre405(String method) throws Exception {
        try (RawSocket line = server.raw()) {
            line.request(method, "/websocket/methods");
            RawSocket.Head head = line.readHead();
            assertEquals(405, head.status());
            assertEquals("GET", head.header("Allow"));
        }
        assertEquals(0, server.online("methods"));
    }

    @Test
    void aServerThatStopsLetsNobodyIn() throws Exception {
        ServerFixture stopping = ServerFixture.start();
        // answers no close frame, so that the stop has to wait for it
        try (RawSocket stubborn = stopping.plain("/websocket/stubborn")) {
            await().until(() -> stopping.online("stubborn") == 1);
            Thread closer = new Thread(stopping::close);
            closer.start();
            assertEquals(4103, stubborn.readClose().closeCode());
            try (RawSocket plain = stopping.raw();
                    RawSocket v1 = stopping.raw();
                    RawSocket stream = stopping.raw()) {
                assertEquals(503, plain.handshake("/websocket/late").status());
                assertNotNull(v1.handshake("/websocket/late", "Sec-WebSocket-Protocol: parley.v1"));
                assertEquals(4103, v1.readFrame().closeCode());
                stream.request("GET", "/websocket/late");
                assertEquals(503, stream.readHead().status());
            }
            try (RawSocket ready = stopping.raw()) {
                ready.request("GET", "/ready");
                assertEquals(503, ready.readHead().status());
            }
            closer.join(Duration.ofSeconds(5).toMillis());
            assertTrue(!closer.isAlive(), "the stop waits for a client that ignores it");
        }
    }
}
