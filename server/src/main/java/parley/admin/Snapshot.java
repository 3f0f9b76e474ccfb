package parley.admin;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import parley.message.Channel;
import parley.session.SessionFigures;

/** How all sessions stood within a few milliseconds. Made once for everybody who looks; immutable and thread-safe. */
final class Snapshot {

    /** A channel that somebody listens to, as it prints. */
    record Listened(String name, Channel channel, int sessions) {}

    private final long millis;
    private final long wallMillis;
    private final List<SessionFigures> unsorted;
    private final Map<Channel, Integer> sizes;
    private List<SessionFigures> sessions; // null until somebody pages through them; guarded by this
    private List<Listened> channels; // null until somebody pages through them; guarded by this

    Snapshot(long millis, long wallMillis, List<SessionFigures> sessions, Map<Channel, Integer> channels) {
        this.millis = millis;
        this.wallMillis = wallMillis;
        this.unsorted = sessions;
        this.sizes = channels;
    }

    /** When it was made, as {@link parley.message.Time#millis}. */
    long millis() {
        return millis;
    }

    long wallMillis() {
        return wallMillis;
    }

    /** All sessions, in no order. */
    List<SessionFigures> all() {
        return unsorted;
    }

    /** All channels, in no order. */
    Map<Channel, Integer> sizes() {
        return sizes;
    }

    /** By user and session. */
    synchronized List<SessionFigures> sessions() {
        if (sessions == null) {
            sessions = unsorted.stream()
                    .sorted(Comparator.comparing(Snapshot::userOf).thenComparing(SessionFigures::session))
                    .toList();
        }
        return sessions;
    }

    /** By name. */
    synchronized List<Listened> channels() {
        if (channels == null) {
            channels = sizes.entrySet().stream()
                    .map(entry -> new Listened(entry.getKey().toString(), entry.getKey(), entry.getValue()))
                    .sorted(Comparator.comparing(Listened::name))
                    .toList();
        }
        return channels;
    }

    /** Back ends have no user, and come first. */
    static String userOf(SessionFigures session) {
        return session.user() == null ? "" : session.user();
    }
}
