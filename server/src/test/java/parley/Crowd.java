package parley;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Many plain clients of one server on one thread, that of whoever calls: they answer pings and hand texts over. Texts are
 * shorter than 64 KiB.
 */
final class Crowd implements AutoCloseable {

    /** The kernel's part of a client that does not read: as small as it gets. */
    private static final int STUCK_WINDOW = 4096;

    /** Handshakes at a time. */
    private static final int UNDER_WAY = 64;

    interface OnText {
        /** @param payload valid only now */
        void text(ByteBuffer payload);
    }

    private static final class Client {
        private final SocketChannel channel;
        private final boolean stuck;
        private StringBuilder head = new StringBuilder(); // null once the WebSocket is open
        private byte[] rest = {}; // the start of a frame

        Client(SocketChannel channel, boolean stuck) {
            this.channel = channel;
            this.stuck = stuck;
        }
    }

    private final int port;
    private final OnText onText;
    private final Selector selector = Selector.open();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(256 << 10);
    private int open;
    private long pings;

    Crowd(int port, OnText onText) throws IOException {
        this.port = port;
        this.onText = onText;
    }

    /** Clients that are connected. */
    int open() {
        return open;
    }

    long pings() {
        return pings;
    }

    /**
     * Connects clients, and returns when all are.
     *
     * @param path with their number behind it, and then {@code query}
     * @param stuck whether they read nothing once they are connected
     * @return their channels
     */
    List<SocketChannel> connect(int count, String path, String query, boolean stuck) throws IOException {
        List<SocketChannel> channels = new ArrayList<>();
        int before = open;
        for (int i = 0; i < count; i++) {
            SocketChannel channel = SocketChannel.open();
            if (stuck) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, STUCK_WINDOW);
            }
            channel.connect(new InetSocketAddress("localhost", port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.write(ByteBuffer.wrap(("GET " + path + i + query + " HTTP/1.1\r\nHost: localhost\r\n"
                            + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII)));
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, new Client(channel, stuck));
            channels.add(channel);
            while (i - (open - before) > UNDER_WAY) {
                select(1_000);
            }
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (open - before < count && System.nanoTime() < deadline) {
            select(100);
        }
        if (open - before < count) {
            throw new IllegalStateException("only " + (open - before) + " could connect");
        }
        return channels;
    }

    void leave(List<SocketChannel> channels) throws IOException {
        for (SocketChannel channel : channels) {
            if (channel.isOpen()) {
                channel.close();
                open--;
            }
        }
    }

    void runFor(Duration time) throws IOException {
        long end = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < end) {
            select(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
        }
    }

    /** Reads what has come, waiting {@code millis} at most. */
    void select(long millis) throws IOException {
        selector.select(this::read, millis);
    }

    private void read(SelectionKey key) {
        Client client = (Client) key.attachment();
        try {
            buffer.clear().put(client.rest);
            if (client.channel.read(buffer) < 0) {
                throw new IOException("closed");
            }
            buffer.flip();
            if (client.head != null && !opened(client, key)) {
                client.rest = new byte[0];
                return;
            }
            while (frame(client)) {
                continue;
            }
            client.rest = new byte[buffer.remaining()];
            buffer.get(client.rest);
        } catch (IOException gone) {
            open--;
            key.cancel();
        }
    }

    /** Reads on in the answer to the handshake; true when it is whole. */
    private boolean opened(Client client, SelectionKey key) {
        while (buffer.hasRemaining() && client.head.indexOf("\r\n\r\n") < 0) {
            client.head.append((char) buffer.get());
        }
        if (client.head.indexOf("\r\n\r\n") < 0) {
            return false;
        }
        if (!client.head.toString().startsWith("HTTP/1.1 101")) {
            throw new IllegalStateException(client.head.toString());
        }
        client.head = null;
        open++;
        if (client.stuck) {
            key.interestOps(0);
        }
        return true;
    }

    /** Takes one frame; false when there is no whole one. */
    private boolean frame(Client client) throws IOException {
        int start = buffer.position();
        if (buffer.remaining() >= 4) {
            int opCode = buffer.get() & 0xf;
            int length = buffer.get() & 0x7f;
            int size = length == 126 ? buffer.getShort() & 0xffff : length;
            if (buffer.remaining() >= size) {
                take(client, opCode, buffer.slice(buffer.position(), size));
                buffer.position(buffer.position() + size);
                return true;
            }
        } else if (buffer.remaining() >= 2 && buffer.get(start + 1) == 0) { // an empty ping
            buffer.position(start + 2);
            take(client, buffer.get(start) & 0xf, ByteBuffer.allocate(0));
            return true;
        }
        buffer.position(start);
        return false;
    }

    private void take(Client client, int opCode, ByteBuffer payload) throws IOException {
        if (opCode == RawSocket.PING) {
            byte[] same = new byte[payload.remaining()];
            payload.get(same);
            client.channel.write(ByteBuffer.wrap(RawSocket.frame(RawSocket.PONG, true, same)));
            pings++;
        } else if (opCode == RawSocket.TEXT) {
            onText.text(payload);
        } else {
            throw new IOException("closed by the server");
        }
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
