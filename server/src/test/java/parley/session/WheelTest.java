package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WheelTest {

    private static final int RING = 512 * Wheel.TICK_MILLIS;

    private final Wheel<String> wheel = new Wheel<>(1_000);
    private final List<String> visited = new ArrayList<>();

    private List<String> at(long now) {
        visited.clear();
        wheel.advance(now, visited::add);
        return List.copyOf(visited);
    }

    @Test
    void visitsInTheTickAfterTheDeadlineAndNotBefore() {
        wheel.visit(new Wheel.Timer<>("a"), 5_000);
        assertEquals(List.of(), at(4_999));
        assertEquals(List.of(), at(5_000));
        assertEquals(List.of("a"), at(5_100));
        assertEquals(List.of(), at(200_000), "once");
    }

    @Test
    void theEarlierOfTwoDeadlinesStands() {
        Wheel.Timer<String> timer = new Wheel.Timer<>("a");
        wheel.visit(timer, 5_000);
        wheel.visit(timer, 9_000);
        wheel.visit(timer, 3_000);
        wheel.visit(timer, 4_000);
        assertEquals(List.of(), at(3_000));
        assertEquals(List.of("a"), at(3_100));
        assertEquals(List.of(), at(20_000), "a timer stands in one slot only");
    }

    @Test
    void aDeadlineThatIsOverComesWithTheNextTick() {
        wheel.visit(new Wheel.Timer<>("a"), 0);
        assertEquals(List.of(), at(1_000));
        assertEquals(List.of("a"), at(1_100));
    }

    @Test
    void aDeadlineBeyondTheRingComesEarlyButNotAtOnce() {
        wheel.visit(new Wheel.Timer<>("a"), 10 * RING);
        assertEquals(List.of(), at(1_000 + RING - 2 * Wheel.TICK_MILLIS));
        assertEquals(List.of("a"), at(1_000 + RING - Wheel.TICK_MILLIS));
    }

    @Test
    void oneLateAdvanceVisitsAllThatIsDueAndNothingElse() {
        wheel.visit(new Wheel.Timer<>("a"), 2_000);
        wheel.visit(new Wheel.Timer<>("b"), 3_000);
        wheel.visit(new Wheel.Timer<>("c"), 30_000);
        assertEquals(List.of("a", "b"), at(29_000));
    }

    @Test
    void anEndedTimerIsNeverVisitedAgain() {
        Wheel.Timer<String> timer = new Wheel.Timer<>("a");
        wheel.visit(timer, 2_000);
        assertTrue(wheel.end(timer));
        assertFalse(wheel.end(timer));
        wheel.visit(timer, 3_000);
        assertEquals(List.of(), at(1_000 + 2L * RING));
    }

    @Test
    void whoIsVisitedMayAskForTheNextVisit() {
        Wheel.Timer<String> timer = new Wheel.Timer<>("a");
        wheel.visit(timer, 1_500);
        wheel.advance(1_600, name -> wheel.visit(timer, 2_500));
        assertEquals(List.of(), at(2_500));
        assertEquals(List.of("a"), at(2_600));
    }

    @Test
    void takesOutOfTheMiddleOfASlot() {
        List<Wheel.Timer<String>> timers = new ArrayList<>();
        for (String name : List.of("a", "b", "c", "d")) {
            Wheel.Timer<String> timer = new Wheel.Timer<>(name);
            timers.add(timer);
            wheel.visit(timer, 2_000);
        }
        wheel.end(timers.get(1));
        wheel.visit(timers.get(2), 1_500);
        assertEquals(List.of("c"), at(1_600));
        assertEquals(List.of("d", "a"), at(2_100));
    }

    /** Random wishes: everybody is visited within a tick of the earliest, or at the end of the ring. */
    @Test
    void keepsToARandomSchedule() {
        Random random = new Random(42);
        Map<Wheel.Timer<Integer>, Long> wanted = new HashMap<>();
        List<Wheel.Timer<Integer>> timers = new ArrayList<>();
        Wheel<Integer> ring = new Wheel<>(0);
        for (int i = 0; i < 50; i++) {
            timers.add(new Wheel.Timer<>(i));
        }
        for (long now = 0; now < 300_000; now += random.nextInt(400)) {
            for (int i = random.nextInt(4); i > 0; i--) {
                Wheel.Timer<Integer> timer = timers.get(random.nextInt(timers.size()));
                long deadline = now + random.nextInt(50_000);
                ring.visit(timer, deadline);
                wanted.merge(timer, deadline, Math::min);
            }
            long at = now;
            ring.advance(now, index -> {
                Long deadline = wanted.remove(timers.get(index));
                assertTrue(deadline != null && deadline < at, "visited without a wish, or early");
            });
            wanted.forEach((timer, deadline) -> assertTrue(deadline + Wheel.TICK_MILLIS > at, "visited late"));
        }
    }

    @Test
    void anyThreadMayAskWhileOneAdvances() throws Exception {
        int threads = 4;
        int each = 20_000;
        AtomicInteger visits = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(threads);
        Wheel<Integer> ring = new Wheel<>(0);
        for (int t = 0; t < threads; t++) {
            new Thread(() -> {
                        for (int i = 0; i < each; i++) {
                            ring.visit(new Wheel.Timer<>(i), i % 10_000);
                        }
                        done.countDown();
                    })
                    .start();
        }
        long now = 0;
        while (done.getCount() > 0) {
            ring.advance(now += 10, index -> visits.incrementAndGet());
        }
        ring.advance(now + 2L * RING, index -> visits.incrementAndGet());
        assertEquals(threads * each, visits.get());
    }
}
