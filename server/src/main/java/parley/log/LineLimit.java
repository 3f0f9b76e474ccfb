package parley.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Keeps a flood of events from becoming a flood of lines. Lines of one kind: {@link #BURST} at once, then one each
 * {@link #MILLIS_PER_LINE}; the others are left out, and their number is told. Thread-safe; calls nobody under its lock.
 */
final class LineLimit {

    /** A person reads that many. */
    static final int BURST = 20;

    /** 30 MB a day of one kind at the very most. */
    static final long MILLIS_PER_LINE = 500;

    /** Kinds that are told apart; our own and Jetty's are fewer. Where a library puts foreign text into its patterns, the others count as one. */
    static final int MAX_KINDS = 512;

    /** One kind's bucket, in milliseconds. */
    private static final class Kind {
        private long credit = BURST * MILLIS_PER_LINE;
        private long last;
        private long leftOut;
        private LongConsumer tell; // how the lines left out are told of
    }

    private final LongSupplier millis;
    private final Map<String, Kind> kinds = new HashMap<>(); // guarded by this
    private long leftOutInAll; // guarded by this

    /** @param millis the time, which never goes back */
    LineLimit(LongSupplier millis) {
        this.millis = millis;
    }

    /**
     * Writes a line, or leaves it out.
     *
     * @param line gets what is to be said after it
     * @param tell writes later how many like it were left out
     */
    void write(String kind, Consumer<String> line, LongConsumer tell) {
        long before;
        synchronized (this) {
            Kind its = kinds.get(kind);
            if (its == null) {
                its = kinds.computeIfAbsent(kinds.size() < MAX_KINDS ? kind : "", name -> new Kind());
            }
            if (!take(its)) {
                its.leftOut++;
                its.tell = tell;
                leftOutInAll++;
                return;
            }
            before = its.leftOut;
            its.leftOut = 0;
        }
        line.accept(before == 0 ? "" : " (" + before + " lines like this one were left out before it)");
    }

    private boolean take(Kind kind) {
        long now = millis.getAsLong();
        kind.credit = Math.min(BURST * MILLIS_PER_LINE, kind.credit + Math.max(0, now - kind.last));
        kind.last = Math.max(kind.last, now);
        if (kind.credit < MILLIS_PER_LINE) {
            return false;
        }
        kind.credit -= MILLIS_PER_LINE;
        return true;
    }

    /** Tells of what was left out of kinds that are quiet now, one line for each. */
    void tellLeftOut() {
        List<Runnable> tellings = new ArrayList<>();
        synchronized (this) {
            for (Kind kind : kinds.values()) {
                if (kind.leftOut > 0 && take(kind)) {
                    long count = kind.leftOut;
                    LongConsumer tell = kind.tell;
                    tellings.add(() -> tell.accept(count));
                    kind.leftOut = 0;
                }
            }
        }
        tellings.forEach(Runnable::run);
    }

    /** Lines left out since the start. */
    synchronized long leftOut() {
        return leftOutInAll;
    }
}
