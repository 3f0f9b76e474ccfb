package parley;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * One device of the ledger test: it connects, is cut in one of several ways, comes back after a while, and keeps account
 * of what it got. All clients live on the fleet's thread.
 */
abstract class LedgerClient {

    enum State {
        AWAY,
        CONNECTING,
        OPEN,
        CLOSING
    }

    private static final int LIFE_MILLIS = 6_000; // of a line, at most
    private static final int AWAY_MILLIS = 1_200;
    private static final int STALL_MILLIS = 1_500;

    final LedgerFleet fleet;
    final LedgerBook book;
    final String name;
    final String user;
    final List<String> topics;
    final RandomGenerator random;

    State state = State.AWAY;
    private SocketChannel line;
    private SelectionKey key;
    private StringBuilder head; // what came of it; null when it is complete
    private long due; // when the state is to be left
    private long stalledUntil;
    private boolean shakenOff; // by the server, with a word
    private int sleepsUntil; // so many messages to everyone: more than are kept

    LedgerClient(LedgerFleet fleet, String name, String user, List<String> topics, RandomGenerator random) {
        this.fleet = fleet;
        this.book = fleet.book;
        this.name = name;
        this.user = user;
        this.topics = topics;
        this.random = random;
        this.due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(random.nextInt(1_000));
    }

    // ---- what each kind does in its own way

    /** The lines of the request beside its first and Host. */
    abstract List<String> requestLines();

    abstract String path();

    abstract int expectedStatus();

    /** The head of the answer is complete. */
    abstract void opened() throws IOException;

    abstract void received(ByteBuffer bytes) throws IOException;

    /** A line is over: what it left half is gone. */
    abstract void lineEnded();

    /** Says that it goes; whether it then waits for the other side. */
    abstract boolean goodbye() throws IOException;

    /** To be called every few milliseconds. */
    abstract void tick(long now) throws IOException;

    /** Whether it has all that was published, by the tops that receipts named. */
    abstract boolean hasAll();

    // ---- its life

    final void live(long now) {
        try {
            if (stalledUntil != 0 && now >= stalledUntil && state == State.OPEN) {
                stalledUntil = 0;
                key.interestOps(SelectionKey.OP_READ);
            }
            if (state == State.OPEN) {
                tick(now);
            }
            boolean sleeps = state == State.AWAY && book.toEveryone() < sleepsUntil && !fleet.draining();
            if (now < due || sleeps || state == State.OPEN && fleet.draining()) {
                return;
            }
            switch (state) {
                case AWAY -> connect(now);
                case OPEN -> cut(now);
                default -> end(false); // it took too long
            }
        } catch (IOException broken) {
            end(false);
        }
    }

    private void connect(long now) throws IOException {
        line = SocketChannel.open();
        line.configureBlocking(false);
        line.setOption(StandardSocketOptions.TCP_NODELAY, true);
        state = State.CONNECTING;
        due = now + TimeUnit.SECONDS.toNanos(8);
        stalledUntil = 0;
        shakenOff = false;
        head = new StringBuilder();
        boolean connected = line.connect(new InetSocketAddress("127.0.0.1", fleet.port));
        key = fleet.register(line, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, this);
        if (connected) {
            request();
        }
    }

    private void request() throws IOException {
        StringBuilder request =
                new StringBuilder("GET " + path() + " HTTP/1.1\r\nHost: localhost:" + fleet.port + "\r\n");
        requestLines().forEach(one -> request.append(one).append("\r\n"));
        write((request + "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    /** The selector found something to do. */
    final void ready() {
        try {
            if (key.isConnectable()) {
                line.finishConnect();
                key.interestOps(SelectionKey.OP_READ);
                request();
            } else if (key.isReadable()) {
                read();
            }
        } catch (IOException broken) {
            end(false);
        }
    }

    private void read() throws IOException {
        ByteBuffer buffer = fleet.buffer.clear();
        if (line.read(buffer) < 0) {
            throw new IOException("the server closed the connection");
        }
        buffer.flip();
        while (head != null && buffer.hasRemaining()) {
            head.append((char) buffer.get());
            if (head.length() >= 4 && head.indexOf("\r\n\r\n", head.length() - 4) >= 0) {
                answered(head.toString());
            }
        }
        if (state == State.OPEN || state == State.CLOSING) {
            received(buffer);
        }
    }

    private void answered(String answer) throws IOException {
        int status = Integer.parseInt(answer.split(" ", 3)[1]);
        head = null;
        if (status == 503) {
            throw new IOException("it restarts");
        }
        if (status == 500
                && fleet.stopping) { // seen once in 12 runs, without a line in the log: Jetty's own while it stops
            fleet.count("answered 500 while stopping");
            throw new IOException("it restarts");
        }
        if (status != expectedStatus()) {
            book.wrong(name + " was answered " + answer.lines().findFirst().orElse(""));
            throw new IOException("refused");
        }
        state = State.OPEN;
        fleet.connections++;
        due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100 + random.nextInt(LIFE_MILLIS));
        opened();
    }

    private void cut(long now) throws IOException {
        int how = random.nextInt(100);
        if (how < 45) {
            fleet.count("RST");
            end(true);
        } else if (how < 55) {
            fleet.count("FIN without a word");
            end(false);
        } else if (how < 70) {
            key.interestOps(0);
            stalledUntil = now + TimeUnit.MILLISECONDS.toNanos(100 + random.nextInt(STALL_MILLIS));
            due = stalledUntil + TimeUnit.MILLISECONDS.toNanos(random.nextInt(1_000) - 500);
            fleet.count("not read for a while");
        } else {
            fleet.count("polite close");
            state = State.CLOSING;
            due = now + TimeUnit.SECONDS.toNanos(2);
            if (!goodbye()) {
                end(false);
            }
        }
    }

    /** The line is over. @param reset whether by a RST */
    final void end(boolean reset) {
        boolean wasOpen = state == State.OPEN;
        try {
            if (reset) {
                line.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
            line.close();
        } catch (IOException gone) {
            // all the better
        }
        lineEnded();
        state = State.AWAY;
        boolean sleeps = wasOpen && random.nextInt(40) == 0;
        sleepsUntil = sleeps ? book.toEveryone() + LedgerIT.KEPT_FOR_EVERYONE + 5 : 0;
        int away = shakenOff ? 0 : 50 + random.nextInt(AWAY_MILLIS);
        due = Math.max(shakenOff ? due : 0, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(away));
    }

    /** Whether it was away before this line until everyone had got more than is kept. */
    final boolean slept() {
        return sleepsUntil > 0;
    }

    /** The server says goodbye. @param millis when to come back */
    final void comeBackIn(long millis) {
        shakenOff = true;
        due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    final void write(byte[] bytes) throws IOException {
        ByteBuffer all = ByteBuffer.wrap(bytes);
        if (line.write(all) < bytes.length) {
            throw new IOException("the server does not read");
        }
    }

    final void wrong(String what) {
        book.wrong(name + ": " + what);
    }

    /** Closing codes that say that somebody is at fault. */
    final void closed(int code) {
        fleet.count("closed by the server with " + code);
        if (code != 1000 && code != 4103) {
            wrong("closed with " + code);
        }
    }

    /** Frames of a WebSocket, as bytes come. */
    abstract static class Frames {
        private byte[] rest = {};
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();

        abstract void text(String text) throws IOException;

        abstract void control(int opCode, byte[] payload) throws IOException;

        void reset() {
            rest = new byte[0];
            message.reset();
        }

        void add(ByteBuffer bytes) throws IOException {
            ByteBuffer all = ByteBuffer.allocate(rest.length + bytes.remaining())
                    .put(rest)
                    .put(bytes)
                    .flip();
            while (one(all)) {
                continue;
            }
            rest = new byte[all.remaining()];
            all.get(rest);
        }

        private boolean one(ByteBuffer from) throws IOException {
            from.mark();
            if (from.remaining() < 2) {
                return false;
            }
            int first = from.get();
            long size = from.get() & 0x7f;
            if (from.remaining() < (size == 126 ? 2 : size == 127 ? 8 : 0)) {
                from.reset();
                return false;
            }
            size = size == 126 ? from.getShort() & 0xffff : size == 127 ? from.getLong() : size;
            if (from.remaining() < size) {
                from.reset();
                return false;
            }
            byte[] payload = new byte[(int) size];
            from.get(payload);
            if ((first & 8) != 0) {
                control(first & 0xf, payload);
            } else {
                message.writeBytes(payload);
                if (first < 0) {
                    String text = message.toString(StandardCharsets.UTF_8);
                    message.reset();
                    text(text);
                }
            }
            return true;
        }
    }

    static final List<String> UPGRADE = List.of(
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13");

    static final byte[] CLOSE_FRAME = RawSocket.frame(RawSocket.CLOSE, true, new byte[] {0x03, (byte) 0xe8});

    static byte[] textFrame(String text) {
        return RawSocket.frame(RawSocket.TEXT, true, text.getBytes(StandardCharsets.UTF_8));
    }

    static int closeCode(byte[] payload) {
        return payload.length < 2 ? 1005 : (payload[0] & 0xff) << 8 | payload[1] & 0xff;
    }

    @Override
    public String toString() {
        return name + String.format(Locale.ROOT, " (%s)", state);
    }
}
