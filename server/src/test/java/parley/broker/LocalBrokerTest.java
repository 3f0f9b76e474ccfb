package parley.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import parley.history.History;
import parley.history.HistorySettings;
import parley.history.MemoryHistory;
import parley.message.Problem;
import parley.message.Publication;
import parley.message.Receipt;
import parley.metrics.Metrics;

class LocalBrokerTest extends BrokerContract {

    private final Metrics metrics = new Metrics();
    private History.Append owed; // to the history below

    @Override
    Broker open() {
        return open(new MemoryHistory(HistorySettings.standard(), time, LocalBrokerTest::random));
    }

    private LocalBroker open(History history) {
        return new LocalBroker(history, time, LocalBrokerTest::random, metrics, delays);
    }

    private static long random() {
        return ThreadLocalRandom.current().nextLong();
    }

    @Override
    Receipt.Stored stored() {
        return Receipt.Stored.MEMORY;
    }

    /** A history that stores when the test says so. */
    private void startWithLateHistory() {
        History late = (History) Proxy.newProxyInstance(
                History.class.getClassLoader(), new Class<?>[] {History.class}, (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "append" -> owed = (History.Append) arguments[0];
                        case "remembered" -> {
                            return List.of();
                        }
                        default -> {}
                    }
                    return null;
                });
        broker = open(late);
        broker.start(sink);
    }

    @Test
    void aFailureToStoreIsTheAnswerAndFreesTheKey() throws Exception {
        startWithLateHistory();
        CompletableFuture<List<Receipt>> first =
                broker.publish(keyed("k", "d", draft(ANN, "x"))).toCompletableFuture();
        CompletableFuture<List<Receipt>> joined =
                broker.publish(keyed("k", "d", draft(ANN, "x"))).toCompletableFuture();
        assertFalse(first.isDone());
        assertFalse(joined.isDone(), "a repetition joins the one under way");
        owed.failed(new Problem(503, "unavailable", "Full."));
        assertEquals(503, problem(first).status());
        assertEquals(503, problem(joined).status());
        owed = null;
        CompletableFuture<List<Receipt>> again =
                broker.publish(keyed("k", "d", draft(ANN, "x"))).toCompletableFuture();
        assertTrue(owed != null, "it is carried out this time");
        owed.placed(0, draft(ANN, "x").at(owed.id(0), null, 0), true);
        owed.done(Receipt.Stored.DISK);
        assertFalse(get(again).get(0).duplicate());
    }

    /** Else a repetition would wait for an answer that never comes. */
    @Test
    void aBugWhileItIsDeliveredIsTheAnswerAndFreesTheKey() {
        broker = open();
        broker.start((Broker.Sink) Proxy.newProxyInstance(
                Broker.Sink.class.getClassLoader(), new Class<?>[] {Broker.Sink.class}, (proxy, method, arguments) -> {
                    throw new StackOverflowError("as if");
                }));
        Publication live = keyed("k", "d", liveOnly(ANN, "x"));
        for (Publication each : List.of(live, live, keyed("l", "d", draft(ANN, "x")))) {
            CompletableFuture<List<Receipt>> receipts = broker.publish(each).toCompletableFuture();
            assertTrue(receipts.isCompletedExceptionally());
        }
    }

    @Test
    void aFailureToStoreEndsAWait() throws Exception {
        startWithLateHistory();
        CompletableFuture<List<Receipt>> receipts = publishAndWait(2_000, draft(ANN, "x"));
        owed.failed(new Problem(503, "unavailable", "Full."));
        assertEquals(503, problem(receipts).status());
    }

    @Test
    void withoutAKeyThereIsNothingToRemember() {
        startWithLateHistory();
        broker.publish(new Publication(List.of(draft(ANN, "x")), 0, null));
        assertNull(owed.remember(List.of()));
    }

    @Test
    void countsWhatIsPublished() {
        publish(ANN, "a");
        get(broker.publish(liveOnly(ANN, "b")));
        get(broker.publish(new Publication(List.of(draft(ANN, "c"), draft(BOB, "c")), 0, null)));
        assertEquals(4, metrics.published.sum());
    }
}
