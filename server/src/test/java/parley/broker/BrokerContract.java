package parley.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.ManualTime;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Publication;
import parley.message.Receipt;
import parley.message.Standing;

/** What every broker does for the server that it runs in. */
abstract class BrokerContract {

    static final Channel.User ANN = new Channel.User("ann");
    static final Channel.User BOB = new Channel.User("bob");
    static final Channel NEWS = new Channel.Topic("news");

    final ManualTime time = new ManualTime();
    final ManualDelays delays = new ManualDelays(time);
    final FakeSink sink = new FakeSink();
    Broker broker;

    /** A broker that knows of nothing and keeps messages, not started. */
    abstract Broker open();

    /** What it says of a message that it keeps. */
    abstract Receipt.Stored stored();

    @BeforeEach
    void start() {
        broker = open();
        broker.start(sink);
    }

    @AfterEach
    void close() {
        broker.close();
        assertEquals(0, delays.size(), "delays that nobody cancelled");
    }

    // ---- short words

    static <T> T get(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("no answer", e);
        }
    }

    static Problem problem(CompletionStage<?> stage) throws Exception {
        try {
            Object answer = stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
            throw new AssertionError("no failure but " + answer);
        } catch (ExecutionException e) {
            Throwable cause =
                    e.getCause() instanceof CompletionException ? e.getCause().getCause() : e.getCause();
            return assertInstanceOf(Problem.class, cause);
        }
    }

    static Draft draft(Channel channel, String text) {
        return Draft.of(channel, null, null, null, Body.text(text));
    }

    static Draft liveOnly(Channel channel, String text) {
        return new Draft(channel, null, null, null, Body.text(text), 0L, null, null);
    }

    Receipt publish(Channel channel, String text) {
        return get(broker.publish(draft(channel, text)));
    }

    static Publication keyed(String name, String digest, Draft... drafts) {
        return new Publication(List.of(drafts), 0, new Publication.Key(name, digest));
    }

    CompletableFuture<List<Receipt>> publishAndWait(long millis, Draft... drafts) {
        return broker.publish(new Publication(List.of(drafts), millis, null)).toCompletableFuture();
    }

    // ---- publishing

    @Test
    void aReceiptSaysWhatBecameOfTheMessage() {
        sink.online = 3;
        Receipt receipt = publish(NEWS, "a");
        Message message = sink.delivered.get(0).message();
        assertEquals(new Receipt(message.id(), NEWS, message.position(), 3, stored(), null, false), receipt);
        assertEquals(26, receipt.id().length());
        assertEquals(1, receipt.position().offset());
        assertNotEquals(receipt.id(), publish(NEWS, "b").id());
        assertEquals(List.of("a", "b"), sink.texts());
        assertTrue(sink.delivered.get(0).kept());
        assertNull(sink.waiting(0));
    }

    @Test
    void everyDeliveryIsFlushedBeforeItsReceipt() {
        for (int i = 1; i <= 10; i++) {
            publish(NEWS, "x");
            assertEquals(i, sink.flushed);
        }
    }

    @Test
    void oneReceiptForEachOfSeveralUsersInOrder() {
        List<Receipt> receipts = get(
                broker.publish(new Publication(List.of(draft(BOB, "x"), draft(ANN, "x"), draft(BOB, "x")), 0, null)));
        assertEquals(
                List.of(BOB, ANN, BOB), receipts.stream().map(Receipt::channel).toList());
        assertEquals(
                List.of(1L, 1L, 2L),
                receipts.stream().map(receipt -> receipt.position().offset()).toList());
        assertEquals(3, receipts.stream().map(Receipt::id).distinct().count());
        assertEquals(3, sink.flushed);
    }

    @Test
    void whatIsForThoseOnlineNowHasNoPlaceAndIsNotKept() {
        sink.online = 2;
        publish(NEWS, "kept");
        Receipt receipt = get(broker.publish(liveOnly(NEWS, "now")));
        assertNull(receipt.position());
        assertEquals(Receipt.Stored.NO, receipt.stored());
        assertEquals(2, receipt.online());
        assertFalse(sink.delivered.get(1).kept());
        assertEquals(1, get(broker.standing(NEWS)).top());
    }

    @Test
    void whatIsPublishedCanBePagedAndCleared() {
        Position first = publish(NEWS, "a").position();
        publish(NEWS, "b");
        Page page = get(broker.page(NEWS, first, 2));
        assertEquals(
                List.of("b"),
                page.messages().stream().map(m -> m.body().content()).toList());
        assertEquals(2, get(broker.clear(NEWS)));
        assertEquals(1, get(broker.page(NEWS, first, 2)).missed());
    }

    @Test
    void handlingAMessageRaisesTheCursor() {
        Position position = publish(ANN, "a").position();
        assertNull(get(broker.standing(ANN)).cursor());
        broker.acked(ANN, position);
        assertEquals(1, get(broker.standing(ANN)).cursor());
    }

    /** Whoever publishes: all receive in the order of the places, and whoever watches misses nothing above its top. */
    @Test
    void watchingBeginsAtAKnownPlace() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        List<Future<?>> publishing = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            publishing.add(threads.submit(() -> {
                for (int i = 0; i < 500; i++) {
                    publish(NEWS, "x");
                }
            }));
        }
        Standing before = get(broker.watch(NEWS));
        for (Future<?> one : publishing) {
            one.get(30, TimeUnit.SECONDS);
        }
        threads.shutdown();
        Awaitility.await().until(() -> {
            List<Position> got = sink.positions(NEWS);
            return !got.isEmpty() && got.get(got.size() - 1).offset() == 1_500;
        });
        List<Long> above = sink.positions(NEWS).stream()
                .map(Position::offset)
                .filter(offset -> offset > before.top())
                .toList();
        for (int i = 0; i < above.size(); i++) {
            assertEquals(before.top() + 1 + i, above.get(i));
        }
        assertEquals(1_500 - before.top(), above.size());
        broker.unwatch(NEWS);
    }

    @Test
    void asksTheSessionsWhoIsThere() {
        sink.online = 4;
        assertEquals(4, get(broker.online(ANN)));
        assertEquals(List.of("ann"), get(broker.users(null, 1)));
        assertEquals(4, get(broker.disconnect(ANN, "because")));
    }

    // ---- waiting for acks

    @Test
    void nobodyThereAnswersAtOnce() {
        List<Receipt> receipts = get(publishAndWait(2_000, draft(ANN, "x")));
        assertEquals(0, receipts.get(0).acked());
    }

    @Test
    void waitsForAllAndCountsThoseThatHandledIt() {
        sink.acking = 3;
        CompletableFuture<List<Receipt>> receipts = publishAndWait(2_000, draft(ANN, "x"));
        Waiting waiting = sink.waiting(0);
        assertFalse(waiting.ack());
        assertFalse(waiting.leave());
        assertFalse(receipts.isDone());
        assertTrue(waiting.ack());
        waiting.giveUp();
        assertEquals(2, get(receipts).get(0).acked());
    }

    @Test
    void theTimeEndsItAtItsLimit() {
        sink.acking = 2;
        CompletableFuture<List<Receipt>> receipts = publishAndWait(2_000, draft(ANN, "x"));
        sink.waiting(0).ack();
        time.advance(1_999);
        delays.run();
        assertFalse(receipts.isDone());
        time.advance(1);
        delays.run();
        assertEquals(1, get(receipts).get(0).acked());
        assertTrue(sink.waiting(0).ack(), "too late");
        assertEquals(1, get(receipts).get(0).acked());
    }

    @Test
    void severalUsersAreWaitedForTogether() {
        sink.acking = 1;
        CompletableFuture<List<Receipt>> receipts = publishAndWait(2_000, draft(ANN, "x"), draft(BOB, "x"));
        sink.waiting(1).ack();
        sink.waiting(1).giveUp();
        assertFalse(receipts.isDone());
        sink.waiting(0).leave();
        sink.waiting(0).giveUp();
        assertEquals(List.of(0, 1), get(receipts).stream().map(Receipt::acked).toList());
    }

    // ---- idempotency

    @Test
    void aRepetitionGetsTheFirstReceiptAndIsNotDelivered() {
        sink.online = 1;
        Receipt first = get(broker.publish(keyed("k", "d", draft(ANN, "x")))).get(0);
        sink.online = 7;
        Receipt second = get(broker.publish(keyed("k", "d", draft(ANN, "x")))).get(0);
        assertEquals(first.asDuplicate(), second);
        assertTrue(second.duplicate());
        assertFalse(first.duplicate());
        assertEquals(1, sink.delivered.size());
        assertFalse(
                get(broker.publish(keyed("other", "d", draft(ANN, "x")))).get(0).duplicate());
    }

    @Test
    void theSameKeyForSomethingElseIsAConflict() throws Exception {
        get(broker.publish(keyed("k", "d", draft(ANN, "x"))));
        assertEquals(
                409, problem(broker.publish(keyed("k", "e", draft(ANN, "y")))).status());
        assertEquals(1, sink.delivered.size());
    }

    @Test
    void aKeyIsRememberedForTenMinutes() {
        get(broker.publish(keyed("k", "d", draft(ANN, "x"))));
        time.advance(10 * 60_000 - 1);
        assertTrue(get(broker.publish(keyed("k", "d", draft(ANN, "x")))).get(0).duplicate());
        time.advance(1);
        assertFalse(get(broker.publish(keyed("k", "d", draft(ANN, "x")))).get(0).duplicate());
    }

    @Test
    void aRepetitionDoesNotWaitForTheAcksOfTheFirst() {
        sink.acking = 1;
        CompletionStage<List<Receipt>> first =
                broker.publish(new Publication(List.of(draft(ANN, "x")), 2_000, new Publication.Key("k", "d")));
        Receipt second = get(broker.publish(keyed("k", "d", draft(ANN, "x")))).get(0);
        assertTrue(second.duplicate());
        assertNull(second.acked());
        assertFalse(first.toCompletableFuture().isDone());
        sink.waiting(0).ack();
        sink.waiting(0).giveUp();
        assertEquals(1, get(first).get(0).acked());
    }

    @Test
    void oneOfManyConcurrentRepetitionsIsCarriedOut() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        for (int round = 0; round < 200; round++) {
            String key = "k" + round;
            List<Future<Receipt>> answers = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                answers.add(threads.submit(() ->
                        get(broker.publish(keyed(key, "d", draft(ANN, "x")))).get(0)));
            }
            int originals = 0;
            String id = null;
            for (Future<Receipt> answer : answers) {
                Receipt receipt = answer.get(20, TimeUnit.SECONDS);
                originals += receipt.duplicate() ? 0 : 1;
                assertTrue(id == null || id.equals(receipt.id()));
                id = receipt.id();
            }
            assertEquals(1, originals);
        }
        threads.shutdown();
        assertEquals(200, sink.delivered.size());
    }

    // ---- asking

    @Test
    void theFirstReplyOfTheUserWhoWasAskedWins() {
        sink.acking = 2;
        CompletionStage<Body> reply = broker.ask(ANN, Body.text("how?"), "f", 5_000);
        FakeSink.Asked asked = sink.asked.get(0);
        assertEquals(new FakeSink.Asked(ANN, asked.ask(), Body.text("how?"), "f"), asked);
        broker.reply(asked.ask(), "bob", Body.text("not asked"));
        broker.reply("nonsense", "ann", Body.text("to nothing"));
        assertFalse(reply.toCompletableFuture().isDone());
        broker.reply(asked.ask(), "ann", Body.text("so"));
        broker.reply(asked.ask(), "ann", Body.text("late"));
        assertEquals(Body.text("so"), get(reply));
    }

    @Test
    void nobodyWhoCouldReplyIs404() throws Exception {
        assertEquals(
                404, problem(broker.ask(ANN, Body.text("how?"), null, 5_000)).status());
    }

    @Test
    void noReplyInTimeIs504() throws Exception {
        sink.acking = 1;
        CompletionStage<Body> reply = broker.ask(ANN, Body.text("how?"), null, 5_000);
        time.advance(4_999);
        delays.run();
        assertFalse(reply.toCompletableFuture().isDone());
        time.advance(1);
        delays.run();
        assertEquals(504, problem(reply).status());
        broker.reply(sink.asked.get(0).ask(), "ann", Body.text("late"));
    }
}
