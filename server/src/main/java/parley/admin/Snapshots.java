package parley.admin;

import parley.broker.Fates;
import parley.message.Time;
import parley.metrics.Metrics;
import parley.session.ClientSession;
import parley.session.SessionRegistry;
import parley.session.Viewers;

/**
 * Pictures of the server for its operators: one a second at most, shared by all who look, and none while nobody does. A
 * picture visits each session under that session's own locks, one after the other, and under no lock that a message
 * meets. Thread-safe.
 */
public final class Snapshots {

    /** What a person can follow. */
    public static final int EVERY_MILLIS = 1_000;

    private final SessionRegistry registry;
    private final Stats stats;
    private final Time time;
    private final Viewers viewers = new Viewers();
    private Snapshot latest; // null until somebody looks; guarded by this

    public Snapshots(SessionRegistry registry, Metrics metrics, Fates fates, Time time) {
        this.registry = registry;
        this.time = time;
        this.stats = new Stats(metrics, fates, time);
    }

    /** A stream of an operator: it gets the figures now, and with every {@link #tick}. */
    public void look(ClientSession stream) {
        viewers.add(stream, json());
    }

    /** To be called every {@link #EVERY_MILLIS}. */
    public void tick() {
        if (!viewers.isEmpty()) {
            viewers.show(json());
        }
    }

    /** The figures as the console gets them. */
    String json() {
        return stats.json(latest());
    }

    /** Not older than {@link #EVERY_MILLIS}. */
    synchronized Snapshot latest() {
        long now = time.millis();
        if (latest == null || now - latest.millis() >= EVERY_MILLIS) {
            latest = new Snapshot(now, time.wallMillis(), registry.figures(), registry.channels());
        }
        return latest;
    }
}
