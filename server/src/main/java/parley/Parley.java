package parley;

import jakarta.servlet.http.HttpServlet;
import jakarta.websocket.server.ServerContainer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.admin.ChannelsServlet;
import parley.admin.HealthServlet;
import parley.admin.HistoryServlet;
import parley.admin.OnlineServlet;
import parley.admin.SessionsServlet;
import parley.admin.Snapshots;
import parley.admin.StatsServlet;
import parley.admin.WhyServlet;
import parley.auth.Authenticator;
import parley.auth.BrowserGuard;
import parley.auth.Guesses;
import parley.auth.LimitSettings;
import parley.auth.Visitors;
import parley.broker.Broker;
import parley.broker.LocalBroker;
import parley.config.Settings;
import parley.history.History;
import parley.history.HistorySettings;
import parley.history.MemoryHistory;
import parley.history.SqliteHistory;
import parley.log.LogProvider;
import parley.message.Time;
import parley.metrics.Metrics;
import parley.publish.AskServlet;
import parley.publish.DisconnectServlet;
import parley.publish.PublishServlet;
import parley.publish.Quota;
import parley.session.SessionRegistry;
import parley.socket.BrowserUris;
import parley.socket.Descriptors;
import parley.socket.Doors;
import parley.socket.EventStream;
import parley.socket.FairTurns;
import parley.socket.Handshake;
import parley.socket.Lingering;
import parley.socket.ListeningConnector;
import parley.socket.Pages;
import parley.socket.QuietPublishers;
import parley.socket.SlowHeaders;
import parley.socket.StrictRequests;
import parley.socket.Tls;
import parley.socket.TlsSettings;
import parley.socket.TrustedProxies;

/**
 * One server: builds the parts, wires them, starts, drains and stops them. The only class that sees everything, and the
 * only one that sees Jetty's Server. {@link #start} and {@link #close} are called once each.
 */
public final class Parley implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Parley.class);

    /** Nothing blocks on these threads, so a few more than cores are enough for any number of connections. */
    private static final int HTTP_THREADS = 32;

    /** They run the requests, too: one for each core, of which a quarter of the threads makes use at most. */
    private static final int SELECTORS = Math.min(Runtime.getRuntime().availableProcessors(), HTTP_THREADS / 4);

    /** The kernel's part of the buffer of each connection: two writes. */
    private static final int SEND_BUFFER_BYTES = 128 << 10;

    /** Connections that the kernel keeps while we accept: a reconnect storm after a restart. */
    private static final int ACCEPT_QUEUE = 4096;

    private static final int HEADER_BYTES = 16 << 10;
    private static final int TICK_MILLIS = 100;
    private static final int EXPIRE_MILLIS = 5_000;
    private static final int HEADERS_MILLIS = 1_000;

    /** A new certificate is served after two of them. */
    private static final int LOOK_MILLIS = 1_000;

    /** Over how long clients come back after a stop. */
    private static final int RECONNECT_SPREAD_MILLIS = 5_000;

    /** For close frames, so that a stop takes less than three seconds. */
    private static final Duration STOP_PATIENCE = Duration.ofMillis(2_000);

    /** How far apart Jetty sets what threads share: else it asks the management beans, which takes 0.1 s to start. */
    private static final String JETTY_SPACING = "org.eclipse.jetty.util.referencesPerCacheLine";

    static {
        if (System.getProperty(JETTY_SPACING) == null) {
            System.setProperty(JETTY_SPACING, "16"); // 64 bytes of compressed references
        }
    }

    private final Settings settings;
    private final SessionRegistry registry;
    private final History history;
    private final Broker broker;
    private final Metrics metrics = new Metrics();
    private final TrustedProxies proxies;
    private final Visitors visitors;
    private final Doors doors;
    private final Quota quota;
    private final Authenticator authenticator;
    private final Server server;
    private final ServerConnector connector;
    private final SlowHeaders slowHeaders;
    private final Tls tls; // null for plain HTTP
    private final ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1, work -> {
        Thread thread = new Thread(work, "parley-scheduler");
        thread.setDaemon(true);
        return thread;
    });
    private final Snapshots snapshots;
    private final EventStream eventStream;
    private Handshake handshake; // set by start
    private volatile int pace = 1;
    private volatile boolean ready;

    /** The address or the data directory is taken, or cannot be ours; the message says what to change. */
    public static final class CannotStart extends RuntimeException {
        private static final long serialVersionUID = 1;

        CannotStart(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** @throws CannotStart when the data directory cannot be used */
    public Parley(Settings settings) {
        this(settings, Time.SYSTEM);
    }

    /** @param time for history and heartbeat; tests move it */
    Parley(Settings settings, Time time) {
        this.settings = settings;
        RandomGenerator random = threadLocalRandom();
        history = history(settings.history(), time, random);
        broker = new LocalBroker(history, time, random, metrics, this::after);
        scheduler.setRemoveOnCancelPolicy(true);
        registry = new SessionRegistry(
                broker,
                settings.sessions(),
                metrics,
                time,
                random,
                Runtime.getRuntime().availableProcessors());
        broker.start(registry);
        proxies = new TrustedProxies(settings.server().trustedProxies(), null);
        LimitSettings limits = settings.limits()
                .fitted(Descriptors.limit(), Runtime.getRuntime().maxMemory());
        visitors = new Visitors(limits, proxies::includes, metrics, time);
        doors = new Doors(visitors);
        quota = new Quota(limits.publishesPerSecond(), metrics, time);
        authenticator = authenticator(settings, visitors, time);
        snapshots = new Snapshots(registry, metrics, broker.fates(), time);
        eventStream = new EventStream(authenticator, registry, doors, snapshots::look);
        server = new NonBlockingServer();
        tls = tls(settings.server().tls());
        connector = connector();
        slowHeaders = new SlowHeaders(connector);
    }

    private Authenticator authenticator(Settings settings, Guesses guesses, Time time) {
        BrowserGuard guard = new BrowserGuard(settings.guard());
        try {
            return new Authenticator(settings.auth(), guard, guesses, time, this::after);
        } catch (IOException e) {
            throw new CannotStart(e.getMessage(), e);
        }
    }

    private static Tls tls(TlsSettings files) {
        try {
            return files == null ? null : new Tls(files);
        } catch (IOException e) {
            throw new CannotStart(e.getMessage(), e);
        }
    }

    /** Where there is no directory, nothing of SQLite is loaded. */
    private static History history(HistorySettings settings, Time time, RandomGenerator random) {
        try {
            return settings.directory() == null
                    ? new MemoryHistory(settings, time, random)
                    : new SqliteHistory(settings, time, random);
        } catch (IOException e) {
            throw new CannotStart(e.getMessage(), e);
        }
    }

    /** Runs a task later, on the scheduler. */
    private Runnable after(long millis, Runnable task) {
        ScheduledFuture<?> later = scheduler.schedule(guarded(task), millis / pace, TimeUnit.MILLISECONDS);
        return () -> later.cancel(false);
    }

    /** For tests: the time of a request is up so many times sooner. */
    void hurry(int times) {
        pace = times;
    }

    /** Random numbers of whatever thread asks; ids and epochs are no secrets. */
    private static RandomGenerator threadLocalRandom() {
        return () -> ThreadLocalRandom.current().nextLong();
    }

    private ServerConnector connector() {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setRequestHeaderSize(HEADER_BYTES);
        http.setHttpCompliance(HttpCompliance.STRICT); // the usual mode takes a bare line feed for the end of a line
        // a %2F is for the handshake to refuse: in words, or with a close code that a page can read
        http.setUriCompliance(
                UriCompliance.from("RFC3986,AMBIGUOUS_PATH_SEPARATOR,AMBIGUOUS_PATH_ENCODING,ILLEGAL_PATH_CHARACTERS"));
        HttpConnectionFactory plain = new HttpConnectionFactory(http);
        ConnectionFactory[] factories =
                tls == null ? new ConnectionFactory[] {plain} : new ConnectionFactory[] {tls.before(http), plain};
        ServerConnector listening = new ListeningConnector(server, SELECTORS, doors, metrics, factories);
        listening.setHost(settings.server().host());
        listening.setPort(settings.server().port());
        listening.setAcceptQueueSize(ACCEPT_QUEUE);
        listening.setAcceptedSendBufferSize(SEND_BUFFER_BYTES);
        server.addConnector(listening);
        return listening;
    }

    /** Listens. Returns when clients can connect. */
    public void start() throws CannotStart {
        try {
            authenticator.start();
        } catch (IOException e) {
            throw new CannotStart(e.getMessage(), e);
        }
        try {
            AtomicReference<ServerContainer> container = new AtomicReference<>();
            ServletContextHandler sockets = new ServletContextHandler("/websocket");
            sockets.setAllowNullPathInContext(true); // else /websocket would redirect to whatever the Host header says
            JakartaWebSocketServletContainerInitializer.configure(
                    sockets, (context, jakarta) -> container.set(jakarta));
            WebSocketUpgradeHandler upgrade = new WebSocketUpgradeHandler();
            eventStream.setHandler(new Handler.Sequence(new QuietPublishers(servlets()), sockets, new Pages()));
            upgrade.setHandler(eventStream);
            proxies.setHandler(new BrowserUris(upgrade));
            server.setHandler(new FairTurns(new Lingering(new StrictRequests(proxies)), server.getThreadPool()));
            server.setErrorHandler(new Pages.Errors());
            sockets.start(); // the container is there only now, and the handshake needs it
            handshake = new Handshake(authenticator, registry, doors, container.get());
            upgrade.addMapping(Handshake.PATH_SPEC, handshake);
            server.start();
        } catch (Exception e) {
            throw new CannotStart(
                    "Cannot listen on " + settings.server().host() + ":"
                            + settings.server().port() + ": " + rootMessage(e)
                            + ". Another process may have the port; --port chooses another one.",
                    e);
        }
        scheduler.scheduleWithFixedDelay(guarded(registry::tick), TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        scheduler.scheduleWithFixedDelay(guarded(history::expire), EXPIRE_MILLIS, EXPIRE_MILLIS, TimeUnit.MILLISECONDS);
        scheduler.scheduleWithFixedDelay(
                guarded(LogProvider::tellLeftOut), EXPIRE_MILLIS, EXPIRE_MILLIS, TimeUnit.MILLISECONDS);
        scheduler.scheduleWithFixedDelay(
                guarded(snapshots::tick), Snapshots.EVERY_MILLIS, Snapshots.EVERY_MILLIS, TimeUnit.MILLISECONDS);
        Runnable cut = () -> cutSlowHeaders(System.nanoTime(), System.currentTimeMillis());
        scheduler.scheduleWithFixedDelay(guarded(cut), HEADERS_MILLIS, HEADERS_MILLIS, TimeUnit.MILLISECONDS);
        if (tls != null) {
            Runnable look = () -> server.getThreadPool().execute(tls::refresh);
            scheduler.scheduleWithFixedDelay(guarded(look), LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
        ready = true;
    }

    void cutSlowHeaders(long nanos, long wallMillis) {
        slowHeaders.cut(nanos, wallMillis);
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage();
    }

    /** A scheduled task that throws is never run again, so none may. */
    private static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (Throwable bug) { // an Error, too, must not end the heartbeat
                LOG.error("a scheduled task failed", bug);
            }
        };
    }

    /** In a context of their own, because every request to the sockets' context passes the container's filter. */
    private ServletContextHandler servlets() {
        ServletContextHandler context = new ServletContextHandler("/");
        context.setErrorHandler(new Pages.Errors());
        context.getServletHandler().setEnsureDefaultServlet(false);
        Executor threads = server.getThreadPool();
        add(context, "/socket/publish", new PublishServlet(broker, quota, authenticator, threads, this::after));
        add(context, "/socket/ask", new AskServlet(broker, quota, authenticator, threads, this::after));
        add(context, "/socket/online", new OnlineServlet(broker, authenticator, threads));
        add(context, "/socket/history", new HistoryServlet(broker, authenticator, threads));
        add(context, "/socket/disconnect", new DisconnectServlet(broker, authenticator, threads, this::after));
        WhyServlet why = new WhyServlet(broker, authenticator, threads);
        add(context, "/socket/why", why);
        add(context, "/socket/message", why);
        add(context, "/socket/sessions", new SessionsServlet(snapshots, authenticator, threads));
        add(context, "/socket/channels", new ChannelsServlet(snapshots, broker, authenticator, threads));
        add(context, "/socket/stats", new StatsServlet(snapshots, authenticator, threads));
        HealthServlet health = new HealthServlet(() -> ready && authenticator.isReady());
        add(context, "/health", health);
        add(context, "/ready", health);
        return context;
    }

    private static void add(ServletContextHandler context, String path, HttpServlet servlet) {
        ServletHolder holder = new ServletHolder(servlet.getClass().getSimpleName() + path, servlet);
        holder.setAsyncSupported(true);
        context.addServlet(holder, path);
    }

    /** The port that is listened on. */
    public int port() {
        return connector.getLocalPort();
    }

    /** For tests: connections of any kind, at the moment. */
    int connections() {
        return visitors.connections();
    }

    /** For tests: what was counted. */
    Metrics metrics() {
        return metrics;
    }

    /** For tests: the sessions of this server. */
    SessionRegistry registry() {
        return registry;
    }

    static String version() {
        String version = Parley.class.getPackage().getImplementationVersion();
        return version == null ? "(unpackaged)" : version;
    }

    /** What runs, where, and what it keeps, in one line. */
    String startLine() {
        String host = settings.server().host();
        String shown = List.of("127.0.0.1", "0.0.0.0", "::").contains(host) ? "localhost" : host;
        Path directory = settings.history().directory();
        String where = directory == null ? "memory" : directory.toString();
        String kept = settings.history().totalBytes() == 0 ? "keeping no messages" : "keeping messages in " + where;
        String open = isLoopback(host) || settings.auth().tokens() != null
                ? ""
                : "; WARNING: anybody who reaches it can read any inbox";
        String keyless = isLoopback(host) || !settings.auth().publishKeys().isEmpty()
                ? ""
                : "; only this machine can publish, since there is no --publish-key";
        return "Parley " + version() + (tls == null ? " on http://" : " on https://") + shown + ":" + port()
                + "/ (open it for the test page), " + kept + ", on Java "
                + Runtime.version().feature() + open + keyless;
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost") || host.startsWith("127.") || host.equals("::1") || host.equals("[::1]");
    }

    /** Lets nobody in, says goodbye to everybody, and stops. */
    @Override
    public void close() {
        ready = false;
        eventStream.drain();
        if (handshake != null) {
            handshake.drain();
        }
        registry.closeAll(RECONNECT_SPREAD_MILLIS);
        try {
            registry.awaitEnd(STOP_PATIENCE);
            server.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.warn("Jetty did not stop cleanly: {}", rootMessage(e));
        }
        authenticator.close();
        scheduler.shutdownNow();
        registry.close();
        broker.close();
    }

    /**
     * Runs a request on the thread that found it, because none of our handlers ever waits for anything. Handed to
     * another thread, a publish costs twice as much; {@code HostileLinesTest} shows that nobody is held up.
     */
    private static final class NonBlockingServer extends Server {
        NonBlockingServer() {
            super(new QueuedThreadPool(HTTP_THREADS, 4));
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }
}
