package parley.auth;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.message.Problem;
import parley.message.Time;
import parley.metrics.Limit;
import parley.metrics.Metrics;

/**
 * What each client address has and does at the moment, so that one cannot take what is there for all. An IPv6 address
 * stands for its /64, which is what one customer gets. Loopback (127.0.0.1 and ::1, where everything is that came through
 * a proxy that nobody told us of) and trusted proxies are not limited. Thread-safe.
 */
public final class Visitors implements Guesses {

    private static final Logger LOG = LoggerFactory.getLogger(Visitors.class);

    /** One costs half a millisecond of a core; all that an address may have can come back at once. Beyond it: 429. */
    static final int HANDSHAKES_PER_SECOND = 100;

    /** Connections, whatever for: a publisher that makes one for each message is served. Beyond it: closed unread. */
    static final int CONNECTS_PER_SECOND = 200;

    /** Nobody mistypes a key that often; 429 for the rest of the minute, without a look at the key. */
    static final int GUESSES_PER_MINUTE = 10;

    /** Addresses without a connection that are remembered, 5 MB; the one that was heard of longest ago goes first. */
    static final int REMEMBERED = 20_000;

    private static final long MINUTE = 60_000;

    /** Retry-After for who must wait until others leave. */
    private static final int FULL_SECONDS = 5;

    /** The code of the only 503 that is not over as soon as the server has started, or started again. */
    public static final String FULL = "full";

    private static final class Visitor {
        private int connections;
        private RateLimiter connects;
        private RateLimiter handshakes;
        private RateLimiter guesses;
        private long toldAt = Long.MIN_VALUE; // when the log was told of it last
    }

    private static final class Past extends LinkedHashMap<InetAddress, Visitor> {
        private static final long serialVersionUID = 1;

        Past() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<InetAddress, Visitor> eldest) {
            return size() > REMEMBERED;
        }
    }

    private final LimitSettings limits;
    private final Predicate<InetAddress> exempt;
    private final Metrics metrics;
    private final Time time;
    private final Map<InetAddress, Visitor> present = new HashMap<>(); // with a connection; guarded by this
    private final Map<InetAddress, Visitor> past = new Past(); // without one; guarded by this
    private int connections; // in all, exempt ones too; guarded by this

    /**
     * @param limits with a number of connections
     * @param proxies whose addresses are not those of clients
     */
    public Visitors(LimitSettings limits, Predicate<InetAddress> proxies, Metrics metrics, Time time) {
        this.limits = limits;
        this.exempt = address -> limits.perAddress() == 0 || isThisMachine(address) || proxies.test(address);
        this.metrics = metrics;
        this.time = time;
    }

    private static boolean isThisMachine(InetAddress address) {
        byte[] bytes = address.getAddress();
        return address.isLoopbackAddress() && (bytes.length == 16 || Arrays.equals(bytes, new byte[] {127, 0, 0, 1}));
    }

    /** Whether the limits of an address do not hold for this one. */
    public boolean isExempt(InetAddress address) {
        return address == null || exempt.test(address);
    }

    /**
     * A connection is there. It counts until {@link #left}, whatever the answer is.
     *
     * @return whether to listen to it; false for the excess that is not even worth an answer
     */
    public boolean came(InetAddress address) {
        Limit beyond;
        synchronized (this) {
            connections++;
            beyond = isExempt(address) ? null : arrive(address);
            if (connections > limits.connections() + LimitSettings.ROOM) {
                beyond = Limit.CONNECTIONS;
            }
        }
        if (beyond != null) {
            metrics.limited(beyond);
            tell(beyond, address);
        }
        return beyond == null;
    }

    private Limit arrive(InetAddress address) {
        Visitor visitor = visitor(address);
        if (visitor.connections++ == 0) {
            past.remove(network(address));
            present.put(network(address), visitor);
        }
        if (visitor.connects == null) {
            visitor.connects = new RateLimiter(CONNECTS_PER_SECOND, 2 * limits.perAddress(), time.millis());
        }
        if (visitor.connections > limits.perAddress() + LimitSettings.ROOM) {
            return Limit.ADDRESS_CONNECTIONS;
        }
        return visitor.connects.take(time.millis()) ? null : Limit.ADDRESS_CONNECTS;
    }

    /** The connection has ended. */
    public synchronized void left(InetAddress address) {
        connections--;
        forget(address);
    }

    /** A proxy's connection speaks for a client now, until {@link #release}. */
    public synchronized void hold(InetAddress client) {
        if (!isExempt(client)) {
            arrive(client);
        }
    }

    /** A proxy's connection speaks for this client no more. */
    public synchronized void release(InetAddress client) {
        forget(client);
    }

    private void forget(InetAddress address) {
        if (!isExempt(address)) {
            Visitor visitor = visitor(address);
            if (--visitor.connections == 0) {
                present.remove(network(address));
                past.put(network(address), visitor);
            }
        }
    }

    /**
     * A client, whose connection was counted, wants to stay.
     *
     * @throws Problem 503 when the server is full, 429 when his address has too many connections or comes too often
     */
    public void requireRoom(InetAddress address) throws Problem {
        Limit beyond = null;
        long wait = FULL_SECONDS * 1_000;
        synchronized (this) {
            if (connections > limits.connections()) {
                beyond = Limit.CONNECTIONS;
            } else if (!isExempt(address)) {
                Visitor visitor = visitor(address);
                if (visitor.handshakes == null) {
                    visitor.handshakes = new RateLimiter(HANDSHAKES_PER_SECOND, limits.perAddress(), time.millis());
                }
                if (visitor.connections > limits.perAddress()) {
                    beyond = Limit.ADDRESS_CONNECTIONS;
                } else if (!visitor.handshakes.take(time.millis())) {
                    beyond = Limit.ADDRESS_HANDSHAKES;
                    wait = visitor.handshakes.millisToNext(time.millis());
                }
            }
        }
        if (beyond != null) {
            metrics.limited(beyond);
            tell(beyond, address);
            throw refusal(beyond, wait);
        }
    }

    private Problem refusal(Limit beyond, long waitMillis) {
        return switch (beyond) {
            case CONNECTIONS ->
                new Problem(503, FULL, "The server has as many connections as it can hold; come back later.")
                        .retryAfter(waitMillis);
            case ADDRESS_CONNECTIONS ->
                new Problem(
                                429,
                                "too_many_connections",
                                "One address has at most " + limits.perAddress() + " connections; close some.")
                        .retryAfter(waitMillis);
            default ->
                new Problem(
                                429,
                                "too_many_handshakes",
                                "One address may connect " + HANDSHAKES_PER_SECOND + " times a second; slow down.")
                        .retryAfter(waitMillis);
        };
    }

    @Override
    public void requireAnother(Caller caller) throws Problem {
        long wait;
        synchronized (this) {
            Visitor visitor = isExempt(caller.address()) ? null : visitor(caller.address());
            wait = visitor == null || visitor.guesses == null ? 0 : visitor.guesses.millisToNext(time.millis());
        }
        if (wait > 0) {
            metrics.limited(Limit.GUESSES);
            tell(Limit.GUESSES, caller.address());
            throw new Problem(
                            429,
                            "too_many_guesses",
                            "More than " + GUESSES_PER_MINUTE + " wrong keys or tokens in a minute; come back later.")
                    .retryAfter(wait);
        }
    }

    @Override
    public synchronized void wrong(Caller caller) {
        metrics.wrongCredentials.increment();
        if (!isExempt(caller.address())) {
            Visitor visitor = visitor(caller.address());
            if (visitor.guesses == null) {
                visitor.guesses = new RateLimiter(GUESSES_PER_MINUTE, MINUTE, GUESSES_PER_MINUTE, time.millis());
            }
            visitor.guesses.take(time.millis());
        }
    }

    /** One line for each address and minute. */
    private void tell(Limit beyond, InetAddress address) {
        synchronized (this) {
            Visitor visitor = isExempt(address) ? null : visitor(address);
            long now = time.millis();
            if (visitor != null && visitor.toldAt != Long.MIN_VALUE && now - visitor.toldAt < MINUTE) {
                return;
            }
            if (visitor != null) {
                visitor.toldAt = now;
            }
        }
        LOG.warn("{} is refused: {}", address == null ? "somebody" : address.getHostAddress(), beyond.words());
    }

    private Visitor visitor(InetAddress address) {
        InetAddress network = network(address);
        Visitor here = present.get(network);
        return here != null ? here : past.computeIfAbsent(network, unknown -> new Visitor());
    }

    /** IPv4: the address; IPv6: its first 64 bits. */
    private static InetAddress network(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length == 4) {
            return address;
        }
        try {
            return InetAddress.getByAddress(Arrays.copyOf(Arrays.copyOf(bytes, 8), 16));
        } catch (UnknownHostException e) {
            throw new AssertionError("16 bytes are an address", e);
        }
    }

    /** Addresses that are known now; for tests. */
    synchronized int known() {
        return present.size() + past.size();
    }

    /** Connections in all. */
    public synchronized int connections() {
        return connections;
    }
}
