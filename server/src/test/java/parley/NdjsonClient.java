package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/** A publisher's stream of NDJSON lines over a raw socket, and their answers. One thread may send while one reads. */
final class NdjsonClient implements AutoCloseable {

    final RawSocket socket;
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private final ByteArrayOutputStream begun = new ByteArrayOutputStream(); // a line whose end has not come
    private boolean answered; // the answer's head was read
    private boolean over;

    NdjsonClient(RawSocket socket, String query) throws IOException {
        this.socket = socket;
        socket.send("POST /socket/publish" + query + " HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
    }

    static NdjsonClient open(ServerFixture server) throws IOException {
        return new NdjsonClient(server.raw(), "");
    }

    /** Sends bytes as a chunk, whole lines or not. */
    void send(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream chunk = new ByteArrayOutputStream(bytes.length + 16);
        chunk.writeBytes((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        chunk.writeBytes(bytes);
        chunk.writeBytes(new byte[] {'\r', '\n'});
        socket.send(chunk.toByteArray());
    }

    /** Sends a line. */
    void line(String json) throws IOException {
        send(json + '\n');
    }

    static String message(String user, String text) {
        return "{\"userId\":\"" + user + "\",\"message\":\"" + text + "\"}";
    }

    /** Nothing more will be sent. */
    void end() throws IOException {
        socket.send("0\r\n\r\n");
    }

    /** The next answer, or null when there are no more. */
    JsonObject next() throws IOException {
        if (!answered) {
            RawSocket.Head head = socket.readHead();
            assertEquals(200, head.status());
            assertEquals("application/x-ndjson", head.header("Content-Type"));
            assertEquals("no-store", head.header("Cache-Control"));
            answered = true;
        }
        while (lines.isEmpty() && !over) {
            byte[] chunk = socket.readChunk();
            over = chunk.length == 0;
            for (byte b : chunk) {
                if (b == '\n') {
                    lines.add(begun.toString(StandardCharsets.UTF_8));
                    begun.reset();
                } else {
                    begun.write(b);
                }
            }
        }
        if (lines.isEmpty()) {
            assertEquals(0, begun.size(), "a line has no end");
            return null;
        }
        return JsonParser.parseString(lines.poll()).getAsJsonObject();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
