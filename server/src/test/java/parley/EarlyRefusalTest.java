package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Callers that are refused while they still send: they must hear why, and nobody is listened to for ever. */
class EarlyRefusalTest {

    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** More than all buffers on the way hold, and all of it is sent before a byte of the answer is read. */
    private static final int LENGTH = 12 << 20;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST /socket/publish?userId=1    | X-Forwarded-For: 1.2.3.4      | 401",
                "POST /socket/publish?userId=1    | Origin: https://evil.test     | 403",
                "POST /socket/publish?userId=1    | Host: evil.test               | 421",
                "POST /socket/publish?userId=1    | Content-Type: text/plain      | 413",
                "POST /socket/ask?userId=1        | Content-Type: text/plain      | 413",
                "PUT /socket/publish?userId=1     | Content-Type: text/plain      | 405",
                "GET /socket/online?userId=1      | Host: evil.test               | 421",
                "POST /nowhere                    | Content-Type: text/plain      | 404",
                "POST /websocket/1                | Content-Type: text/plain      | 405",
                "POST /socket;x/publish           | Content-Type: text/plain      | 400",
            })
    void theAnswerIsNotLostAndTheConnectionGoesOn(String request, String header, int status) throws Exception {
        for (boolean chunked : new boolean[] {false, true}) {
            try (RawSocket line = server.raw()) {
                String[] words = request.split(" ");
                line.request(
                        words[0],
                        words[1],
                        header,
                        chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + LENGTH);
                byte[] piece = new byte[1 << 20];
                for (int sent = 0; sent < LENGTH; sent += piece.length) {
                    line.send(chunked ? Integer.toHexString(piece.length) + "\r\n" : "");
                    line.send(piece);
                    line.send(chunked ? "\r\n" : "");
                }
                line.send(chunked ? "0\r\n\r\n" : "");
                assertEquals(status, line.readAnswer().status());
                line.request("GET", "/health");
                assertEquals(200, line.readAnswer().status());
            }
        }
    }

    /** The answer comes before the body, so that a caller who looks need not send it at all. */
    @Test
    void theAnswerDoesNotWaitForTheBody() throws Exception {
        try (RawSocket line = server.raw()) {
            line.request("POST", "/socket/publish?userId=1", "Content-Type: text/plain", "Content-Length: " + LENGTH);
            assertEquals(413, line.readAnswer().status());
        }
        try (RawSocket line = server.raw()) {
            line.request("POST", "/socket/publish?userId=1", "Expect: 100-continue", "Content-Length: " + LENGTH);
            assertEquals(413, line.readHead().status(), "who asks first, is not told to go on");
        }
    }

    /** However much there is, and however slowly it comes. */
    @Test
    void whoGoesOnAndOnIsCut() throws Exception {
        try (RawSocket fast = server.raw();
                RawSocket slow = server.raw()) {
            slow.request("PUT", "/socket/publish", "Transfer-Encoding: chunked");
            slow.send("1\r\na\r\n");
            fast.request("PUT", "/socket/publish", "Transfer-Encoding: chunked");
            byte[] piece = ("100000\r\n" + "x".repeat(1 << 20) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            assertThrows(IOException.class, () -> {
                for (int i = 0; i < 10_000; i++) {
                    fast.send(piece);
                }
            });
            assertTrue(slow.readTextToEnd().startsWith("HTTP/1.1 405"));
        }
    }
}
