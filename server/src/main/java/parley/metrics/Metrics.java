package parley.metrics;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What the server counts. Every counter only rises; all may be used from any thread. */
public final class Metrics {

    /** Messages that got a receipt. */
    public final LongAdder published = new LongAdder();

    /** Messages that clients sent, whatever became of them. */
    public final LongAdder sent = new LongAdder();

    /** Copies that were handed to sessions. */
    public final LongAdder offered = new LongAdder();

    /** Sessions opened and closed. */
    public final LongAdder opened = new LongAdder();

    public final LongAdder closed = new LongAdder();

    /** Sessions cut with 4101. */
    public final LongAdder tooSlow = new LongAdder();

    /** Frames from clients that could not be carried out; a plain client is never told. */
    public final LongAdder clientErrors = new LongAdder();

    /** Holes that a plain client could not be told of. */
    public final LongAdder untoldGaps = new LongAdder();

    /** From a publish with {@code wait} to each ack that its receipt counts. */
    public final Histogram acks = new Histogram();

    /** Keys and tokens that were none of ours. */
    public final LongAdder wrongCredentials = new LongAdder();

    /** Connections that could not be accepted, for want of file descriptors most likely. */
    public final LongAdder acceptFailures = new LongAdder();

    private final Map<Limit, LongAdder> limited = new EnumMap<>(Limit.class); // never changed after the constructor

    public Metrics() {
        for (Limit limit : Limit.values()) {
            limited.put(limit, new LongAdder());
        }
    }

    /** Somebody went beyond a limit, and was refused or cut. */
    public void limited(Limit limit) {
        limited.get(limit).increment();
    }

    /** How often that happened. */
    public long timesLimited(Limit limit) {
        return limited.get(limit).sum();
    }
}
