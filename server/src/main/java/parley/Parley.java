package parley;

import jakarta.servlet.http.HttpServlet;
import java.io.IOException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
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
import parley.socket.Descriptors;
import parley.socket.Doors;
import parley.socket.EventStream;
import parley.socket.Tls;
import parley.socket.TlsSettings;
import parley.socket.TrustedProxies;
import parley.socket.WebServer;

/**
 * One server: builds the parts, wires them, starts, drains and stops them. The only class that sees everything. {@link
 * #start} and {@link #close} are called once each.
 */
public final class Parley implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Parley.class);

    private static final int TICK_MILLIS = 100;
    private static final int EXPIRE_MILLIS = 5_000;
    private static final int HEADERS_MILLIS = 1_000;

    /** A new certificate is served after two of them. */
    private static final int LOOK_MILLIS = 1_000;

    /** Over how long clients come back after a stop. */
    private static final int RECONNECT_SPREAD_MILLIS = 5_000;

    /** For close frames, so that a stop takes less than three seconds. */
    private static final Duration STOP_PATIENCE = Duration.ofMillis(2_000);

    private final Settings settings;
    private final SessionRegistry registry;
    private final History history;
    private final Broker broker;
    private final Metrics metrics = new Metrics();
    private final Visitors visitors;
    private final Quota quota;
    private final Authenticator authenticator;
    private final WebServer web;
    private final Tls tls; // null for plain HTTP
    private final ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1, work -> {
        Thread thread = new Thread(work, "parley-scheduler");
        thread.setDaemon(true);
        return thread;
    });
    private final Snapshots snapshots;
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
        scheduler.setRemoveOnCancelPolicy(true);
        TrustedProxies proxies = new TrustedProxies(settings.server().trustedProxies(), null);
        LimitSettings limits = settings.limits()
                .fitted(Descriptors.limit(), Runtime.getRuntime().maxMemory());
        visitors = new Visitors(limits, proxies::includes, metrics, time);
        Doors doors = new Doors(visitors);
        quota = new Quota(limits.publishesPerSecond(), metrics, time);
        authenticator = authenticator(settings, visitors, time);
        tls = tls(settings.server().tls());
        RandomGenerator random = threadLocalRandom();
        history = history(settings.history(), time, random); // last of what can fail: it takes the data directory
        broker = new LocalBroker(history, time, random, metrics, this::after);
        registry = new SessionRegistry(
                broker,
                settings.sessions(),
                metrics,
                time,
                random,
                Runtime.getRuntime().availableProcessors());
        broker.start(registry);
        snapshots = new Snapshots(registry, metrics, broker.fates(), time);
        EventStream events = new EventStream(authenticator, registry, doors, snapshots::look);
        web = new WebServer(settings.server(), tls, proxies, doors, events, metrics);
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

    /** Listens. Returns when clients can connect. */
    public void start() throws CannotStart {
        try {
            authenticator.start();
        } catch (IOException e) {
            throw new CannotStart(e.getMessage(), e);
        }
        try {
            web.start(servlets(), authenticator, registry);
        } catch (Exception e) {
            String address = settings.server().host() + ":" + settings.server().port();
            throw new CannotStart("Cannot listen on " + address + ": " + whyNot(rootOf(e)), e);
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
            Runnable look = () -> web.threads().execute(tls::refresh);
            scheduler.scheduleWithFixedDelay(guarded(look), LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
        ready = true;
    }

    void cutSlowHeaders(long nanos, long wallMillis) {
        web.cutSlowHeaders(nanos, wallMillis);
    }

    /** In a sentence, with what helps against it. */
    private static String whyNot(Throwable failure) {
        String why = failure instanceof UnresolvedAddressException ? "there is no such address" : failure.getMessage();
        return String.valueOf(why).contains("in use")
                ? why + ". Another process may have the port; --port chooses another one."
                : why + ". --host and --port choose another address.";
    }

    private static Throwable rootOf(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
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

    /** What back ends and operators call. */
    private ServletContextHandler servlets() {
        ServletContextHandler context = new ServletContextHandler("/");
        context.getServletHandler().setEnsureDefaultServlet(false);
        Executor threads = web.threads();
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
        return web.port();
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
        web.drain();
        registry.closeAll(RECONNECT_SPREAD_MILLIS);
        try {
            registry.awaitEnd(STOP_PATIENCE);
            web.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.warn("Jetty did not stop cleanly: {}", rootOf(e).getMessage());
        }
        authenticator.close();
        broker.close(); // what it still delivers is written by the pumps, and timed by the scheduler
        scheduler.shutdownNow();
        registry.close();
    }
}
