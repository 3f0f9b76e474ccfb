package parley.socket;

import java.io.IOException;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.metrics.Metrics;

/** Accepts connections, on one thread; says it when it cannot. */
public final class ListeningConnector extends ServerConnector {

    private static final Logger LOG = LoggerFactory.getLogger(ListeningConnector.class);

    private final Metrics metrics;
    private boolean failing; // for the one acceptor

    public ListeningConnector(Server server, int selectors, Metrics metrics, ConnectionFactory... factories) {
        super(server, 1, selectors, factories);
        this.metrics = metrics;
    }

    @Override
    public void accept(int acceptor) throws IOException {
        super.accept(acceptor);
        if (failing) {
            failing = false;
            LOG.info("connections are accepted again");
        }
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
