package parley.auth;

/** A token bucket. Time is an argument, in milliseconds that never go back. Thread-safe. */
public final class RateLimiter {

    private final int perSecond;
    private final int burst;
    private long thousandths; // of a token; guarded by this
    private long last; // guarded by this

    /**
     * @param perSecond tokens that come back each second; 0 for no limit at all
     * @param burst tokens that a full bucket holds
     */
    public RateLimiter(int perSecond, int burst, long nowMillis) {
        this.perSecond = perSecond;
        this.burst = burst;
        this.thousandths = burst * 1_000L;
        this.last = nowMillis;
    }

    /** Takes one token; false when there is none. */
    public synchronized boolean take(long nowMillis) {
        if (perSecond == 0) {
            return true;
        }
        if (nowMillis > last) {
            thousandths = Math.min(burst * 1_000L, thousandths + (nowMillis - last) * perSecond);
            last = nowMillis;
        }
        if (thousandths < 1_000) {
            return false;
        }
        thousandths -= 1_000;
        return true;
    }
}
