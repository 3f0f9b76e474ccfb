package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A plain TCP connection that speaks HTTP and WebSocket by hand, well or badly. For one thread. */
final class RawSocket implements AutoCloseable {

    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    /** RFC 6455, section 1.3. */
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

    private static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    private static final byte[] MASK = {0x37, (byte) 0xfa, 0x21, 0x3d};

    final int port;
    private final Socket socket = new Socket();
    private InputStream in;

    RawSocket(int port) throws IOException {
        this(port, 0);
    }

    /** @param receiveBuffer bytes that the kernel takes for us before the server must wait; 0 for the usual */
    RawSocket(int port, int receiveBuffer) throws IOException {
        this(new InetSocketAddress("localhost", port), receiveBuffer, null);
    }

    /** From an address of ours like 127.0.0.2, which counts as any client's: limits hold for it. */
    static RawSocket from(String address, int port) throws IOException {
        return new RawSocket(new InetSocketAddress("127.0.0.1", port), 0, address);
    }

    /** To a server that is bound to an address of its own. */
    static RawSocket to(InetSocketAddress server) throws IOException {
        return new RawSocket(server, 0, null);
    }

    private RawSocket(InetSocketAddress server, int receiveBuffer, String from) throws IOException {
        this.port = server.getPort();
        if (from != null) {
            socket.bind(new InetSocketAddress(from, 0));
        }
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) ServerFixture.PATIENCE.toMillis());
        socket.connect(server, (int) ServerFixture.PATIENCE.toMillis());
        in = new java.io.BufferedInputStream(socket.getInputStream(), receiveBuffer > 0 ? 512 : 8192);
    }

    /** An open WebSocket. @param protocol what is offered and must be accepted; null for none */
    static RawSocket webSocket(int port, String path, String protocol) throws IOException {
        return webSocket(new RawSocket(port), path, protocol);
    }

    static RawSocket webSocket(RawSocket line, String path, String protocol) throws IOException {
        Head head =
                protocol == null ? line.handshake(path) : line.handshake(path, "Sec-WebSocket-Protocol: " + protocol);
        assertEquals(101, head.status(), () -> path + " was not upgraded");
        assertEquals(ACCEPT, head.header("Sec-WebSocket-Accept"));
        assertEquals(protocol, head.header("Sec-WebSocket-Protocol"));
        return line;
    }

    // ---- HTTP

    /** Status line and headers of an answer; names in any letter case. */
    record Head(int status, Map<String, List<String>> headers) {
        String header(String name) {
            List<String> values = headers.get(name);
            return values == null ? null : String.join(", ", values);
        }
    }

    /** A whole answer. */
    record Answer(Head head, String body) {
        int status() {
            return head.status();
        }
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A request without a body; a {@code Host} line of ours unless {@code lines} has one. */
    void request(String method, String path, String... lines) throws IOException {
        StringBuilder request = new StringBuilder(method + ' ' + path + " HTTP/1.1\r\n");
        boolean host = false;
        for (String line : lines) {
            request.append(line).append("\r\n");
            host |= line.toLowerCase(Locale.ROOT).startsWith("host:");
        }
        send(request + (host ? "" : "Host: localhost:" + port + "\r\n") + "\r\n");
    }

    /** Asks for a WebSocket of version 13, and returns what the server says to it. */
    Head handshake(String path, String... lines) throws IOException {
        List<String> all = new ArrayList<>(List.of(
                "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " + KEY, "Sec-WebSocket-Version: 13"));
        for (String line : lines) {
            all.removeIf(ours -> ours.startsWith(line.substring(0, line.indexOf(':') + 1)));
        }
        all.addAll(List.of(lines));
        request("GET", path, all.toArray(String[]::new));
        return readHead();
    }

    Head readHead() throws IOException {
        String status = readLine();
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            int colon = line.indexOf(':');
            headers.computeIfAbsent(line.substring(0, colon), name -> new ArrayList<>())
                    .add(line.substring(colon + 1).strip());
        }
        return new Head(Integer.parseInt(status.split(" ", 3)[1]), headers);
    }

    /** An answer and its body, by length or in chunks. */
    Answer readAnswer() throws IOException {
        Head head = readHead();
        if (head.header("Content-Length") != null) {
            byte[] body = readBytes(Integer.parseInt(head.header("Content-Length")));
            return new Answer(head, new String(body, StandardCharsets.UTF_8));
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if ("chunked".equals(head.header("Transfer-Encoding"))) {
            for (byte[] chunk = readChunk(); chunk.length > 0; chunk = readChunk()) {
                body.writeBytes(chunk);
            }
        }
        return new Answer(head, body.toString(StandardCharsets.UTF_8));
    }

    /** The next chunk of a chunked body; empty at its end. Jetty sends the end of a chunk's line with the next one. */
    byte[] readChunk() throws IOException {
        String line = readLine();
        int size = Integer.parseInt(line.isEmpty() ? readLine() : line, 16);
        byte[] chunk = readBytes(size);
        if (size == 0) {
            readLine();
        }
        return chunk;
    }

    /** A line up to a line feed, without it. */
    String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = readByte(); c != '\n'; c = readByte()) {
            if (c != '\r') {
                line.write(c);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    int readByte() throws IOException {
        int c = in.read();
        if (c < 0) {
            throw new EOFException("the server closed the connection");
        }
        return c;
    }

    private byte[] readBytes(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("the server closed the connection");
        }
        return bytes;
    }

    // ---- WebSocket

    /** A frame from the server. */
    record Frame(int opCode, boolean fin, byte[] payload) {
        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        int closeCode() {
            assertEquals(CLOSE, opCode, () -> "not a close frame: " + text());
            return (payload[0] & 0xff) << 8 | payload[1] & 0xff;
        }

        String closeReason() {
            return new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
        }
    }

    static byte[] frame(int opCode, boolean fin, byte[] payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(payload.length + 14);
        out.write((fin ? 0x80 : 0) | opCode);
        if (payload.length < 126) {
            out.write(0x80 | payload.length);
        } else if (payload.length < 1 << 16) {
            out.write(0x80 | 126);
            out.write(payload.length >> 8);
            out.write(payload.length);
        } else {
            out.write(0x80 | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                out.write((int) ((long) payload.length >> shift));
            }
        }
        out.writeBytes(MASK);
        for (int i = 0; i < payload.length; i++) {
            out.write(payload[i] ^ MASK[i & 3]);
        }
        return out.toByteArray();
    }

    void sendFrame(int opCode, byte[] payload) throws IOException {
        send(frame(opCode, true, payload));
    }

    void sendText(String text) throws IOException {
        sendFrame(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    Frame readFrame() throws IOException {
        int first = readByte();
        int length = readByte();
        assertEquals(0, length & 0x80, "a server must not mask");
        long size = length;
        if (length == 126) {
            size = (long) readByte() << 8 | readByte();
        } else if (length == 127) {
            size = 0;
            for (int i = 0; i < 8; i++) {
                size = size << 8 | readByte();
            }
        }
        return new Frame(first & 0xf, (first & 0x80) != 0, readBytes((int) size));
    }

    /** The next text, put together from its fragments; pings are not answered, pongs passed over. */
    String readText() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        while (true) {
            Frame frame = readFrame();
            if (frame.opCode == PING || frame.opCode == PONG) {
                continue;
            }
            if (frame.opCode == CLOSE) {
                throw new EOFException("closed with " + frame.closeCode() + ' ' + frame.closeReason());
            }
            assertEquals(text.size() == 0 ? TEXT : CONTINUATION, frame.opCode);
            text.writeBytes(frame.payload);
            if (frame.fin) {
                return text.toString(StandardCharsets.UTF_8);
            }
        }
    }

    /** The next frame that is neither ping nor text. */
    Frame readClose() throws IOException {
        Frame frame = readFrame();
        while (frame.opCode != CLOSE) {
            frame = readFrame();
        }
        return frame;
    }

    /** What comes until the server ends the connection, politely or not. */
    byte[] readToEnd() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            in.transferTo(all);
        } catch (SocketException reset) {
            // that is an end, too
        }
        return all.toByteArray();
    }

    /** Says that nothing more comes. */
    void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** The same as text. */
    String readTextToEnd() throws IOException {
        return new String(readToEnd(), StandardCharsets.UTF_8);
    }

    /** Whether the server ended the connection, without another byte. */
    boolean isEnded() throws IOException {
        socket.setSoTimeout(20);
        try {
            assertEquals(-1, in.read(), "the server says something");
            return true;
        } catch (SocketTimeoutException open) {
            return false;
        } catch (SocketException reset) {
            return true;
        } finally {
            socket.setSoTimeout((int) ServerFixture.PATIENCE.toMillis());
        }
    }

    void closePolitely() throws IOException {
        sendFrame(CLOSE, new byte[] {0x03, (byte) 0xe8});
        assertEquals(1000, readClose().closeCode());
        close();
    }

    /** Ends the connection with a RST. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
