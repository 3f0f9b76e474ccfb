package parley.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Collection;
import java.util.List;
import org.eclipse.jetty.io.ByteArrayEndPoint;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What real connections cannot show: a server that has not read yet what is there. */
class SlowHeadersTest {

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoWaitsForUsIsNotLate(boolean asked) throws Exception {
        try (ServerSocketChannel listening = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
                SocketChannel client = SocketChannel.open(listening.getLocalAddress());
                SocketChannel accepted = listening.accept()) {
            if (asked) {
                client.write(ByteBuffer.wrap(new byte[] {'G'}));
                accepted.socket().setSoTimeout(10_000);
                await(accepted);
            }
            EndPoint line = new ByteArrayEndPoint() {
                @Override
                public Object getTransport() {
                    return accepted;
                }
            };
            ServerConnector connector = new ServerConnector(new Server()) {
                @Override
                public Collection<EndPoint> getConnectedEndPoints() {
                    return List.of(line);
                }
            };
            line.setConnection(new HttpConnection(new HttpConfiguration(), connector, line));
            new SlowHeaders(connector).cut(System.nanoTime(), System.currentTimeMillis() + 10_100);
            assertEquals(asked, line.isOpen());
        }
    }

    /** Until the byte is there, which stays unread. */
    private static void await(SocketChannel line) throws Exception {
        org.awaitility.Awaitility.await()
                .until(() -> line.socket().getInputStream().available() > 0);
    }
}
