package parley.socket;

import jakarta.websocket.server.ServerContainer;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.websocket.jakarta.server.config.JakartaWebSocketServletContainerInitializer;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.websocket.core.server.WebSocketUpgradeHandler;
import parley.auth.Authenticator;
import parley.metrics.Metrics;
import parley.session.SessionRegistry;

/**
 * Jetty: where connections come in, and the way of a request through our handlers. {@link #start} and {@link #stop} are
 * called once each.
 */
public final class WebServer {

    /** Nothing blocks on these threads, so a few more than cores are enough for any number of connections. */
    private static final int THREADS = 32;

    /** They run the requests, too: one for each core, of which a quarter of the threads makes use at most. */
    private static final int SELECTORS = Math.min(Runtime.getRuntime().availableProcessors(), THREADS / 4);

    /** The kernel's part of the buffer of each connection: two writes. */
    private static final int SEND_BUFFER_BYTES = 128 << 10;

    /** Connections that the kernel keeps while we accept: a reconnect storm after a restart. */
    private static final int ACCEPT_QUEUE = 4096;

    private static final int HEADER_BYTES = 16 << 10;

    /** How far apart Jetty sets what threads share: else it asks the management beans, which takes 0.1 s to start. */
    private static final String JETTY_SPACING = "org.eclipse.jetty.util.referencesPerCacheLine";

    static {
        if (System.getProperty(JETTY_SPACING) == null) {
            System.setProperty(JETTY_SPACING, "16"); // 64 bytes of compressed references
        }
    }

    private final Server server = new NonBlockingServer();
    private final ServerConnector connector;
    private final SlowHeaders slowHeaders;
    private final EventStream events;
    private final TrustedProxies proxies;
    private final Doors doors;
    private volatile Handshake handshake; // null until started

    /** @param tls null for plain HTTP */
    public WebServer(
            ServerSettings settings,
            Tls tls,
            TrustedProxies proxies,
            Doors doors,
            EventStream events,
            Metrics metrics) {
        this.proxies = proxies;
        this.doors = doors;
        this.events = events;
        HttpConnectionFactory plain = new HttpConnectionFactory(http());
        ConnectionFactory[] factories = tls == null
                ? new ConnectionFactory[] {plain}
                : new ConnectionFactory[] {tls.before(plain.getHttpConfiguration()), plain};
        connector = new ListeningConnector(server, SELECTORS, doors, metrics, factories);
        connector.setHost(settings.host());
        connector.setPort(settings.port());
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        connector.setAcceptedSendBufferSize(SEND_BUFFER_BYTES);
        server.addConnector(connector);
        slowHeaders = new SlowHeaders(connector);
    }

    private static HttpConfiguration http() {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.addCustomizer(Answers::protect);
        http.setRequestHeaderSize(HEADER_BYTES);
        http.setHttpCompliance(HttpCompliance.STRICT); // the usual mode takes a bare line feed for the end of a line
        // a %2F is for the handshake to refuse: in words, or with a close code that a page can read
        http.setUriCompliance(
                UriCompliance.from("RFC3986,AMBIGUOUS_PATH_SEPARATOR,AMBIGUOUS_PATH_ENCODING,ILLEGAL_PATH_CHARACTERS"));
        return http;
    }

    /** Where work goes that must not hold up whoever has it. */
    public Executor threads() {
        return server.getThreadPool();
    }

    /**
     * Listens. Returns when clients can connect.
     *
     * @param servlets in a context of their own, because every request to the sockets' context passes the container's
     *     filter
     * @throws Exception when the port cannot be had
     */
    public void start(ServletContextHandler servlets, Authenticator authenticator, SessionRegistry registry)
            throws Exception {
        AtomicReference<ServerContainer> container = new AtomicReference<>();
        ServletContextHandler sockets = new ServletContextHandler("/websocket");
        sockets.setAllowNullPathInContext(true); // else /websocket would redirect to whatever the Host header says
        JakartaWebSocketServletContainerInitializer.configure(sockets, (context, jakarta) -> container.set(jakarta));
        WebSocketUpgradeHandler upgrade = new WebSocketUpgradeHandler();
        events.setHandler(new Handler.Sequence(new QuietPublishers(servlets), sockets, new Pages()));
        upgrade.setHandler(events);
        proxies.setHandler(new BrowserUris(upgrade));
        server.setHandler(new Lingering(new StrictRequests(proxies)));
        servlets.setErrorHandler(new Pages.Errors());
        server.setErrorHandler(new Pages.Errors());
        sockets.start(); // the container is there only now, and the handshake needs it
        handshake = new Handshake(authenticator, registry, doors, container.get());
        upgrade.addMapping(Handshake.PATH_SPEC, handshake);
        server.start();
    }

    /** The port that is listened on. */
    public int port() {
        return connector.getLocalPort();
    }

    /** Cuts connections whose request is on its way for too long. To be called every second or so. */
    public void cutSlowHeaders(long nanos, long wallMillis) {
        slowHeaders.cut(nanos, wallMillis);
    }

    /** From now on nobody is let in. */
    public void drain() {
        events.drain();
        if (handshake != null) {
            handshake.drain();
        }
    }

    /** Ends all connections. */
    public void stop() throws Exception {
        server.stop();
    }

    /**
     * Runs a request on the thread that found it, because none of our handlers ever waits for anything. Handed to
     * another thread, a publish costs twice as much; {@code HostileLinesTest} shows that nobody is held up.
     */
    private static final class NonBlockingServer extends Server {
        NonBlockingServer() {
            super(new QueuedThreadPool(THREADS, 4));
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }
}
