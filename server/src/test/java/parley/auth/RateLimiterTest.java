package parley.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RateLimiterTest {

    private static final long START = -5_000; // a monotonic clock may be anywhere

    private static int taken(RateLimiter limiter, long now) {
        int taken = 0;
        while (taken < 10_000 && limiter.take(now)) {
            taken++;
        }
        return taken;
    }

    @Test
    void startsWithAFullBucket() {
        assertEquals(200, taken(new RateLimiter(50, 200, START), START));
    }

    @ParameterizedTest
    @CsvSource({"50, 19, 20", "1, 999, 1000", "3, 333, 334", "1000, 0, 1"})
    void aTokenComesBackWhenItsTimeIsUp(int perSecond, long tooEarly, long inTime) {
        RateLimiter limiter = new RateLimiter(perSecond, 2, START);
        taken(limiter, START);
        assertFalse(limiter.take(START + tooEarly));
        assertTrue(limiter.take(START + inTime));
        assertFalse(limiter.take(START + inTime));
    }

    @Test
    void aLargeRequestOwesWhatIsNotThere() {
        RateLimiter limiter = new RateLimiter(10, 10, START);
        assertTrue(limiter.take(9, START));
        assertTrue(limiter.take(100, START)); // one token was there: 99 are owed
        assertFalse(limiter.take(START));
        assertEquals(10_000, limiter.millisToNext(START));
        assertFalse(limiter.take(START + 9_999));
        assertEquals(1, limiter.millisToNext(START + 9_999));
        assertTrue(limiter.take(START + 10_000));
        assertEquals(0, new RateLimiter(0, 0, START).millisToNext(START));
    }

    @Test
    void tokensMayComeInLessThanOneASecond() {
        RateLimiter limiter = new RateLimiter(10, 60_000, 10, START);
        assertEquals(10, taken(limiter, START));
        assertEquals(6_000, limiter.millisToNext(START));
        assertFalse(limiter.take(START + 5_999));
        assertTrue(limiter.take(START + 6_000));
    }

    @Test
    void askingOftenLosesNothing() {
        RateLimiter limiter = new RateLimiter(3, 2, START);
        int taken = 0;
        for (long now = START; now <= START + 10_000; now++) {
            taken += limiter.take(now) ? 1 : 0;
        }
        assertEquals(2 + 30, taken, "the burst, and three each second");
    }

    @Test
    void aLongSilenceFillsTheBucketAndNoMore() {
        RateLimiter limiter = new RateLimiter(50, 200, START);
        taken(limiter, START);
        assertEquals(199, taken(limiter, START + 3_980 + 19));
        assertEquals(200, taken(limiter, START + 3_980 + 19 + 4_000));
        assertEquals(200, taken(limiter, START + 100L * 365 * 86_400_000));
    }

    @Test
    void aClockThatStandsOrGoesBackGivesNothingAndTakesNothing() {
        RateLimiter limiter = new RateLimiter(50, 2, START);
        assertTrue(limiter.take(START - 1_000_000), "still there");
        assertTrue(limiter.take(START));
        assertFalse(limiter.take(START - 1_000_000));
        assertFalse(limiter.take(START + 19));
        assertTrue(limiter.take(START + 20));
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, 0, Long.MAX_VALUE})
    void zeroIsNoLimitAtAll(long now) {
        assertEquals(10_000, taken(new RateLimiter(0, 0, START), now));
    }
}
