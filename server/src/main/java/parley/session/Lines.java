package parley.session;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Transports that have not ended, those of closed sessions too. Thread-safe; its lock is a leaf. */
final class Lines {

    private int count; // guarded by this

    synchronized void begun() {
        count++;
    }

    synchronized void ended() {
        if (--count == 0) {
            notifyAll();
        }
    }

    synchronized int count() {
        return count;
    }

    /** Waits until there is none; false when the time is up before. */
    synchronized boolean awaitEnd(Duration atMost) throws InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (count > 0) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return true;
    }
}
