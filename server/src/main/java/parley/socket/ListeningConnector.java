package parley.socket;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.metrics.Metrics;

/**
 * Accepts connections, on one thread, and closes those that are not let in before Jetty hears of them, which costs a
 * tenth of a refusal; says it when it cannot accept any.
 */
public final class ListeningConnector extends ServerConnector {

    private static final Logger LOG = LoggerFactory.getLogger(ListeningConnector.class);

    private final Doors doors;
    private final Metrics metrics;
    private boolean failing; // for the one acceptor

    public ListeningConnector(
            Server server, int selectors, Doors doors, Metrics metrics, ConnectionFactory... factories) {
        super(server, 1, selectors, factories);
        this.doors = doors;
        this.metrics = metrics;
        addBean(doors);
    }

    /** As Jetty does it, but for the question whether to let it in. */
    @Override
    public void accept(int acceptor) throws IOException {
        if (!(getTransport() instanceof ServerSocketChannel listening) || !listening.isOpen()) {
            return; // the server stops
        }
        SocketChannel line = listening.accept();
        if (failing) {
            failing = false;
            LOG.info("connections are accepted again");
        }
        if (doors.letIn(line)) {
            try {
                line.configureBlocking(false);
                configure(line.socket());
                getSelectorManager().accept(line);
            } catch (IOException | RuntimeException broken) {
                doors.onClosed(line);
                line.close();
            }
        }
    }

    /** As Jetty does it, but for the kind. */
    @Override
    protected SocketChannelEndPoint newEndPoint(SocketChannel line, ManagedSelector selector, SelectionKey key) {
        SocketChannelEndPoint endPoint = new TurnEndPoint(
                line,
                selector,
                key,
                getScheduler(),
                getConnectionFactory(SslConnectionFactory.class) == null ? getByteBufferPool() : null);
        endPoint.setIdleTimeout(getIdleTimeout());
        return endPoint;
    }

    /** Out of file descriptors, most likely. Jetty tries again a second later, and has told nobody at our log level. */
    @Override
    protected boolean handleAcceptFailure(Throwable failure) {
        if (isRunning() && failure instanceof IOException) {
            metrics.acceptFailures.increment();
            if (!failing) {
                LOG.error("no connection can be accepted: {}", failure.getMessage());
            }
            failing = true;
        }
        return super.handleAcceptFailure(failure);
    }
}
