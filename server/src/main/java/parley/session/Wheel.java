package parley.session;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The next deadline of each of many things, to {@link #TICK_MILLIS}: a ring of lists, one for each tick. A deadline
 * beyond the ring comes early, and whoever is visited decides anew. Its lock is a leaf.
 */
final class Wheel<T> {

    static final int TICK_MILLIS = 100;

    /** 51 s: longer than any interval of the heartbeat. */
    private static final int SLOTS = 512;

    /** The place of one thing in the wheel. */
    static final class Timer<T> {
        private final T owner;
        private long tick = -1; // -1: in no slot; guarded by the wheel
        private boolean ended; // guarded by the wheel
        private Timer<T> previous;
        private Timer<T> next;

        Timer(T owner) {
            this.owner = owner;
        }
    }

    private final List<Timer<T>> heads = new ArrayList<>(SLOTS); // guarded by this
    private long now; // the last tick that was visited; guarded by this

    Wheel(long nowMillis) {
        now = nowMillis / TICK_MILLIS;
        for (int i = 0; i < SLOTS; i++) {
            heads.add(null);
        }
    }

    /** Makes sure that the timer's owner is visited at {@code deadlineMillis} at the latest. */
    synchronized void visit(Timer<T> timer, long deadlineMillis) {
        long tick = Math.min(Math.max(deadlineMillis / TICK_MILLIS + 1, now + 1), now + SLOTS - 1);
        if (timer.ended || timer.tick >= 0 && timer.tick <= tick) {
            return;
        }
        unlink(timer);
        timer.tick = tick;
        int slot = (int) (tick % SLOTS);
        timer.next = heads.get(slot);
        if (timer.next != null) {
            timer.next.previous = timer;
        }
        heads.set(slot, timer);
    }

    /** Never visit again; false when that was said already. */
    synchronized boolean end(Timer<T> timer) {
        boolean first = !timer.ended;
        timer.ended = true;
        unlink(timer);
        return first;
    }

    /** Visits everything whose tick has come, outside the lock; who is to be visited again says so himself. */
    void advance(long nowMillis, Consumer<T> visitor) {
        List<T> due = new ArrayList<>();
        synchronized (this) {
            long target = nowMillis / TICK_MILLIS;
            while (now < target) {
                now++;
                Timer<T> timer = heads.get((int) (now % SLOTS));
                while (timer != null) {
                    Timer<T> following = timer.next;
                    unlink(timer);
                    due.add(timer.owner);
                    timer = following;
                }
            }
        }
        due.forEach(visitor);
    }

    private void unlink(Timer<T> timer) {
        if (timer.tick < 0) {
            return;
        }
        if (timer.previous == null) {
            heads.set((int) (timer.tick % SLOTS), timer.next);
        } else {
            timer.previous.next = timer.next;
        }
        if (timer.next != null) {
            timer.next.previous = timer.previous;
        }
        timer.previous = null;
        timer.next = null;
        timer.tick = -1;
    }
}
