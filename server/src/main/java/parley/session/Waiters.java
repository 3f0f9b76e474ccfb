package parley.session;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import parley.broker.Waiting;
import parley.message.Position;

/**
 * Publishers who wait for the ack of one session in one channel. Part of its Subscription and guarded by the
 * Subscription's lock, so that a waiter stands here from before its message is offered until the ack, or until the
 * message is known never to be acked.
 */
final class Waiters {

    private static final class Waiter {
        final Position position;
        final Waiting waiting;
        boolean offered;

        Waiter(Position position, Waiting waiting) {
            this.position = position;
            this.waiting = waiting;
        }

        boolean upTo(Position other) {
            return position.epoch().equals(other.epoch()) && position.offset() <= other.offset();
        }
    }

    private List<Waiter> waiters = List.of(); // in the order of the offsets; List.of() when there is none

    /** Those whose time is up make room, so that a client that never acks does not gather them. */
    void join(Position position, Waiting waiting) {
        if (waiters.isEmpty()) {
            waiters = new ArrayList<>(2);
        }
        int over = 0;
        while (over < waiters.size() && waiters.get(over).waiting.isOver()) {
            over++;
        }
        waiters.subList(0, over).clear();
        waiting.join();
        waiters.add(new Waiter(position, waiting));
    }

    /** Whether somebody waits for this message. */
    boolean has(Position position) {
        for (int i = waiters.size() - 1; i >= 0; i--) {
            Waiter waiter = waiters.get(i);
            if (waiter.position.equals(position)) {
                return true;
            }
            if (waiter.upTo(position)) {
                return false; // all before it stand lower still
            }
        }
        return false;
    }

    void offered(Position position) {
        for (int i = waiters.size() - 1; i >= 0; i--) {
            Waiter waiter = waiters.get(i);
            if (waiter.position.equals(position)) {
                waiter.offered = true;
            }
        }
    }

    /** The copy of this message will not reach the client. */
    void leave(Position position, AfterUnlock after) {
        removeIf(waiter -> waiter.position.equals(position), after);
    }

    /** Everything up to here was offered, or is gone for good; of another epoch everything is. */
    void passOver(Position through, AfterUnlock after) {
        removeIf(
                waiter -> !waiter.offered
                        && (waiter.upTo(through) || !waiter.position.epoch().equals(through.epoch())),
                after);
    }

    void leaveAll(AfterUnlock after) {
        removeIf(waiter -> true, after);
    }

    /** The client handled everything up to {@code position}; those in {@code failed} threw and count for nothing. */
    void acked(Position position, List<Position> failed, AfterUnlock after) {
        Iterator<Waiter> all = waiters.iterator();
        while (all.hasNext()) {
            Waiter waiter = all.next();
            if (waiter.offered && waiter.upTo(position)) {
                all.remove();
                boolean last = failed.contains(waiter.position) ? waiter.waiting.leave() : waiter.waiting.ack();
                if (last) {
                    after.end(waiter.waiting);
                }
            }
        }
    }

    private interface Choice {
        boolean of(Waiter waiter);
    }

    private void removeIf(Choice choice, AfterUnlock after) {
        Iterator<Waiter> all = waiters.iterator();
        while (all.hasNext()) {
            Waiter waiter = all.next();
            if (choice.of(waiter)) {
                all.remove();
                if (waiter.waiting.leave()) {
                    after.end(waiter.waiting);
                }
            }
        }
    }
}
