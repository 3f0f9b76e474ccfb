package parley;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The long runs of scripts/soak, against the real jar in a process of its own. Figures go to the standard output; a
 * failure is an exception. System properties:
 *
 * <ul>
 *   <li>{@code parley.jar}: the jar
 *   <li>{@code soak.users}, {@code soak.seconds}: how many users send to each other, and for how long
 *   <li>{@code soak.idle}, {@code soak.idleSeconds}: how many connections idle, and for how long
 *   <li>those of {@link LedgerIT}
 *   <li>{@code soak.floods}: how often a flood is tried
 * </ul>
 */
final class Soak {

    private Soak() {}

    public static void main(String[] parts) throws Exception {
        for (String part : parts) {
            switch (part) {
                case "exchange" ->
                    exchange(Integer.getInteger("soak.users", 1_000), Integer.getInteger("soak.seconds", 60));
                case "idle" ->
                    idle(Integer.getInteger("soak.idle", 10_000), Integer.getInteger("soak.idleSeconds", 60));
                case "ledger" -> ledger();
                case "flood" -> FloodSoak.run(Integer.getInteger("soak.floods", 5));
                default ->
                    throw new IllegalArgumentException("There is no part " + part + ": exchange, idle, ledger, flood.");
            }
        }
        System.exit(0); // Java's HTTP client keeps its threads
    }

    private static void ledger() throws Exception {
        LedgerIT test = new LedgerIT();
        test.directory = Files.createTempDirectory("parley-ledger");
        try {
            test.theBooksBalanceAfterARestartAndAKillUnderLoad();
        } finally {
            try (Stream<Path> files = Files.walk(test.directory)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            }
        }
    }

    private static void exchange(int users, int seconds) throws Exception {
        try (JarProcess server = JarProcess.run("--port", "0", "--session-rate", "0")) {
            server.awaitStart();
            try (Exchange exchange = new Exchange(server.port(), users)) {
                Exchange.Ledger ledger = exchange.run(Duration.ofSeconds(seconds));
                System.out.println("exchange: " + users + " users, " + seconds + " s: " + ledger);
                System.out.println("exchange: " + memory(server));
                require(ledger.clean(), "messages were lost, duplicated or reordered");
            }
        }
    }

    private static void idle(int connections, int seconds) throws Exception {
        try (JarProcess server = JarProcess.run(List.of("-Xmx512m"), "--port", "0");
                IdleClients clients = new IdleClients(server)) {
            server.awaitStart();
            System.out.println("idle: none connected: " + memory(server));
            long start = System.nanoTime();
            clients.connect(connections);
            System.out.println("idle: " + connections + " connected in "
                    + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) + " ms: " + memory(server));
            clients.idleFor(Duration.ofSeconds(seconds));
            System.out.println("idle: after " + seconds + " s " + clients.open() + " are open, " + clients.pings
                    + " pings were answered: " + memory(server));
            require(clients.open() == connections, "connections were lost");
            start = System.nanoTime();
            clients.broadcast();
            System.out.println(
                    "idle: one message to all in " + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) + " ms");
            require(server.process.isAlive(), "the server ended");
        }
    }

    private static void require(boolean good, String otherwise) {
        if (!good) {
            throw new IllegalStateException(otherwise);
        }
    }

    /** After a full collection. */
    static String memory(JarProcess server) throws IOException {
        server.jcmd("GC.run");
        String heap = server.jcmd("GC.heap_info")
                .lines()
                .filter(line -> line.contains("used"))
                .findFirst()
                .orElse("heap unknown")
                .strip();
        Path status = Path.of("/proc", Long.toString(server.process.pid()), "status");
        String resident = Files.exists(status)
                ? Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmRSS"))
                        .findFirst()
                        .orElse("")
                        .replaceAll("\\s+", " ")
                : "VmRSS unknown";
        return resident + "; " + heap;
    }

    /** Plain clients on one thread that answer pings and count texts. */
    private static final class IdleClients implements AutoCloseable {
        private final JarProcess server;
        private final Selector selector = Selector.open();
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
        private int open;
        private int texts;
        private long pings;

        IdleClients(JarProcess server) throws IOException {
            this.server = server;
        }

        int open() {
            return open;
        }

        void connect(int count) throws IOException {
            for (int i = 0; i < count; i++) {
                SocketChannel channel = SocketChannel.open(new InetSocketAddress("localhost", server.port()));
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.write(ByteBuffer.wrap(("GET /websocket/idle-" + i + " HTTP/1.1\r\nHost: localhost\r\n"
                                + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII)));
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, new StringBuilder());
                while (i - open > 64) { // so many handshakes at a time
                    select(1_000);
                }
            }
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (open < count && System.nanoTime() < deadline) {
                select(100);
            }
            require(open == count, "only " + open + " could connect");
        }

        void idleFor(Duration time) throws IOException {
            long end = System.nanoTime() + time.toNanos();
            while (System.nanoTime() < end) {
                select(100);
            }
        }

        void broadcast() throws Exception {
            texts = 0;
            ServerFixture.HTTP.sendAsync(
                    java.net.http.HttpRequest.newBuilder(java.net.URI.create(
                                    "http://localhost:" + server.port() + "/socket/publish?all=true&message=hello"))
                            .build(),
                    java.net.http.HttpResponse.BodyHandlers.discarding());
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (texts < open && System.nanoTime() < deadline) {
                select(100);
            }
            require(texts == open, "only " + texts + " got the message");
        }

        private void select(long millis) throws IOException {
            selector.select(this::read, millis);
        }

        private void read(SelectionKey key) {
            SocketChannel channel = (SocketChannel) key.channel();
            try {
                buffer.clear();
                if (channel.read(buffer) < 0) {
                    throw new IOException("closed");
                }
                buffer.flip();
                if (key.attachment() instanceof StringBuilder head) {
                    while (buffer.hasRemaining() && head.indexOf("\r\n\r\n") < 0) {
                        head.append((char) buffer.get());
                    }
                    if (head.indexOf("\r\n\r\n") < 0) {
                        return;
                    }
                    require(head.toString().startsWith("HTTP/1.1 101"), head.toString());
                    key.attach(null);
                    open++;
                }
                while (buffer.remaining() >= 2) { // small frames, whole each: nothing longer is sent to idle clients
                    int opCode = buffer.get() & 0xf;
                    byte[] payload = new byte[buffer.get() & 0x7f];
                    buffer.get(payload);
                    if (opCode == RawSocket.PING) {
                        pings++;
                        channel.write(ByteBuffer.wrap(RawSocket.frame(RawSocket.PONG, true, payload)));
                    } else if (opCode == RawSocket.TEXT) {
                        texts++;
                    } else {
                        throw new IOException("closed by the server");
                    }
                }
            } catch (IOException gone) {
                open--;
                key.cancel();
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
}
