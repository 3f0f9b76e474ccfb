package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.BugDetectors;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.gson.JsonParser;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * A whole server and any bytes. It never answers 5xx, ends every line that its client has ended, says nothing that is
 * against the protocol, and lives.
 */
class ServerFuzz {

    /** But 501 and 505: what RFC 9112 asks for another transfer coding than chunked, and RFC 9110 for HTTP/3.7. */
    private static final Pattern FAILURE = Pattern.compile("(?m)^HTTP/1\\.[01] 5(?!0[15])\\d\\d ");

    /** What the server may say to texts, none of which is a close frame that it would only send back. */
    private static final Set<Integer> CLOSE_CODES = Set.of(1001, 1009, 4000, 4104, 4129);

    private static ServerFixture server;

    @BeforeAll
    static void start() {
        server = ServerFixture.start("--session-rate", "0");
    }

    @AfterAll
    static void stop() throws Exception {
        try (ServerFixture living = server) {
            assertEquals(200, living.get("/health").status(), "it lives");
            assertEquals(
                    202, living.publish("userId", "nobody", "message", "hello").status(), "and works");
        }
    }

    /** Bytes where a request should be. */
    @FuzzTest
    void requests(byte[] input) throws IOException {
        BugDetectors.allowNetworkConnections(); // ours, to the server
        try (RawSocket line = server.raw()) {
            send(line, input);
            String answer = new String(line.readToEnd(), StandardCharsets.ISO_8859_1);
            assertFalse(FAILURE.matcher(answer).find(), answer);
        }
    }

    /**
     * Bytes where frames should be. The first one's lowest bit chooses the mode, the next one whether the others are
     * texts, a line each, or go as they are.
     */
    @FuzzTest
    void frames(byte[] input) throws IOException {
        int choice = input.length == 0 ? 0 : input[0];
        byte[] rest = input.length == 0 ? input : Arrays.copyOfRange(input, 1, input.length);
        boolean v1 = (choice & 1) == 0;
        boolean texts = (choice & 2) == 0;
        BugDetectors.allowNetworkConnections(); // ours, to the server
        try (RawSocket line = RawSocket.webSocket(server.port(), "/websocket/fuzz", v1 ? "parley.v1" : null)) {
            if (texts) {
                for (String text : new String(rest, StandardCharsets.UTF_8).split("\n")) {
                    byte[] payload = text.getBytes(StandardCharsets.UTF_8);
                    send(line, RawSocket.frame(RawSocket.TEXT, true, payload), false);
                }
                send(line, new byte[0]);
            } else {
                send(line, rest);
            }
            expectFrames(line, v1, texts);
        }
    }

    private static void expectFrames(RawSocket line, boolean v1, boolean texts) throws IOException {
        try {
            for (RawSocket.Frame frame = line.readFrame(); ; frame = line.readFrame()) {
                if (frame.opCode() == RawSocket.CLOSE) {
                    int code = texts ? frame.closeCode() : 1001;
                    assertTrue(CLOSE_CODES.contains(code), () -> "closed with " + code);
                    return;
                }
                if (v1 && frame.opCode() == RawSocket.TEXT && frame.fin()) {
                    assertTrue(JsonParser.parseString(frame.text()).isJsonObject(), frame::text);
                }
            }
        } catch (EOFException | SocketException ended) {
            // as it should
        }
    }

    private static void send(RawSocket line, byte[] bytes) {
        send(line, bytes, true);
    }

    private static void send(RawSocket line, byte[] bytes, boolean last) {
        try {
            line.send(bytes);
            if (last) {
                line.endOutput();
            }
        } catch (IOException hasEnoughAlready) {
            // the server may hang up before it has read everything
        }
    }
}
