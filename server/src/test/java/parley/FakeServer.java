package parley;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/**
 * A push server for one client, without any virtue: {@code /ws} is a WebSocket, and a POST to any other path is sent to
 * it, or not, or twice, as told.
 */
final class FakeServer implements AutoCloseable {

    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final LongFunction<List<Long>> deliveries;
    private final String refusal;
    private final AtomicLong published = new AtomicLong();
    private final byte[][] recent = new byte[16][]; // the newest messages, by number
    private volatile OutputStream client;

    /**
     * @param deliveries for the n-th publish, from 1, the numbers of the messages that are sent now, out of the newest 16
     * @param refusal the answer to a publish, or null to deliver
     */
    FakeServer(LongFunction<List<Long>> deliveries, String refusal) throws IOException {
        this.deliveries = deliveries;
        this.refusal = refusal;
        thread(() -> {
            while (true) {
                Socket socket = listening.accept();
                thread(() -> serve(socket));
            }
        });
    }

    int port() {
        return listening.getLocalPort();
    }

    long published() {
        return published.get();
    }

    private interface Work {
        void run() throws Exception;
    }

    private static void thread(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Exception ended) {
                // so has this connection, or the server
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(Socket socket) throws Exception {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            for (String head = head(in); ; head = head(in)) {
                if (head.startsWith("GET /ws")) {
                    byte[] joined = (header(head, "Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                            .getBytes(StandardCharsets.US_ASCII);
                    String accept = Base64.getEncoder()
                            .encodeToString(MessageDigest.getInstance("SHA-1").digest(joined));
                    write(
                            out,
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    + "Sec-WebSocket-Accept: " + accept + "\r\n\r\n");
                    client = out;
                    while (in.read() >= 0) {
                        continue;
                    }
                    return;
                }
                publish(in.readNBytes(Integer.parseInt(header(head, "Content-Length"))));
                write(out, refusal == null ? "HTTP/1.1 204 No Content\r\n\r\n" : refusal);
            }
        }
    }

    private synchronized void publish(byte[] message) throws IOException {
        if (refusal != null) {
            return;
        }
        long number = published.incrementAndGet();
        recent[(int) (number % recent.length)] = message;
        for (long delivered : deliveries.apply(number)) {
            byte[] payload = recent[(int) (delivered % recent.length)];
            byte[] frame = new byte[2 + payload.length];
            frame[0] = (byte) 0x81;
            frame[1] = (byte) payload.length;
            System.arraycopy(payload, 0, frame, 2, payload.length);
            client.write(frame);
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException();
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private static String header(String head, String name) {
        int from = head.indexOf(name + ": ") + name.length() + 2;
        return head.substring(from, head.indexOf("\r\n", from));
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
