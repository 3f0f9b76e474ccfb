package parley;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that begin something and take their time: slowloris and its cousins. */
class DeadlineTest {

    private static final ServerFixture.Clock CLOCK = new ServerFixture.Clock();
    private static final Duration IN_TIME = Duration.ofMillis(8_000); // two seconds for this test itself
    private static final Duration TOO_LATE = Duration.ofMillis(10_100);

    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start(CLOCK);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** A connection's first header, whatever there is of it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\r\n\r\n",
                "G",
                "GET /health",
                "GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: b",
                "GET /health HTTP/1.1\r\nHost: localhost\r\n\r",
            })
    void aHeaderIsDueWithinTenSeconds(String begin) throws Exception {
        try (RawSocket line = server.raw();
                RawSocket good = server.raw()) {
            line.send(begin);
            good.request("GET", "/health");
            assertEquals(200, good.readAnswer().status());
            server.cutSlowHeaders(IN_TIME);
            line.send(begin.isEmpty() ? "G" : "");
            awaitCut(line);
            good.request("GET", "/health");
            assertEquals(200, good.readAnswer().status(), "who asked in time, has all the time to ask again");
        }
    }

    /** A later one, on a connection that was good before. */
    @Test
    void aLaterHeaderIsDueWithinTenSecondsToo() throws Exception {
        try (RawSocket line = server.raw()) {
            line.request("GET", "/health");
            assertEquals(200, line.readAnswer().status());
            server.cutSlowHeaders(Duration.ofHours(1));
            line.send("GET /health HTTP/1.1\r\nHost: localhost\r\n");
            server.cutSlowHeaders(IN_TIME);
            line.send("\r\n");
            assertEquals(200, line.readAnswer().status());
            line.send("GET /health HTTP/1.1\r\nHost: localhost\r\n");
            awaitCut(line);
        }
    }

    /** That the server has accepted and read, is not to be seen from here. */
    private static void awaitCut(RawSocket line) {
        await().until(() -> {
            server.cutSlowHeaders(TOO_LATE);
            return line.isEnded();
        });
    }

    /** They have time limits of their own. */
    @Test
    void whatIsUnderWayIsNoHeader() throws Exception {
        try (RawSocket socket = server.plain("/websocket/long");
                RawSocket stream = server.raw();
                RawSocket body = server.raw()) {
            stream.request("GET", "/websocket/long?since=now");
            assertEquals(200, stream.readHead().status());
            body.request("POST", "/socket/publish?userId=long", "Content-Length: 2");
            body.send("h");
            await().until(() -> server.online("long") == 2);
            server.cutSlowHeaders(Duration.ofHours(1));
            body.send("i");
            assertEquals(200, body.readAnswer().status());
            assertEquals("hi", socket.readText());
        }
    }

    /** Ten seconds, twenty times as fast; a byte now and then does not help. */
    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 1000", "Transfer-Encoding: chunked"})
    void aBodyIsDueWithinTenSeconds(String length) throws Exception {
        try (ServerFixture hasty = ServerFixture.start()) {
            hasty.hurry(20);
            Thread trickle;
            try (RawSocket line = hasty.raw()) {
                long began = System.nanoTime();
                line.request("POST", "/socket/publish?userId=slow", "Content-Type: text/plain", length);
                trickle = new Thread(() -> trickle(line, length.startsWith("Content") ? "x" : "1\r\nx\r\n"));
                trickle.start();
                assertEquals(408, line.readAnswer().status());
                assertTrue(System.nanoTime() - began >= Duration.ofMillis(450).toNanos(), "cut too early");
            }
            trickle.join();
            String history = hasty.get("/socket/history?userId=slow").body();
            assertTrue(history.contains("\"messages\":[]"), history);
        }
    }

    private static void trickle(RawSocket line, String piece) {
        try {
            while (true) {
                line.send(piece);
                java.util.concurrent.locks.LockSupport.parkNanos(
                        Duration.ofMillis(20).toNanos());
            }
        } catch (java.io.IOException cut) {
            // as it should be
        }
    }

    // ---- messages in pieces

    private static void pieces(RawSocket line, int count, byte[] payload) throws Exception {
        for (int i = 1; i < count; i++) {
            line.send(RawSocket.frame(i == 1 ? RawSocket.TEXT : RawSocket.CONTINUATION, false, payload));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aMessageHasAThousandPiecesAtMost(int length) throws Exception {
        byte[] payload = "x".repeat(length).getBytes();
        try (RawSocket line = server.plain("/websocket/pieces?since=now")) {
            for (int message = 0; message < 2; message++) {
                pieces(line, 1_001, payload);
                line.sendFrame(RawSocket.CONTINUATION, payload);
            }
            line.sendText("ping");
            assertEquals("pong", line.readText());
            pieces(line, 1_002, payload);
            RawSocket.Frame close = line.readClose();
            assertEquals(4000, close.closeCode());
            assertEquals("a message has at most 1000 pieces", close.closeReason());
        }
    }

    /** Nothing has come that anybody would keep: no sign of life, and as cheap as a client that says nothing. */
    @Test
    void aFrameWithoutItsPayloadIsSilence() throws Exception {
        List<RawSocket> lines = new ArrayList<>();
        for (String begin :
                List.of("\u0081", "\u0081\u00fe\u00ea", "\u0081\u00fe\u00ea\u00601234", "\u0089\u00fd1234ping")) {
            RawSocket line = server.plain("/websocket/header?since=now");
            line.send(begin.getBytes(ISO_8859_1));
            lines.add(line);
        }
        CLOCK.pass(25_000);
        assertEquals(4, server.online("header"));
        CLOCK.pass(10_000);
        for (RawSocket line : lines) {
            assertEquals(4104, line.readClose().closeCode());
        }
        CLOCK.pass(2_100);
        for (RawSocket line : lines) {
            await().until(line::isEnded);
            line.close();
        }
    }

    /** However lively its line is otherwise. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aMessageIsDueWithinTenSeconds(boolean inFrames) throws Exception {
        try (RawSocket line = server.plain("/websocket/due?since=now")) {
            long began = CLOCK.millis();
            if (inFrames) {
                line.send(RawSocket.frame(RawSocket.TEXT, false, new byte[] {'x'}));
            } else {
                byte[] frame = RawSocket.frame(RawSocket.TEXT, true, new byte[60_000]);
                line.send(java.util.Arrays.copyOf(frame, 100)); // the rest never comes
            }
            await().pollInterval(Duration.ofMillis(50)).until(() -> {
                CLOCK.advance(300); // in steps: a leap would be taken for a sleep of the process
                if (inFrames) {
                    line.sendFrame(RawSocket.PING, new byte[0]);
                }
                return server.online("due") == 0;
            });
            assertTrue(CLOCK.millis() - began >= 9_900, "cut too early");
            RawSocket.Frame close = line.readClose();
            assertEquals(4104, close.closeCode());
            assertEquals("a message did not become whole within 10 s", close.closeReason());
        }
    }
}
