package parley.socket;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;

class FairTurnsTest {

    private static final int REQUESTS = 100;

    /** Each request takes a fifth of a turn; Jetty alone would answer all of them on the thread that found the first. */
    @Test
    void whoHasAlwaysOneMoreRequestGoesOnElsewhere() throws Exception {
        List<String> ranOn = new CopyOnWriteArrayList<>();
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, 1, 1);
        server.addConnector(connector);
        server.setHandler(new FairTurns(busy(ranOn), server.getThreadPool()));
        server.start();
        try (Socket line = new Socket("localhost", connector.getLocalPort())) {
            String request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
            String last = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            line.getOutputStream().write((request.repeat(REQUESTS - 1) + last).getBytes(StandardCharsets.US_ASCII));
            String answers = new String(line.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertEquals(REQUESTS, answers.split("HTTP/1.1 200", -1).length - 1);
        } finally {
            server.stop();
        }
        Map<String, Long> turns = ranOn.stream().collect(groupingBy(Function.identity(), counting()));
        String selector = ranOn.get(0);
        assertEquals(REQUESTS, ranOn.size());
        assertTrue(turns.get(selector) < REQUESTS / 2, "one thread had them nearly all: " + turns);
    }

    private static Handler busy(List<String> ranOn) {
        return new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                ranOn.add(Thread.currentThread().getName());
                long end = System.nanoTime() + 200_000;
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
                response.write(true, ByteBuffer.wrap(new byte[] {'x'}), callback);
                return true;
            }
        };
    }
}
