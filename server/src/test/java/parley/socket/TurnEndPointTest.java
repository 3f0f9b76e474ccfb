package parley.socket;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One selector, requests on its thread, as in {@link WebServer}. */
class TurnEndPointTest {

    private static final int PATIENCE_MILLIS = 20_000;

    private final Server server = new Server() {
        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    };
    private final ConcurrentHashMap<String, CompletableFuture<Void>> held = new ConcurrentHashMap<>();
    private final AtomicInteger handled = new AtomicInteger();
    private ServerConnector connector;

    @AfterEach
    void stop() throws Exception {
        held.values().forEach(hold -> hold.complete(null));
        server.stop();
    }

    /** Jetty alone reads on for as long as the end of what it read is the end of a request with a body. */
    @Test
    void whoAlwaysHasOneMoreRequestDoesNotKeepOthersWaiting() throws Exception {
        start(0);
        int requests = 300; // their answers are within what the kernel takes
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Void> go = new CompletableFuture<>();
        blocking = () -> {
            begun.countDown();
            go.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        };
        try (Socket hog = connect();
                Socket other = connect()) {
            write(hog, aligned("/block") + aligned("/spin").repeat(requests));
            assertTrue(begun.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS));
            write(other, last("/note"));
            go.complete(null);
            assertEquals(1, answers(other));
            assertTrue(noted < requests / 2, "before it were answered " + noted);
            readUntil(hog, "/spin", requests);
        }
    }

    @Test
    void requestsThatComeTogetherAreAnsweredTogether() throws Exception {
        start();
        CountDownLatch last = new CountDownLatch(1);
        CompletableFuture<Void> look = new CompletableFuture<>();
        blocking = () -> {
            last.countDown();
            look.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        };
        try (Socket line = connect()) {
            write(line, get("/plain").repeat(15) + last("/block"));
            assertTrue(last.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS));
            assertEquals(0, line.getInputStream().available(), "fifteen answers wait for the sixteenth");
            look.complete(null);
            assertEquals(16, answers(line));
        }
    }

    /** The answers before it must not wait with it. */
    @Test
    void aRequestThatTakesLongHoldsUpOnlyItself() throws Exception {
        start();
        try (Socket line = connect()) {
            write(line, get("/plain").repeat(3) + get("/hold/a") + get("/plain"));
            readUntil(line, "/plain", 3);
            held.get("/hold/a").complete(null);
            readUntil(line, "/hold/a", 1); // though it goes on
        }
    }

    /** Half a request must not keep the answers to whole ones. */
    @Test
    void halfARequestHoldsUpNobody() throws Exception {
        start();
        try (Socket line = connect()) {
            String next = last("/plain");
            write(line, get("/plain").repeat(3) + next.substring(0, 20));
            readUntil(line, "/plain", 3);
            write(line, next.substring(20));
            assertEquals(1, answers(line));
        }
    }

    /** More answers than the kernel takes: the rest of the requests is not read before they are taken. */
    @Test
    void whoDoesNotTakeHisAnswersIsNotReadFrom() throws Exception {
        start();
        int requests = 20_000;
        try (Socket line = connect()) {
            Thread sending = new Thread(() -> write(line, get("/plain").repeat(requests - 1) + last("/plain")));
            sending.start();
            await().until(this::someoneIsStuck);
            int before = handled.get();
            assertTrue(before > 0 && before < requests - 1, "answered " + before);
            assertEquals(requests, answers(line));
            sending.join(PATIENCE_MILLIS);
        }
    }

    /** Answers of all sizes, at once and later, from this thread and others, to a reader who dawdles: all, in order. */
    @Test
    void everyAnswerInItsPlace() throws Exception {
        start();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String[] kinds = {"/plain", "/plain", "/plain", "/plain", "/large", "/later", "/pieces", "/piecesLater"};
        for (int round = 0; round < 30; round++) {
            StringBuilder requests = new StringBuilder();
            StringBuilder expected = new StringBuilder();
            int n = 1 + random.nextInt(200);
            for (int i = 0; i < n; i++) {
                String path = kinds[random.nextInt(kinds.length)] + "/" + i;
                requests.append(i == n - 1 ? last(path) : get(path));
                expected.append('<').append(path).append('>');
            }
            byte[] all = requests.toString().getBytes(StandardCharsets.US_ASCII);
            int[] cuts =
                    random.ints(random.nextInt(5), 0, all.length + 1).sorted().toArray();
            try (Socket line = connect()) {
                Thread sending = new Thread(() -> {
                    int from = 0;
                    for (int cut : cuts) {
                        write(line, all, from, cut);
                        from = cut;
                    }
                    write(line, all, from, all.length);
                });
                sending.start();
                ByteArrayOutputStream got = new ByteArrayOutputStream();
                byte[] some = new byte[1 + random.nextInt(40_000)];
                for (int r = line.getInputStream().read(some);
                        r >= 0;
                        r = line.getInputStream().read(some)) {
                    got.write(some, 0, r);
                }
                String names = got.toString(StandardCharsets.US_ASCII)
                        .replaceAll("(?s)[^<>]*(<[^>]*>)?[^<>]*", "$1"); // what stands in brackets, and nothing else
                assertEquals(expected.toString(), names, "seed " + seed + ", round " + round);
                sending.join(PATIENCE_MILLIS);
            }
        }
    }

    /** Though no further request reminds the server of him. */
    @Test
    void whoTakesHisAnswersLateGetsAllOfThem() throws Exception {
        start();
        try (Socket line = connect()) {
            int sent = 0;
            while (!someoneIsStuck()) {
                assertTrue(sent < 1_000_000, "the kernel takes all");
                sent += 20;
                write(line, get("/plain").repeat(20));
                int all = sent;
                await().pollInterval(Duration.ofMillis(1)).until(() -> handled.get() == all || someoneIsStuck());
            }
            assertEquals(sent, handled.get(), "all are answered, and some of the answers wait");
            readUntil(line, "/plain", sent);
        }
    }

    /** The kernel takes no more of what is written. */
    private boolean someoneIsStuck() {
        return connector.getConnectedEndPoints().stream()
                .anyMatch(line -> ((TurnEndPoint) line).getWriteFlusher().isPending());
    }

    /** He has been answered, and may act on it. */
    @Test
    void whatWasAnsweredBeforeAFailureIsTold() throws Exception {
        start();
        try (Socket line = connect()) {
            write(line, get("/plain").repeat(3) + get("/fail") + get("/plain"));
            String answers = new String(line.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertEquals(3, answers.split("</plain>", -1).length - 1, answers);
        }
    }

    /** A caller who leaves in the middle of it takes nobody with him, and leaves no buffer behind. */
    @Test
    void whoLeavesIsForgotten() throws Exception {
        start();
        for (int i = 0; i < 50; i++) {
            try (Socket line = connect()) {
                line.setSoLinger(true, 0); // a reset
                write(line, (get("/plain") + get("/large")).repeat(20));
            }
        }
        try (Socket line = connect()) {
            write(line, last("/plain"));
            assertEquals(1, answers(line));
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private volatile Work blocking;
    private volatile int noted;

    private void start() throws Exception {
        start(16 << 10);
    }

    /** @param sendBuffer bytes that the kernel takes for one who does not read; 0 for the usual */
    private void start(int sendBuffer) throws Exception {
        connector = new ServerConnector(server, 1, 1) {
            @Override
            protected SocketChannelEndPoint newEndPoint(
                    SocketChannel line, ManagedSelector selector, SelectionKey key) {
                return new TurnEndPoint(line, selector, key, getScheduler(), getByteBufferPool());
            }
        };
        if (sendBuffer > 0) {
            connector.setAcceptedSendBufferSize(sendBuffer);
        }
        server.addConnector(connector);
        server.setHandler(new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) throws Exception {
                String path = Request.getPathInContext(request);
                answer(path, path.split("/")[1], response, callback);
                handled.incrementAndGet();
                return true;
            }
        });
        server.start();
    }

    private void answer(String path, String kind, Response response, Callback callback) throws Exception {
        ByteBuffer name = ByteBuffer.wrap(("<" + path + ">").getBytes(StandardCharsets.US_ASCII));
        switch (kind) {
            case "block" -> {
                blocking.run();
                response.write(true, name, callback);
            }
            case "note" -> {
                noted = handled.get();
                response.write(true, name, callback);
            }
            case "spin" -> {
                long end = System.nanoTime() + 100_000;
                while (System.nanoTime() - end < 0) {
                    Thread.onSpinWait();
                }
                response.write(true, name, callback);
            }
            case "fail" ->
                response.write(false, name, Callback.from(() -> callback.failed(new IOException("as the test wants"))));
            case "hold" -> {
                CompletableFuture<Void> hold = new CompletableFuture<>();
                hold.thenRun(() -> response.write(false, name, Callback.NOOP));
                held.put(path, hold);
            }
            case "large" -> {
                ByteBuffer large = ByteBuffer.allocate(30_000);
                large.put(name).position(0);
                response.getHeaders().put(HttpHeader.CONTENT_LENGTH, large.remaining());
                response.write(true, large, callback);
            }
            case "later" -> server.getThreadPool().execute(() -> response.write(true, name, callback));
            case "pieces" -> inPieces(name, response, callback);
            case "piecesLater" -> server.getThreadPool().execute(() -> inPieces(name, response, callback));
            default -> response.write(true, name, callback);
        }
    }

    /** The second piece from another thread, the third is large. */
    private void inPieces(ByteBuffer name, Response response, Callback callback) {
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, name.remaining() + 20_000);
        ByteBuffer tail = name.duplicate().position(1);
        Callback third =
                Callback.from(() -> response.write(true, ByteBuffer.allocate(20_000), callback), callback::failed);
        Callback second = Callback.from(
                () -> server.getThreadPool().execute(() -> response.write(false, tail, third)), callback::failed);
        response.write(false, name.duplicate().limit(1), second);
    }

    private Socket connect() throws IOException {
        Socket line = new Socket("localhost", connector.getLocalPort());
        line.setSoTimeout(PATIENCE_MILLIS);
        return line;
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }

    /** Sixteen of them fill Jetty's buffer. */
    private static String aligned(String path) {
        String head = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nPadding: ";
        return head + "x".repeat(512 - head.length() - 4 - 100) + "\r\n\r\n" + "y".repeat(100);
    }

    private static String last(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    }

    private static void write(Socket line, String requests) {
        byte[] bytes = requests.getBytes(StandardCharsets.US_ASCII);
        write(line, bytes, 0, bytes.length);
    }

    private static void write(Socket line, byte[] bytes, int from, int to) {
        try {
            line.getOutputStream().write(bytes, from, to - from);
        } catch (IOException closed) {
            // the reader notices
        }
    }

    /** How many there are until the server closes. */
    private static int answers(Socket line) throws IOException {
        String all = new String(line.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        return all.split("HTTP/1.1 200", -1).length - 1;
    }

    private static void readUntil(Socket line, String name, int times) throws IOException {
        InputStream in = new BufferedInputStream(line.getInputStream());
        byte[] wanted = ("<" + name + ">").getBytes(StandardCharsets.US_ASCII);
        int matched = 0;
        for (int found = 0; found < times; ) {
            int next = in.read();
            assertTrue(next >= 0, "closed after " + found);
            matched = next == wanted[matched] ? matched + 1 : next == '<' ? 1 : 0;
            if (matched == wanted.length) {
                found++;
                matched = 0;
            }
        }
    }
}
