package parley.bench;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/** A WebSocket client: the handshake, answers to pings, and messages to its listener. */
final class SocketClient extends Line implements FrameReader.Handler {

    interface Listener {
        /** The client gets messages from now on. */
        void opened(SocketClient client);

        void message(SocketClient client, byte[] bytes, int from, int to);

        /** The connection is lost, or was refused. */
        void closed(SocketClient client, String why);
    }

    private static final int TEXT = 1;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;

    /** One nonce for all handshakes of a process: it guards against caches, and there is none in between. */
    private static final String KEY = key();

    private static final String ACCEPT = accept(KEY);

    private enum State {
        SHAKING,
        GREETING,
        OPEN
    }

    final int index;
    private final Handshake handshake;
    private final Listener listener;
    private final FrameReader frames = new FrameReader(this);
    private State state = State.SHAKING;
    private byte[] frame = new byte[256];
    private int mask = ThreadLocalRandom.current().nextInt();

    /**
     * How to connect.
     *
     * @param host as in the Host header
     * @param headers lines that end with CRLF, or empty
     * @param hello the first text to send, and the client is open when the first message has come; null for none
     */
    record Handshake(String host, String path, String headers, String hello) {}

    /** @param index of this client among all, from 0 */
    SocketClient(Load load, int index, Handshake handshake, Listener listener) {
        super(load);
        this.index = index;
        this.handshake = handshake;
        this.listener = listener;
    }

    private static String key() {
        byte[] nonce = new byte[16];
        ThreadLocalRandom.current().nextBytes(nonce);
        return Base64.getEncoder().encodeToString(nonce);
    }

    private static String accept(String key) {
        try {
            byte[] joined = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(joined));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-1", e);
        }
    }

    @Override
    void connected() {
        state = State.SHAKING;
        byte[] request = ("GET " + handshake.path + " HTTP/1.1\r\nHost: " + handshake.host
                        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: " + KEY + "\r\n" + handshake.headers + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        send(request, request.length);
    }

    @Override
    int received(byte[] bytes, int length) {
        int at = 0;
        if (state == State.SHAKING) {
            HttpHead head = HttpHead.read(bytes, 0, length);
            if (head == null) {
                return 0;
            }
            if (head.status() != 101 || !ACCEPT.equals(head.header("sec-websocket-accept"))) {
                end(head.refusal(length));
                return length;
            }
            at = head.end;
            if (handshake.hello == null) {
                open();
            } else {
                state = State.GREETING;
                send(handshake.hello.getBytes(StandardCharsets.UTF_8));
            }
        }
        try {
            return frames.read(bytes, at, length);
        } catch (FrameReader.Malformed e) {
            end(e.getMessage());
            return length;
        }
    }

    private void open() {
        state = State.OPEN;
        listener.opened(this);
    }

    @Override
    public void message(byte[] bytes, int from, int to) {
        if (!isOpen()) {
            return; // closed while the frames before this one were handled
        }
        if (state == State.GREETING) {
            open();
        }
        listener.message(this, bytes, from, to);
    }

    @Override
    public void control(int opCode, byte[] payload) {
        if (opCode == PING) {
            send(PONG, payload, payload.length);
        } else if (opCode == CLOSE) {
            int code = payload.length < 2 ? 1005 : (payload[0] & 0xff) << 8 | payload[1] & 0xff;
            String reason =
                    payload.length < 2 ? "" : new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
            end(String.format(Locale.ROOT, "closed with %d %s", code, reason).strip());
        }
    }

    @Override
    void ended(String why) {
        listener.closed(this, why);
    }

    /** Sends a text. */
    void send(byte[] text) {
        send(TEXT, text, text.length);
    }

    private void send(int opCode, byte[] payload, int length) {
        int header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
        if (frame.length < header + 4 + length) {
            frame = new byte[header + 4 + length];
        }
        frame[0] = (byte) (0x80 | opCode);
        frame[1] = (byte) (0x80 | (header == 2 ? length : header == 4 ? 126 : 127));
        for (int i = 2; i < header; i++) {
            frame[i] = (byte) ((long) length >>> 8 * (header - 1 - i));
        }
        mask = mask * 1_103_515_245 + 12_345; // any will do: it protects old proxies, not this client
        for (int i = 0; i < 4; i++) {
            frame[header + i] = (byte) (mask >>> 8 * i);
        }
        for (int i = 0; i < length; i++) {
            frame[header + 4 + i] = (byte) (payload[i] ^ frame[header + (i & 3)]);
        }
        send(frame, header + 4 + length);
    }
}
