package parley.message;

import java.util.concurrent.atomic.AtomicLong;

/** A time that stands still until a test moves it. */
public final class ManualTime implements Time {

    /** Not zero and no multiple of a tick, so that a test that leans on either fails. */
    private final AtomicLong millis = new AtomicLong(7_654_321);

    private final AtomicLong wall = new AtomicLong(1_800_000_000_000L);

    @Override
    public long millis() {
        return millis.get();
    }

    @Override
    public long wallMillis() {
        return wall.get();
    }

    /** Both clocks go on. */
    public void advance(long by) {
        millis.addAndGet(by);
        wall.addAndGet(by);
    }

    /** Somebody sets the wall clock, which may go back. */
    public void setWall(long to) {
        wall.set(to);
    }
}
