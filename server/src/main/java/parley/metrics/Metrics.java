package parley.metrics;

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
}
