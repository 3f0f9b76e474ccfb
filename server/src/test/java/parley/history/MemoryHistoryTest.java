package parley.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.history.HistorySettings.Keep;
import parley.message.Channel;
import parley.message.Page;
import parley.message.Position;
import parley.message.Receipt;
import parley.message.Standing;

class MemoryHistoryTest extends HistoryContract {

    @Override
    History open(HistorySettings settings, RandomGenerator random) {
        return new MemoryHistory(settings, time, random);
    }

    @Override
    boolean forgets() {
        return true;
    }

    @Override
    Receipt.Stored stored() {
        return Receipt.Stored.MEMORY;
    }

    @Test
    void everyMessageCountsItsEnvelopeTowardsTheTotal() {
        start(new Keep(1_000_000, HOUR), 1 << 20);
        for (int i = 0; i < 10_000; i++) {
            append(NEWS, "");
        }
        int kept = all(NEWS).size();
        assertTrue(kept > 1_000 && kept < 4_000, kept + " empty messages in 1 MiB");
    }

    @Test
    void forgottenEntriesTakeNoMemory() {
        start(new Keep(10, 60_000), PLENTY);
        for (int i = 0; i < 1_000; i++) {
            append(new Channel.User("u" + i), "x");
        }
        append(Channel.EVERYONE, "x");
        MemoryHistory memory = (MemoryHistory) history;
        assertEquals(1_001, memory.size());
        time.advance(25 * HOUR);
        memory.expire();
        assertEquals(1, memory.size());
    }

    @Test
    void remembersNothingOfEarlierProcesses() {
        start();
        assertEquals(List.of(), history.remembered());
    }

    @Test
    void anEntryIsForgottenAfterADayOfSilence() {
        start(new Keep(10, 60_000), PLENTY);
        append(NEWS, "a");
        String epoch = standing(NEWS).epoch();
        pass(24 * HOUR - 1);
        assertEquals(epoch, standing(NEWS).epoch());
        pass(24 * HOUR);
        Standing standing = standing(NEWS);
        assertNotEquals(epoch, standing.epoch());
        assertEquals(new Standing(standing.epoch(), 0, 1, null), standing);
        Page page = get(history.page(NEWS, new Position(epoch, 1), 1));
        assertNull(page.missed());
        assertEquals(0, page.from());
    }

    @Test
    void whatIsHeldIsNotForgotten() {
        start(new Keep(10, 60_000), PLENTY);
        get(history.hold(NEWS));
        get(history.hold(NEWS));
        String epoch = standing(NEWS).epoch();
        pass(100 * HOUR);
        history.release(NEWS);
        pass(100 * HOUR);
        history.release(NEWS);
        pass(24 * HOUR - 1);
        assertEquals(epoch, standing(NEWS).epoch(), "the release was a mention");
        pass(24 * HOUR);
        assertNotEquals(epoch, standing(NEWS).epoch());
    }

    /** The race of the contract, made to happen: somebody waits for the lock of an entry that is being forgotten. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoeverWaitedForAnEntryThatIsGoneLooksItUpAgain(boolean holding) throws Exception {
        start(new Keep(10, 60_000), PLENTY);
        String forgotten = standing(NEWS).epoch();
        var entries = MemoryHistory.class.getDeclaredField("entries");
        entries.setAccessible(true);
        Object entry = ((Map<?, ?>) entries.get(history)).get(NEWS);
        CompletableFuture<String> epoch = new CompletableFuture<>();
        Thread waiting = new Thread(() -> epoch.complete(
                holding
                        ? get(history.hold(NEWS)).epoch()
                        : append(NEWS, "x").position().epoch()));
        synchronized (entry) {
            waiting.start();
            Awaitility.await().until(() -> waiting.getState() == Thread.State.BLOCKED);
            time.advance(25 * HOUR);
            history.expire();
        }
        assertNotEquals(forgotten, get(epoch));
        assertEquals(standing(NEWS).epoch(), get(epoch));
        assertEquals(holding ? List.of() : List.of("x"), all(NEWS));
    }
}
