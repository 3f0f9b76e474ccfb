package parley.session;

import java.util.ArrayList;
import java.util.List;
import parley.broker.Broker;
import parley.broker.Waiting;

/**
 * What is decided under locks and done after them: outboxes to pump, pages to ask for, sessions to cut. Made for one
 * thread; {@link #flush} is called once, without a lock.
 */
final class AfterUnlock implements Broker.Delivery {

    /** Enough to serve a user's devices at once; more are the pump threads' work, so that a publisher need not wait. */
    private static final int OWN_PUMPS = 16;

    private final Pumps pumps;
    private final List<Outbox> dirty = new ArrayList<>(4);
    private final List<Subscription> behind = new ArrayList<>(0);
    private final List<ClientSession> slow = new ArrayList<>(0);
    private final List<Waiting> ended = new ArrayList<>(0);
    private int online;

    AfterUnlock(Pumps pumps) {
        this.pumps = pumps;
    }

    void write(Outbox outbox) {
        dirty.add(outbox);
    }

    void catchUp(Subscription subscription) {
        behind.add(subscription);
    }

    void cut(ClientSession session) {
        slow.add(session);
    }

    /** Nobody is left whose ack is waited for. */
    void end(Waiting waiting) {
        ended.add(waiting);
    }

    void countOnline() {
        online++;
    }

    @Override
    public int online() {
        return online;
    }

    @Override
    public void flush() {
        int own = Math.min(dirty.size(), OWN_PUMPS);
        if (dirty.size() > own) {
            pumps.pump(dirty, own);
        }
        for (int i = 0; i < own; i++) {
            dirty.get(i).pump();
        }
        behind.forEach(Subscription::catchUp);
        slow.forEach(session -> session.close(Disconnect.TOO_SLOW));
        ended.forEach(Waiting::giveUp);
    }
}
