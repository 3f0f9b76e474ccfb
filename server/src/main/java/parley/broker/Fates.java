package parley.broker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import parley.message.Channel;
import parley.message.Message;
import parley.message.Position;
import parley.message.ServerFrame;
import parley.message.Time;

/**
 * What became of messages and sessions lately, for the question why somebody did not get something. Only what positions
 * do not tell is recorded. Bounded; thread-safe; its locks are leaves.
 */
public final class Fates {

    /** Of each kind: a few megabytes, and minutes of a busy server. The oldest go. */
    public static final int KEPT = 10_000;

    /** Channels of a closed session that are kept; the user's own is the first. */
    public static final int CHANNELS = 4;

    /**
     * Where a session stands, or stood, in a channel; see {@link Receiver#outcome}.
     *
     * @param newest how far the channel had come, as far as the session was told
     */
    public record Receiver(
            String session,
            String user,
            String mode,
            Channel channel,
            Position from,
            long newest,
            long offered,
            long written,
            long acked) {

        /** How far a message came in this session. */
        public enum Outcome {
            /** It was there before this session began. */
            EARLIER,
            /** The session had ended before it was published. */
            LATER,
            /** The client said that it handled it, or, a plain one, that it has it. */
            ACKED,
            /** The operating system took it; the client has not said that it has it. */
            WRITTEN,
            /** It waits in the session's outbox. */
            QUEUED,
            /** It waits in the history until the outbox has room. */
            BEHIND,
            /** The publisher left this session out. */
            EXCLUDED,
            /** A newer one replaced it in the outbox. */
            COLLAPSED,
            /** Retention took it before it could be offered, and the client was told. */
            GAP,
            /** Its time was up, and it was passed over. */
            EXPIRED,
            /** The client said that it could not handle it. */
            FAILED
        }

        /** By positions alone; {@link Fates#passed} knows of exceptions. */
        public Outcome outcome(Position position) {
            long offset = position.offset();
            if (!position.epoch().equals(from.epoch()) || offset <= from.offset()) {
                return Outcome.EARLIER;
            }
            if (offset > newest) {
                return Outcome.LATER;
            }
            if (offset <= acked) {
                return Outcome.ACKED;
            }
            if (offset <= written) {
                return Outcome.WRITTEN;
            }
            return offset <= offered ? Outcome.QUEUED : Outcome.BEHIND;
        }
    }

    /** Something that happened to a session. Times are milliseconds since 1970. */
    public sealed interface Fate {
        long wallMillis();

        String session();

        String user();
    }

    /** @param channels where it stood in each channel that had sent it anything */
    public record Closed(long wallMillis, String session, String user, int code, List<Receiver> channels)
            implements Fate {}

    /** Its outbox was full: from {@code position} on it is paged from the history. */
    public record Slow(long wallMillis, String session, String user, Channel channel, Position position)
            implements Fate {}

    /** It was told that retention took everything up to {@code position}, {@code missed} of them (null: unknown). */
    public record Gap(long wallMillis, String session, String user, Channel channel, Long missed, Position position)
            implements Fate {}

    /**
     * @param exclude the session that the publisher left out, or null
     * @param online how many sessions were there when it was published
     */
    public record Published(
            String id, Channel channel, Position position, String exclude, long wallMillis, int online) {}

    /** Messages, the first to the last offset, that a session's positions cover although it did not handle them. */
    private record Passed(
            String session, Channel channel, String epoch, long first, long last, Receiver.Outcome outcome) {}

    private final ArrayDeque<Fate> fates = new ArrayDeque<>(); // oldest first; guarded by itself
    private final ArrayDeque<Passed> passed = new ArrayDeque<>(); // oldest first; guarded by itself
    private final ArrayDeque<Published> published = new ArrayDeque<>(); // oldest first; guarded by itself

    private final Time time;

    public Fates(Time time) {
        this.time = time;
    }

    /** A session was closed with this code. */
    public void closed(String session, String user, int code, List<Receiver> channels) {
        record(new Closed(time.wallMillis(), session, user, code, channels));
    }

    public void slow(String session, String user, Channel channel, Position position) {
        record(new Slow(time.wallMillis(), session, user, channel, position));
    }

    public void gap(String session, String user, ServerFrame.Gap gap) {
        record(new Gap(time.wallMillis(), session, user, gap.channel(), gap.missed(), gap.position()));
    }

    /** A session's positions go beyond these offsets, but it did not get or not handle them. */
    public void passed(String session, Channel channel, String epoch, long first, long last, Receiver.Outcome outcome) {
        synchronized (passed) {
            if (passed.size() == KEPT) {
                passed.poll();
            }
            passed.add(new Passed(session, channel, epoch, first, last, outcome));
        }
    }

    /**
     * Why sessions did not get, or not handle, a message of the channel, whatever their positions say: by session. Those
     * are right of whoever is not in it.
     */
    public Map<String, Receiver.Outcome> passed(Channel channel, Position position) {
        Map<String, Receiver.Outcome> outcomes = new HashMap<>();
        synchronized (passed) {
            for (Passed range : passed) {
                if (range.first <= position.offset()
                        && position.offset() <= range.last
                        && range.epoch.equals(position.epoch())
                        && range.channel.equals(channel)) {
                    outcomes.putIfAbsent(range.session, range.outcome);
                }
            }
        }
        return outcomes;
    }

    private void record(Fate fate) {
        synchronized (fates) {
            if (fates.size() == KEPT) {
                fates.poll();
            }
            fates.add(fate);
        }
    }

    void published(Message message, int online) {
        Published entry = new Published(
                message.id(), message.channel(), message.position(), message.exclude(), message.time(), online);
        synchronized (published) {
            if (published.size() == KEPT) {
                published.poll();
            }
            published.add(entry);
        }
    }

    /** The message with this id, or null when it is not among the last. */
    public Published published(String id) {
        synchronized (published) {
            for (Published entry : published) {
                if (entry.id.equals(id)) {
                    return entry;
                }
            }
        }
        return null;
    }

    /** What happened, newest first. */
    public List<Fate> latest(Predicate<Fate> which, int limit) {
        List<Fate> found = new ArrayList<>();
        synchronized (fates) {
            var newestFirst = fates.descendingIterator();
            while (newestFirst.hasNext() && found.size() < limit) {
                Fate fate = newestFirst.next();
                if (which.test(fate)) {
                    found.add(fate);
                }
            }
        }
        return found;
    }
}
