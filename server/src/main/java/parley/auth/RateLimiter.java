package parley.auth;

/** A token bucket. Time is an argument, in milliseconds that never go back. Thread-safe. */
public final class RateLimiter {

    private final int tokens;
    private final long periodMillis;
    private final int burst;
    private long credit; // tokens times periodMillis; below zero after a large request; guarded by this
    private long last; // guarded by this

    /**
     * @param perSecond tokens that come back each second; 0 for no limit at all
     * @param burst tokens that a full bucket holds
     */
    public RateLimiter(int perSecond, int burst, long nowMillis) {
        this(perSecond, 1_000, burst, nowMillis);
    }

    /** @param tokens that come back each {@code periodMillis}; 0 for no limit at all */
    public RateLimiter(int tokens, long periodMillis, int burst, long nowMillis) {
        this.tokens = tokens;
        this.periodMillis = periodMillis;
        this.burst = burst;
        this.credit = burst * periodMillis;
        this.last = nowMillis;
    }

    /** Takes one token; false when there is none. */
    public boolean take(long nowMillis) {
        return take(1, nowMillis);
    }

    /**
     * Takes tokens when there is at least one; what is not there is owed, so that a large request passes when a small
     * one would. False when there is none.
     */
    public synchronized boolean take(int count, long nowMillis) {
        if (tokens == 0) {
            return true;
        }
        refill(nowMillis);
        if (credit < periodMillis) {
            return false;
        }
        credit -= count * periodMillis;
        return true;
    }

    /** How long until there is a token; 0 when there is one. */
    public synchronized long millisToNext(long nowMillis) {
        if (tokens == 0) {
            return 0;
        }
        refill(nowMillis);
        return Math.max(0, (periodMillis - credit + tokens - 1) / tokens);
    }

    private void refill(long nowMillis) {
        if (nowMillis > last) {
            credit = Math.min(burst * periodMillis, credit + (nowMillis - last) * tokens);
            last = nowMillis;
        }
    }
}
