package parley.session;

import parley.message.Position;
import parley.message.Problem;
import parley.message.ServerFrame;
import parley.message.Standing;

/** Where a session starts in a channel. */
public sealed interface Since {

    Since NOW = new Now();
    Since INBOX = new Inbox();

    /** With the next message. */
    record Now() implements Since {}

    /** After what the user has read; for his own channel only. */
    record Inbox() implements Since {}

    record After(Position position) implements Since {}

    /** {@code now}, {@code inbox} or a position. */
    static Since parse(String text) throws Problem {
        if (text.equals("now")) {
            return NOW;
        }
        if (text.equals("inbox")) {
            return INBOX;
        }
        Position position = Position.parse(text);
        if (position == null) {
            throw Problem.bad("bad_position", "'since' is now, inbox or a position like k3Zq81Ab-42.");
        }
        return new After(position);
    }

    /** Where that is in a channel that stands so: its {@code newest} is not known yet. */
    default ServerFrame.Start in(Standing standing) {
        long before = standing.oldest() - 1;
        if (this instanceof Inbox) {
            boolean known = standing.cursor() != null;
            return after(standing, known ? standing.cursor() : 0, known);
        }
        if (this instanceof After after) {
            Position position = after.position;
            return position.epoch().equals(standing.epoch()) && position.offset() <= standing.top()
                    ? after(standing, position.offset(), true)
                    : start(standing, before, false, null);
        }
        return start(standing, standing.top(), false, 0L);
    }

    private static ServerFrame.Start after(Standing standing, long offset, boolean known) {
        long missed = Math.max(0, standing.oldest() - 1 - offset);
        return start(standing, offset + missed, known && missed == 0, missed);
    }

    private static ServerFrame.Start start(Standing standing, long offset, boolean recovered, Long missed) {
        Position position = new Position(standing.epoch(), offset);
        return new ServerFrame.Start(position, position, recovered, missed);
    }
}
