package parley.socket;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.internal.HttpConnection;

/**
 * Cuts connections whose request's header does not become whole in time. Jetty's idle timeout starts anew with every
 * byte, so that a byte now and then would keep a connection for good. Costs a request nothing: all connections are
 * looked at once in a while instead.
 */
public final class SlowHeaders {

    /** From a header's first byte to its last, and from a connection's begin, TLS included, to its first header. */
    static final Duration LIMIT = Duration.ofSeconds(10);

    private final ServerConnector connector;

    public SlowHeaders(ServerConnector connector) {
        this.connector = connector;
    }

    /**
     * To be called every second or so, by one thread at a time.
     *
     * @param nanos as {@link System#nanoTime} says
     * @param wallMillis as {@link System#currentTimeMillis} says
     */
    public void cut(long nanos, long wallMillis) {
        for (EndPoint line : connector.getConnectedEndPoints()) {
            Connection connection = line.getConnection();
            if (connection instanceof SslConnection tls) {
                connection = tls.getSslEndPoint().getConnection();
            }
            if (connection instanceof HttpConnection http
                    && isLate(http, line, nanos, wallMillis)
                    && !hasUnread(line)) {
                line.close();
            }
        }
    }

    private static boolean isLate(HttpConnection http, EndPoint line, long nanos, long wallMillis) {
        if (http.getMessagesIn() == 0) {
            return wallMillis - line.getCreatedTimeStamp() > LIMIT.toMillis();
        }
        HttpParser parser = http.getParser(); // another thread's: what it says is a moment old at most
        long begin = parser.getBeginNanoTime(); // 0 between requests
        return begin != 0 && parser.inHeaderState() && nanos - begin > LIMIT.toNanos();
    }

    /** Whether it is us who are late: when all clients come back at once, their requests wait for their turn. */
    private static boolean hasUnread(EndPoint line) {
        try {
            return line.getTransport() instanceof SocketChannel channel
                    && channel.socket().getInputStream().available() > 0;
        } catch (IOException ended) {
            return false;
        }
    }
}
