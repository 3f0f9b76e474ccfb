package parley.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Arrays;

/** One connection of a {@link Load}, for its thread only. */
abstract class Line {

    private static final byte[] NONE = {};

    private final Load load;
    private SocketChannel channel;
    private SelectionKey key;
    private byte[] kept = NONE; // received, not yet used
    private int keptLength;
    private ByteBuffer unsent; // null when all is written

    Line(Load load) {
        this.load = load;
    }

    /** The connection is there. */
    abstract void connected();

    /**
     * Bytes have come. Returns how many of them were used; the others come again with more behind them. The array is
     * shared by all lines.
     */
    abstract int received(byte[] bytes, int length);

    /** The other side ended the connection, or it never came to be. Not called after {@link #close}. */
    abstract void ended(String why);

    /** @throws IOException when this process has no socket left */
    final void open(InetSocketAddress address) throws IOException {
        channel = SocketChannel.open();
        keptLength = 0;
        unsent = null;
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_LINGER, 0); // a reset leaves no TIME_WAIT that eats ports
        key = channel.register(load.selector, SelectionKey.OP_CONNECT, this);
        try {
            if (channel.connect(address)) {
                key.interestOps(SelectionKey.OP_READ);
                connected();
            }
        } catch (IOException e) {
            end(e.getMessage());
        }
    }

    final boolean isOpen() {
        return channel != null;
    }

    final void ready(SelectionKey selected) {
        if (selected != key || channel == null) {
            return;
        }
        try {
            int ready = key.readyOps();
            if ((ready & SelectionKey.OP_CONNECT) != 0) {
                channel.finishConnect();
                key.interestOps(SelectionKey.OP_READ);
                connected();
                return;
            }
            if ((ready & SelectionKey.OP_WRITE) != 0) {
                writeOn();
            }
            if ((ready & SelectionKey.OP_READ) != 0) {
                read();
            }
        } catch (IOException | CancelledKeyException e) {
            end(String.valueOf(e.getMessage()));
        }
    }

    private void read() throws IOException {
        ByteBuffer buffer = load.reading.clear();
        int length = channel.read(buffer);
        if (length < 0) {
            end("the server closed the connection");
            return;
        }
        byte[] bytes = load.received;
        System.arraycopy(kept, 0, bytes, 0, keptLength);
        buffer.flip().get(bytes, keptLength, length);
        int all = keptLength + length;
        int used = received(bytes, all);
        if (channel == null) {
            return;
        }
        keptLength = all - used;
        if (keptLength > Load.MOST_BYTES) {
            end("more than " + Load.MOST_BYTES + " bytes came in one piece");
        } else if (keptLength > 0) {
            if (kept.length < keptLength) {
                kept = new byte[Math.max(256, 2 * keptLength)];
            }
            System.arraycopy(bytes, used, kept, 0, keptLength);
        }
    }

    /** Sends now what goes, and the rest as the other side reads. */
    final void send(byte[] bytes, int length) {
        if (channel == null) {
            return;
        }
        try {
            int written = 0;
            while (unsent == null && written < length) {
                ByteBuffer buffer = load.writing.clear();
                int part = Math.min(buffer.remaining(), length - written);
                buffer.put(bytes, written, part).flip();
                written += channel.write(buffer);
                if (buffer.hasRemaining()) {
                    break;
                }
            }
            if (written < length) {
                keepUnsent(Arrays.copyOfRange(bytes, written, length));
            }
        } catch (IOException e) {
            end(String.valueOf(e.getMessage()));
        }
    }

    private void keepUnsent(byte[] rest) {
        ByteBuffer before = unsent == null ? ByteBuffer.allocate(0) : unsent;
        unsent = ByteBuffer.allocate(before.remaining() + rest.length);
        unsent.put(before).put(rest).flip();
        key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    }

    private void writeOn() throws IOException {
        channel.write(unsent);
        if (!unsent.hasRemaining()) {
            unsent = null;
            key.interestOps(SelectionKey.OP_READ);
            sent();
        }
    }

    /** What had to wait is written. */
    void sent() {}

    /** Something is wrong with this line. */
    final void end(String why) {
        if (channel != null) {
            close();
            ended(why);
        }
    }

    /** Resets the connection; nothing is called any more. */
    final void close() {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // then it is closed all the same
            }
            channel = null;
        }
    }
}
