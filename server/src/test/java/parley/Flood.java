package parley;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.LongAdder;

/**
 * Everything that one address can do to a server, on one thread: so many lines at a time, and each that ends is opened
 * anew. A quarter of them only wants to be there, a quarter floods with pings, a quarter sends garbage for frames, and a
 * quarter never comes to the end of its headers.
 */
final class Flood implements Runnable, AutoCloseable {

    /** Linux takes any 127.x.y.z for its own. This one is no loopback to the limits. */
    static final String ADDRESS = "127.0.0.2";

    private static final String HANDSHAKE = "GET /websocket/flood HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    private static final byte[] PINGS = pings();

    private enum Kind {
        HOLD,
        PING,
        GARBAGE,
        SLOW_HEADER
    }

    private static final class Line {
        private final Kind kind;
        private SocketChannel channel;
        private boolean open;
        private int sent; // of the header, bytes

        Line(Kind kind) {
            this.kind = kind;
        }
    }

    final LongAdder attempts = new LongAdder();
    final LongAdder opened = new LongAdder(); // were let in
    final LongAdder refused = new LongAdder(); // heard a 429 or a 503
    final LongAdder unanswered = new LongAdder(); // were cut before they heard anything
    final LongAdder pings = new LongAdder();

    private final String address;
    private final int port;
    private final int connectsPerSecond;
    private final Selector selector = Selector.open();
    private final ArrayDeque<Line> closed = new ArrayDeque<>();
    private final ByteBuffer in = ByteBuffer.allocateDirect(16 << 10);
    private final ByteBuffer pingFrames = ByteBuffer.wrap(PINGS);
    private volatile boolean ended;

    Flood(int port, int lines, int connectsPerSecond) throws IOException {
        this(ADDRESS, port, lines, connectsPerSecond);
    }

    /** @param lines at a time */
    private Flood(String address, int port, int lines, int connectsPerSecond) throws IOException {
        this.address = address;
        this.port = port;
        this.connectsPerSecond = connectsPerSecond;
        for (int i = 0; i < lines; i++) {
            closed.add(new Line(Kind.values()[i % Kind.values().length]));
        }
    }

    /** For scripts/soak: address, port, lines, connections per second; runs until it is killed. */
    public static void main(String[] arguments) throws IOException {
        try (Flood flood = new Flood(
                arguments[0],
                Integer.parseInt(arguments[1]),
                Integer.parseInt(arguments[2]),
                Integer.parseInt(arguments[3]))) {
            Thread thread = new Thread(flood);
            thread.setDaemon(true);
            thread.start();
            System.out.println("flooding");
            while (System.in.read() >= 0) {
                System.out.println(flood);
            }
        }
    }

    private static byte[] pings() {
        byte[] ping = RawSocket.frame(RawSocket.PING, true, new byte[8]);
        byte[] many = new byte[ping.length * 64];
        for (int i = 0; i < 64; i++) {
            System.arraycopy(ping, 0, many, i * ping.length, ping.length);
        }
        return many;
    }

    @Override
    public void run() {
        try {
            long start = System.nanoTime();
            while (!ended) {
                long due = (System.nanoTime() - start) * connectsPerSecond / 1_000_000_000L;
                while (attempts.sum() < due && !closed.isEmpty()) {
                    connect(closed.poll());
                }
                selector.select(this::ready, 1);
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void connect(Line line) {
        attempts.increment();
        line.open = false;
        line.sent = 0;
        try {
            line.channel = SocketChannel.open();
            line.channel.configureBlocking(false);
            line.channel.bind(new InetSocketAddress(address, 0));
            line.channel.connect(new InetSocketAddress("127.0.0.1", port));
            line.channel.register(selector, SelectionKey.OP_CONNECT, line);
        } catch (IOException refused) {
            end(line);
        }
    }

    private void ready(SelectionKey key) {
        Line line = (Line) key.attachment();
        try {
            if (key.isConnectable()) {
                line.channel.finishConnect();
                key.interestOps(
                        line.kind == Kind.SLOW_HEADER
                                ? SelectionKey.OP_READ | SelectionKey.OP_WRITE
                                : SelectionKey.OP_READ);
                if (line.kind != Kind.SLOW_HEADER) {
                    line.channel.write(ByteBuffer.wrap(HANDSHAKE.getBytes(StandardCharsets.US_ASCII)));
                }
            } else if (key.isReadable()) {
                read(line, key);
            } else if (key.isWritable()) {
                write(line, key);
            }
        } catch (IOException cut) {
            if (!line.open) {
                unanswered.increment();
            }
            end(line);
        }
    }

    private void read(Line line, SelectionKey key) throws IOException {
        in.clear();
        if (line.channel.read(in) < 0) {
            end(line);
        } else if (!line.open) {
            String answer = StandardCharsets.ISO_8859_1.decode(in.flip()).toString();
            if (!answer.startsWith("HTTP/1.1 101")) {
                refused.increment();
                end(line);
                return;
            }
            opened.increment();
            line.open = true;
            if (line.kind == Kind.PING) {
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            } else if (line.kind == Kind.GARBAGE) {
                line.channel.write(ByteBuffer.wrap(new byte[] {(byte) 0xff, (byte) 0xff, 1, 2, 3, 4, 5, 6, 7, 8}));
            }
        }
    }

    private void write(Line line, SelectionKey key) throws IOException {
        if (line.kind == Kind.PING) {
            pingFrames.clear();
            if (line.channel.write(pingFrames) == PINGS.length) { // else it would send a frame torn in two
                pings.add(64);
            } else {
                key.interestOps(SelectionKey.OP_READ); // nobody reads it any more
            }
        } else if (line.sent < 20) {
            line.channel.write(ByteBuffer.wrap(HANDSHAKE.getBytes(StandardCharsets.US_ASCII), line.sent++, 1));
        } else {
            key.interestOps(SelectionKey.OP_READ); // and waits for the server to lose patience
        }
    }

    private void end(Line line) {
        try {
            line.channel.close();
        } catch (IOException e) {
            // it is ended all the same
        }
        closed.add(line);
    }

    @Override
    public void close() {
        stop();
    }

    /** All lines end. */
    void stop() {
        ended = true;
        selector.wakeup();
    }

    @Override
    public String toString() {
        return attempts + " connections tried, " + opened + " let in, " + refused + " refused, " + unanswered
                + " cut unanswered, " + pings + " pings sent";
    }
}
