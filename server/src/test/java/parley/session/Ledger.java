package parley.session;

import java.util.HashSet;
import java.util.Set;
import parley.message.Channel;
import parley.message.Position;

/**
 * What one client got of one channel, held against what was published: from its start on every offset was received, was
 * declared missed, or has a reason to be passed over in silence. For one thread.
 */
final class Ledger {

    /** What was published, and what became of it. */
    interface Truth {
        /** The message at a place, or null. */
        Published at(Position position);

        /** Whether nobody can get it any more. */
        boolean gone(Published message);

        /** Whether its time is over; it may then be missing between kept ones without a word. */
        boolean expired(Published message);

        /** Whether a newer one of the same collapse name may have taken its place in this session's queue. */
        boolean collapsible(Published message, String session);

        /** The highest place that was given in the channel. */
        Position top(Channel channel);
    }

    private final Truth truth;
    private final Channel channel;
    private final boolean toldOfGaps;
    private final Set<Integer> live = new HashSet<>(); // serials without an offset
    private String epoch;
    private long last; // received or declared missed
    private long settled; // in this session nothing up to here can come any more

    long received;
    long declaredMissed;

    Ledger(Truth truth, Channel channel, Mode mode, Position start) {
        this.truth = truth;
        this.channel = channel;
        this.toldOfGaps = mode != Mode.PLAIN;
        this.epoch = start.epoch();
        this.last = start.offset();
    }

    /** Where the client resumes. */
    Position last() {
        return new Position(epoch, last);
    }

    /**
     * A message came.
     *
     * @param troubled whether the line was slow or just opened, so that messages may have expired or been replaced
     */
    void message(String session, Position position, int serial, boolean troubled) {
        if (position == null) {
            check(live.add(serial), "m" + serial + " came twice");
            return;
        }
        Published message = truth.at(position);
        check(message != null, "nothing was published at " + position);
        check(message.serial() == serial, position + " is m" + message.serial() + " and not m" + serial);
        check(message.channel().equals(channel), position + " is of " + message.channel());
        check(position.epoch().equals(epoch), position + " is of another epoch");
        check(position.offset() > Math.max(last, settled), position + " came again or too late");
        check(!message.excludes(session), position + " excludes this session");
        passOver(session, position.offset() - 1, troubled);
        last = position.offset();
        received++;
    }

    boolean gotLive(int serial) {
        return live.contains(serial);
    }

    /** A hole was declared; {@code position} is where the client stands after it. */
    void gap(String session, Long missed, Position position, boolean troubled) {
        check(troubled, "a gap on a line that was never slow");
        check(toldOfGaps, "a plain client was told of a gap");
        if (missed == null) {
            check(!position.epoch().equals(epoch), "missed is null in the same epoch");
        } else {
            check(position.epoch().equals(epoch), "missed is known in another epoch");
            check(missed > 0, "a gap of nothing");
            check(position.offset() - missed >= settled, "missed counts what had its turn: " + missed + " " + position);
            passOver(session, position.offset() - missed, troubled);
            check(last == position.offset() - missed, "missed counts what was received: " + missed + " " + position);
            declaredMissed += missed;
        }
        declare(position, missed == null ? 0 : position.offset() - missed);
    }

    /** A new line: what had its turn in the last session may come now. */
    void newSession() {
        settled = 0;
    }

    /** What a welcome says of a channel that the client resumes. */
    void resume(Position position, Long missed) {
        if (missed == null) {
            declare(position, 0);
            return;
        }
        check(position.epoch().equals(epoch), "missed is known in another epoch");
        check(position.offset() == last + missed, "resumed at " + position + " after " + last + ", missed " + missed);
        declaredMissed += missed;
        declare(position, last);
    }

    private void declare(Position position, long from) {
        for (long offset = from + 1; offset <= position.offset(); offset++) {
            Published message = truth.at(new Position(position.epoch(), offset));
            check(message == null || truth.gone(message), "declared missed but kept: " + offset);
        }
        epoch = position.epoch();
        last = position.offset();
        settled = 0;
    }

    /** The client is up to date: nothing that it should have got is left. */
    void isUpToDate(String session, boolean troubled) {
        Position top = truth.top(channel);
        check(top.epoch().equals(epoch), "stands in another epoch");
        long had = last;
        passOver(session, top.offset(), troubled);
        settled = last;
        last = had;
    }

    private void passOver(String session, long through, boolean troubled) {
        for (long offset = Math.max(last, settled) + 1; offset <= through; offset++) {
            Published message = truth.at(new Position(epoch, offset));
            check(message != null, "nothing was published at " + offset);
            boolean reason = message.excludes(session)
                    || troubled && truth.collapsible(message, session)
                    || troubled && truth.expired(message)
                    || troubled && !toldOfGaps && truth.gone(message);
            check(reason, message + " never came" + (troubled ? ", for all the trouble" : ""));
        }
        last = Math.max(last, through);
    }

    private void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(channel + " at " + epoch + "-" + last + ": " + what);
        }
    }
}
