package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines that do what no client should: each was once a way to keep a connection, or a thread, for good. */
class HostileLinesTest {

    private static final int PING = 9;
    private static final int CLOSE = 8;

    /** Its own close frame is stuck behind what it does not read, so Jetty would wait for ever. */
    @Test
    void whoSaysCloseAndDoesNotReadIsCut() throws Exception {
        try (ServerFixture server = ServerFixture.start();
                RawSocket stuck = RawSocket.webSocket(new RawSocket(server.port(), 4096), "/websocket/stuck", null)) {
            await().until(() -> server.online("stuck") == 1);
            for (int i = 0; i < 1_000; i++) {
                server.publish("userId", "stuck", "message", "x".repeat(1_000));
            }
            stuck.sendFrame(CLOSE, new byte[] {3, (byte) 0xE8});
            await().until(() -> server.online("stuck") == 0);
            // without reading, which would free the close frame
            await().pollInterval(Duration.ofMillis(50))
                    .atMost(Duration.ofSeconds(6))
                    .until(() -> isCut(stuck));
            assertEquals(0, server.registry().lines());
        }
    }

    /** A refused client has nothing more to say, however lively it is. */
    @Test
    void whoIsRefusedIsCutThoughItKeepsTalking() throws Exception {
        try (ServerFixture server = ServerFixture.start();
                RawSocket refused = server.raw()) {
            RawSocket.Head head = refused.handshake(
                    "/websocket/42", "Sec-WebSocket-Protocol: parley.v1", "Origin: https://evil.example");
            assertEquals(101, head.status());
            assertEquals(4003, refused.readFrame().closeCode());
            await().pollInterval(Duration.ofMillis(50))
                    .atMost(Duration.ofSeconds(6))
                    .until(() -> isCut(refused));
        }
    }

    private static boolean isCut(RawSocket line) {
        try {
            line.sendFrame(PING, new byte[0]);
            return false;
        } catch (IOException cut) {
            return true;
        }
    }

    /** A thread that waited for such a caller would be gone for everybody else, and all lines of its selector with it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /socket/publish?userId=1&message=x HTTP/1.1\r\nHost: evil.example",
                "GET /socket/publish?userId=1&message=x&ttl=0 HTTP/1.1\r\nHost: localhost",
                "POST /socket/publish?userId=1&ttl=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"
                        + "GET /socket/online HTTP/1.1\r\nHost: localhost",
                "GET /socket/history?userId=long HTTP/1.1\r\nHost: localhost",
                "GET /health HTTP/1.1\r\nHost: localhost",
                "TRACE /health HTTP/1.1\r\nHost: localhost",
                "GET / HTTP/1.1\r\nHost: localhost",
                "GET /nowhere HTTP/1.1\r\nHost: localhost",
                "GET /websocket/1 HTTP/1.1\r\nHost: evil.example",
                "GET /%2F%00 HTTP/1.1\r\nHost: localhost",
            })
    void callersWhoDoNotReadTheirAnswersHoldNobodyUp(String request) throws Exception {
        List<RawSocket> rude = new ArrayList<>();
        try (ServerFixture server = ServerFixture.start()) {
            server.publish("userId", "long", "message", "x".repeat(100_000));
            String refused = request + "\r\n\r\n";
            for (int i = 0; i < 40; i++) {
                RawSocket line = new RawSocket(server.port(), 4096);
                rude.add(line);
                Thread writer = new Thread(() -> pour(line, refused.repeat(5_000)));
                writer.setDaemon(true);
                writer.start();
            }
            for (int i = 0; i < 200; i++) {
                assertEquals(
                        202,
                        server.publish("userId", "polite", "message", "m" + i).status());
            }
        } finally {
            for (RawSocket line : rude) {
                line.close();
            }
        }
    }

    private static void pour(RawSocket line, String bytes) {
        try {
            line.send(bytes);
        } catch (IOException closed) {
            // the test is over
        }
    }

    @Test
    void aBodyThatBreaksOffIsNoSuccess() throws Exception {
        try (ServerFixture server = ServerFixture.start();
                RawSocket line = server.raw()) {
            line.send("POST /socket/publish?userId=half HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n");
            RawSocket.Head head = readHead(line);
            assertTrue(head.status() >= 400, head::toString);
            assertEquals(
                    "[]",
                    server.get("/socket/history?userId=half")
                            .object()
                            .get("messages")
                            .toString());
        }
    }

    private static RawSocket.Head readHead(RawSocket line) throws IOException {
        try {
            return line.readHead();
        } catch (EOFException e) {
            return fail("no answer at all", e);
        }
    }
}
