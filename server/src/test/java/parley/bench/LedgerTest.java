package parley.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LedgerTest {

    private final Ledger ledger = new Ledger();

    private void got(long... numbers) {
        for (long number : numbers) {
            ledger.got(number);
        }
    }

    private void assertCounts(long distinct, long duplicated, long reordered) {
        assertEquals(distinct, ledger.distinct(), "distinct");
        assertEquals(duplicated, ledger.duplicated(), "duplicated");
        assertEquals(reordered, ledger.reordered(), "reordered");
    }

    @Test
    void whatComesInOrderIsClean() {
        got(1, 2, 3, 4);
        assertCounts(4, 0, 0);
    }

    @Test
    void whatIsMissingIsNotCounted() {
        got(1, 3);
        assertCounts(2, 0, 0);
    }

    @Test
    void theFirstMayBeMissingToo() {
        got(2, 3);
        assertCounts(2, 0, 0);
        got(1);
        assertCounts(3, 0, 1);
    }

    @Test
    void whatComesLateIsReorderedOnceAndDuplicatedAfterThat() {
        got(1, 3, 2);
        assertCounts(3, 0, 1);
        got(2);
        assertCounts(3, 1, 1);
    }

    @Test
    void whatComesAgainIsDuplicated() {
        got(1, 2, 2, 1);
        assertCounts(2, 2, 0);
    }

    @Test
    void aHoleIsFilledFromBothEndsAndFromTheMiddle() {
        got(10, 5, 1, 9, 4, 6, 2, 8, 3, 7);
        assertCounts(10, 0, 9);
        got(7, 1, 10);
        assertCounts(10, 3, 9);
    }

    @Test
    void beyondItsHolesTheOldestIsGivenUp() {
        for (long number = 2; number <= 2L * Ledger.MOST_HOLES; number += 2) {
            got(number);
        }
        got(1);
        assertCounts(Ledger.MOST_HOLES + 1, 0, 1);
        got(2L * Ledger.MOST_HOLES + 2, 2L * Ledger.MOST_HOLES + 4);
        got(3);
        assertCounts(Ledger.MOST_HOLES + 3, 1, 1);
        got(5);
        assertCounts(Ledger.MOST_HOLES + 4, 1, 2);
    }

    @Test
    void agreesWithASetOfNumbers() {
        long seed = Long.getLong("parley.seed", System.nanoTime());
        System.out.println("parley.seed=" + seed);
        Random random = new Random(seed);
        for (int run = 0; run < 300; run++) {
            compare(random);
        }
    }

    private static void compare(Random random) {
        List<Long> numbers = new ArrayList<>();
        for (long number = 1; number <= 200; number++) {
            for (int copies = Math.max(0, random.nextInt(12) - 9); copies >= 0; copies--) {
                if (random.nextInt(5) > 0) {
                    numbers.add(number);
                }
            }
        }
        for (int swaps = random.nextInt(200); swaps > 0; swaps--) {
            Collections.swap(numbers, random.nextInt(numbers.size()), random.nextInt(numbers.size()));
        }
        Ledger ledger = new Ledger();
        Set<Long> seen = new HashSet<>();
        long top = 0;
        long duplicated = 0;
        long reordered = 0;
        for (long number : numbers) {
            boolean first = seen.add(number);
            duplicated += first ? 0 : 1;
            reordered += first && number < top ? 1 : 0;
            top = Math.max(top, number);
            assertEquals(first, ledger.got(number), () -> numbers.toString());
        }
        assertEquals(
                List.of((long) seen.size(), duplicated, reordered),
                List.of(ledger.distinct(), ledger.duplicated(), ledger.reordered()),
                numbers::toString);
    }
}
