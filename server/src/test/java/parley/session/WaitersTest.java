package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.broker.Waiting;
import parley.history.HistorySettings;
import parley.history.HistorySettings.Keep;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Position;
import parley.message.Publication;
import parley.message.Receipt;

/** {@code wait}, from the publisher to the client's ack: acked counts only clients whose handler really returned. */
class WaitersTest {

    private static final Channel ANN = Station.user("ann");
    private static final int WAIT = 60_000;

    private Station station = new Station();
    private FakeTransport line = station.line();

    @AfterEach
    void nothingIsLeft() {
        station.close();
        assertEquals(0, station.delays.size());
    }

    private CompletableFuture<List<Receipt>> publish(String text, String collapse, String exclude) {
        Draft draft = new Draft(ANN, null, null, null, Body.text(text), null, collapse, exclude);
        return station.late
                .real()
                .publish(new Publication(List.of(draft), WAIT, null))
                .toCompletableFuture();
    }

    private CompletableFuture<List<Receipt>> publish(String text) {
        return publish(text, null, null);
    }

    private static void expectAcked(int acked, CompletableFuture<List<Receipt>> receipts) {
        assertTrue(receipts.isDone(), "it is still waited for somebody");
        assertEquals(acked, receipts.join().get(0).acked());
    }

    private void ack(ClientSession session, long offset, String failed) {
        String epoch = station.top(ANN).epoch();
        session.received("{\"type\":\"ack\",\"channel\":\"user:ann\",\"position\":\"" + epoch + "-" + offset
                + "\",\"failed\":[" + failed + "]}");
    }

    private void ack(ClientSession session, long offset) {
        ack(session, offset, "");
    }

    private Position expectMessage(FakeTransport from, boolean ack) {
        var message = from.next("message");
        assertEquals(ack ? "true" : null, message.raw("ack"));
        return Position.parse(message.raw("position").replace("\"", ""));
    }

    @Test
    void theClientIsToldThatSomebodyWaitsAndItsAckIsTheAnswer() {
        ClientSession session = station.v1("ann", line);
        CompletableFuture<List<Receipt>> receipts = publish("x");
        expectMessage(line, true);
        assertFalse(receipts.isDone());
        ack(session, 1);
        expectAcked(1, receipts);
        station.publish(ANN, "nobody waits");
        expectMessage(line, false);
    }

    @Test
    void everySessionIsWaitedForAndAnAckIsCumulative() {
        ClientSession session = station.v1("ann", line);
        FakeTransport second = station.line();
        ClientSession other = station.v1("ann", second);
        CompletableFuture<List<Receipt>> first = publish("x");
        CompletableFuture<List<Receipt>> next = publish("y");
        ack(session, 2);
        ack(other, 1);
        expectAcked(2, first);
        assertFalse(next.isDone());
        ack(other, 2);
        expectAcked(2, next);
        line.rest();
        second.rest();
    }

    @Test
    void plainClientsAndStreamsAreNotWaitedFor() {
        station.open("ann", Mode.PLAIN, line);
        FakeTransport stream = station.line();
        station.open("ann", Mode.STREAM_V1, stream);
        expectAcked(0, publish("x"));
        line.expect("x");
        stream.rest();
    }

    @Test
    void nobodyBeforeItsWelcomeIsWaitedFor() {
        station.open("ann", Mode.V1, line);
        expectAcked(0, publish("x"));
    }

    @Test
    void whatThrewCountsForNothing() {
        ClientSession session = station.v1("ann", line);
        CompletableFuture<List<Receipt>> first = publish("x");
        CompletableFuture<List<Receipt>> second = publish("y");
        Position threw = expectMessage(line, true);
        expectMessage(line, true);
        ack(session, 2, "\"" + threw + "\"");
        expectAcked(0, first);
        expectAcked(1, second);
    }

    @Test
    void whoClosesLeaves() {
        ClientSession session = station.v1("ann", line);
        CompletableFuture<List<Receipt>> receipts = publish("x");
        expectMessage(line, true);
        session.close(Disconnect.GONE);
        expectAcked(0, receipts);
    }

    @Test
    void theExcludedSessionIsNotWaitedFor() {
        ClientSession session = station.v1("ann", line);
        expectAcked(0, publish("x", null, session.id()));
    }

    @Test
    void theTimeEndsIt() {
        station.v1("ann", line);
        CompletableFuture<List<Receipt>> receipts = publish("x");
        expectMessage(line, true);
        station.time.advance(WAIT);
        station.delays.run();
        expectAcked(0, receipts);
    }

    // ---- a slow line

    @Test
    void aCopyThatWasReplacedIsNotWaitedForAndNeverCounted() {
        ClientSession session = station.v1("ann", line);
        line.stall();
        station.publish(ANN, "under way");
        CompletableFuture<List<Receipt>> old = publish("old", "price", null);
        CompletableFuture<List<Receipt>> newer = publish("new", "price", null);
        expectAcked(0, old);
        line.flow();
        ack(session, 3);
        expectAcked(1, newer);
        assertEquals(2, line.rest().size());
    }

    /** The newer one finds no room; the older one still waits, is written and is what the ack is for. */
    @Test
    void aNewerCopyThatDoesNotFitDoesNotMakeTheOlderOneCountUnread() {
        ClientSession session = station.v1("ann", line);
        line.stall();
        station.publish(ANN, "under way");
        CompletableFuture<List<Receipt>> old = publish("old", "price", null);
        station.publish(ANN, "x".repeat(1 << 19));
        station.publish(ANN, "y".repeat((1 << 19) - 1_000));
        CompletableFuture<List<Receipt>> newer = publish("z".repeat(2_000), "price", null);
        assertFalse(old.isDone());
        line.flow();
        List<String> came = line.rest();
        ack(session, 5);
        assertTrue(came.stream().anyMatch(text -> text.contains("\"old\"")), "the older one is written");
        expectAcked(1, old);
        expectAcked(1, newer);
    }

    @Test
    void behindItIsWaitedForUntilThePageBringsIt() {
        ClientSession session = station.v1("ann", line);
        line.stall();
        station.publish(ANN, "under way");
        station.publish(ANN, "x".repeat(1 << 20));
        CompletableFuture<List<Receipt>> receipts = publish("late");
        ack(session, 2);
        assertFalse(receipts.isDone(), "an ack of what came before says nothing");
        line.flow();
        List<String> came = line.rest();
        assertTrue(came.get(came.size() - 1).contains("\"ack\":true"));
        ack(session, 3);
        expectAcked(1, receipts);
    }

    @Test
    void whatIsGoneBeforeItCouldBeSentIsNotWaitedFor() {
        station.close();
        station = new Station(
                new HistorySettings(
                        new Keep(2, 60_000), new Keep(2, 60_000), new Keep(2, 60_000), new Keep(2, 60_000), 1L << 40),
                Station.LIMITS);
        line = station.line();
        ClientSession session = station.v1("ann", line);
        line.stall();
        station.publish(ANN, "under way");
        station.publish(ANN, "x".repeat(1 << 20));
        CompletableFuture<List<Receipt>> receipts = publish("gone");
        station.publish(ANN, "a");
        station.publish(ANN, "b");
        assertFalse(receipts.isDone());
        line.flow();
        expectAcked(0, receipts);
        assertTrue(line.rest().stream().anyMatch(text -> text.startsWith("{\"type\":\"gap\"")));
        ack(session, 5);
    }

    /** Its waiter is gone when the one that stands there has nobody to count for but the publisher. */
    @Test
    void whoseTimeIsUpMakesRoomForTheNextOne() {
        AfterUnlock after = new AfterUnlock(new Pumps(1));
        Waiters waiters = new Waiters();
        Waiting over = new Waiting();
        Waiting next = new Waiting();
        waiters.join(new Position("aaaaaaaa", 1), over);
        over.giveUp();
        waiters.join(new Position("aaaaaaaa", 2), next);
        waiters.leaveAll(after);
        assertFalse(over.ack(), "it is not held any more, and so did not leave");
        assertTrue(next.ack(), "it has left, so that only the publisher is left");
    }

    @Test
    void aWaiterIsFoundAmongMany() {
        Waiters waiters = new Waiters();
        for (int offset = 2; offset < 10; offset += 2) {
            waiters.join(new Position("aaaaaaaa", offset), new Waiting());
        }
        waiters.join(new Position("bbbbbbbb", 3), new Waiting());
        for (int offset = 1; offset < 12; offset++) {
            assertEquals(offset % 2 == 0 && offset < 10, waiters.has(new Position("aaaaaaaa", offset)), "" + offset);
            assertEquals(offset == 3, waiters.has(new Position("bbbbbbbb", offset)), "" + offset);
        }
    }
}
