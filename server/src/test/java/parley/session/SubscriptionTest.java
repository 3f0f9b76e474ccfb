package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.broker.Broker;
import parley.broker.Fates;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Json;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;

/** DESIGN 4.3, line by line, with a broker that only answers for pages, and only when told. */
class SubscriptionTest {

    private static final Channel NEWS = Station.topic("news");
    private static final String EPOCH = "aaaaaaaa";
    private static final int MIB = 1 << 20;

    private final Station station = new Station();
    private final FakeTransport line = station.line();
    private ClientSession session = station.v1("ann", line);
    private final ArrayDeque<Asked> asked = new ArrayDeque<>();
    private LongFunction<Page> atOnce; // answers pages without delay
    private final Fates fates = new Fates(station.time);
    private Subscription subscription = subscription(5);

    private record Asked(Position after, long newest, CompletableFuture<Page> answer) {}

    @AfterEach
    void nothingIsLeft() {
        assertEquals(List.of(), List.copyOf(asked), "pages that were asked for");
        station.close();
    }

    private Broker broker() {
        return (Broker) Proxy.newProxyInstance(
                Broker.class.getClassLoader(), new Class<?>[] {Broker.class}, (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "page" -> {
                            Asked page =
                                    new Asked((Position) arguments[1], (Long) arguments[2], new CompletableFuture<>());
                            if (atOnce != null) {
                                return CompletableFuture.completedFuture(
                                        atOnce.apply(page.after().offset()));
                            }
                            asked.add(page);
                            return page.answer();
                        }
                        case "fates" -> {
                            return fates;
                        }
                        default -> throw new AssertionError("asked for " + method.getName());
                    }
                });
    }

    private Subscription subscription(long last) {
        Position start = new Position(EPOCH, last);
        return new Subscription(session, NEWS, start, broker(), station.metrics, new Pumps(new InTurn()));
    }

    // ---- short words

    private static Message message(String epoch, long offset, String text, String exclude) {
        Position position = epoch == null ? null : new Position(epoch, offset);
        return new Message("id", NEWS, position, 0, null, null, null, Body.text(text), null, exclude);
    }

    private static Message message(long offset) {
        return message(EPOCH, offset, "m" + offset, null);
    }

    private boolean deliver(Message message, boolean kept) {
        AfterUnlock after = new AfterUnlock(new Pumps(new InTurn()));
        boolean online = subscription.deliver(new Outgoing.Forms(message), kept, null, after);
        after.flush();
        return online;
    }

    private boolean deliver(long offset) {
        return deliver(message(offset), true);
    }

    /** The next frame is this message. */
    private void expect(long offset) {
        expect("m" + offset, new Position(EPOCH, offset));
    }

    private void expect(String text, Position position) {
        Json.Fields frame = line.next("message");
        assertEquals(Json.quote(text), frame.raw("body"));
        assertEquals(position == null ? null : Json.quote(position.toString()), frame.raw("position"));
    }

    private void expectGap(Long missed, Position position) {
        Json.Fields frame = line.next("gap");
        assertEquals(missed == null ? null : missed.toString(), frame.raw("missed"));
        assertEquals(Json.quote(position.toString()), frame.raw("position"));
    }

    /** The page that was asked for, which is this and the only one. */
    private Asked asked(long after, long newest) {
        assertEquals(1, asked.size(), "exactly one page is under way");
        assertEquals(new Position(EPOCH, after), asked.peek().after());
        assertEquals(newest, asked.peek().newest());
        return asked.poll();
    }

    private static Page page(long from, long through, long newest, long missed, long... offsets) {
        List<Message> messages = new ArrayList<>();
        for (long offset : offsets) {
            messages.add(message(offset));
        }
        return new Page(EPOCH, messages, from, through, newest, missed);
    }

    private boolean ack(String epoch, long offset) {
        AfterUnlock after = new AfterUnlock(new Pumps(new InTurn()));
        boolean may = subscription.ack(new Position(epoch, offset), List.of(), after);
        after.flush();
        return may;
    }

    // ---- held

    @Test
    void whileHeldNothingGoesOutAndNobodyIsThere() {
        assertFalse(deliver(6));
        assertFalse(deliver(message(null, 0, "live only", null), false));
        assertFalse(subscription.online());
        assertEquals(6, subscription.newest());
    }

    @Test
    void releasedWithNothingNewItIsLive() {
        subscription.release();
        assertTrue(subscription.online());
        assertTrue(deliver(6));
        expect(6);
    }

    @Test
    void releasedWithNewsItAsksForThem() {
        deliver(6);
        deliver(7);
        subscription.release();
        assertTrue(subscription.online());
        asked(5, 7).answer().complete(page(5, 7, 7, 0, 6, 7));
        expect(6);
        expect(7);
        deliver(8);
        expect(8);
    }

    @Test
    void theTopThatTheBrokerTellsCountsAsNews() {
        subscription.reach(new Position(EPOCH, 9));
        subscription.reach(new Position(EPOCH, 7));
        subscription.release();
        subscription.release();
        asked(5, 9).answer().complete(page(5, 9, 9, 0, 9));
        expect(9);
    }

    // ---- live

    @Test
    void theNextOffsetIsPassedOnAndOlderOnesAreDropped() {
        subscription.release();
        deliver(6);
        expect(6);
        deliver(6);
        deliver(5);
        deliver(1);
        deliver(7);
        expect(7);
    }

    @Test
    void aJumpIsHealedFromTheHistory() {
        subscription.release();
        deliver(8);
        line.assertExhausted();
        asked(5, 8).answer().complete(page(5, 8, 8, 0, 6, 7, 8));
        expect(6);
        expect(7);
        expect(8);
        deliver(9);
        expect(9);
    }

    @Test
    void excludedItPassesTheOffsetOver() {
        subscription.release();
        assertFalse(deliver(message(EPOCH, 6, "x", session.id()), true));
        assertTrue(deliver(7));
        expect(7);
        assertTrue(ack(EPOCH, 7));
    }

    @Test
    void someoneElseExcludedChangesNothing() {
        subscription.release();
        assertTrue(deliver(message(EPOCH, 6, "m6", "another"), true));
        expect(6);
    }

    // ---- behind

    @Test
    void behindADeliveryOnlyRaisesNewestAndAsksForNothing() {
        subscription.release();
        deliver(8);
        deliver(9);
        deliver(12);
        deliver(11);
        Asked first = asked(5, 8);
        first.answer().complete(page(5, 7, 12, 0, 6, 7));
        expect(6);
        expect(7);
        asked(7, 12).answer().complete(page(7, 12, 12, 0, 8, 9, 10, 11, 12));
        for (long offset = 8; offset <= 12; offset++) {
            expect(offset);
        }
        deliver(13);
        expect(13);
    }

    @Test
    void whatThePageLeavesOutIsPassedOver() {
        subscription.release();
        deliver(9);
        asked(5, 9).answer().complete(page(5, 9, 9, 0, 7));
        expect(7);
        deliver(9);
        deliver(10);
        expect(10);
    }

    @Test
    void aPageHonoursExclude() {
        subscription.release();
        deliver(7);
        List<Message> messages = List.of(message(EPOCH, 6, "x", session.id()), message(EPOCH, 7, "m7", "another"));
        asked(5, 7).answer().complete(new Page(EPOCH, messages, 5, 7, 7, 0L));
        expect(7);
    }

    @Test
    void whatWasAnnouncedAndIsNotThereMakesItLiveAgain() {
        subscription.release();
        deliver(9);
        asked(5, 9).answer().complete(page(5, 5, 5, 0));
        deliver(6);
        expect(6);
    }

    @Test
    void whatWasAnnouncedSinceThePageWasAskedForIsAskedForAgain() {
        subscription.release();
        deliver(9);
        Asked first = asked(5, 9);
        deliver(12);
        first.answer().complete(page(5, 5, 5, 0));
        asked(5, 12).answer().complete(page(11, 12, 12, 6, 12));
        expectGap(6L, new Position(EPOCH, 11));
        expect(12);
    }

    @Test
    void aGapIsToldInItsPlaceAndOnce() {
        subscription.release();
        deliver(12);
        asked(5, 12).answer().complete(page(8, 10, 12, 3, 9, 10));
        expectGap(3L, new Position(EPOCH, 8));
        expect(9);
        expect(10);
        asked(10, 12).answer().complete(page(10, 12, 12, 0, 11, 12));
        expect(11);
        expect(12);
    }

    @Test
    void allOfItMayBeMissed() {
        subscription.release();
        deliver(9);
        asked(5, 9).answer().complete(page(9, 9, 20, 4));
        expectGap(4L, new Position(EPOCH, 9));
        assertTrue(ack(EPOCH, 9));
        deliver(10);
        expect(10);
    }

    @Test
    void aPlainClientIsNotToldButItIsCounted() {
        FakeTransport plain = station.line();
        session = station.open("bob", Mode.PLAIN, plain);
        subscription = subscription(5);
        subscription.release();
        deliver(9);
        asked(5, 9).answer().complete(page(8, 9, 9, 3, 9));
        plain.expect("m9");
        assertEquals(1, station.metrics.untoldGaps.sum());
    }

    @Test
    void aPageThatFailsEndsTheSession() {
        subscription.release();
        deliver(9);
        asked(5, 9).answer().completeExceptionally(new IllegalStateException("disk"));
        line.expect("CLOSE 1011 the server failed, it is in its log");
    }

    /** Page after page on one thread: a call for each would need 20,000 frames of stack. */
    @Test
    void manyPagesNeedNoDeepStack() {
        atOnce = after -> page(after, after + 1, 20_000, 0, after + 1);
        subscription.release();
        deliver(20_000);
        assertEquals(20_000 - 5, line.rest().size());
    }

    // ---- a full outbox

    private void fill() {
        line.stall();
        session.send(new Outgoing(Outgoing.Kind.FRAME, "first".getBytes(), null, null, null));
        session.send(new Outgoing(Outgoing.Kind.FRAME, new byte[MIB], null, null, null));
        line.expect("first");
    }

    private void drain() {
        line.flow();
        for (int i = 0; i < 16; i++) {
            assertTrue(line.next().startsWith("["));
        }
    }

    @Test
    void aStoredMessageThatDoesNotFitIsPagedWhenTheOutboxIsHalfEmpty() {
        subscription.release();
        fill();
        assertTrue(deliver(6));
        assertTrue(deliver(7));
        assertTrue(asked.isEmpty(), "no page while it is full");
        drain();
        asked(5, 7).answer().complete(page(5, 7, 7, 0, 6, 7));
        expect(6);
        expect(7);
        deliver(8);
        expect(8);
        assertEquals(1, station.registry.online(Station.user("ann")), "a slow reader stays");
    }

    @Test
    void thePageEndsWhereItDoesNotFitAndGoesOnFromThere() {
        subscription.release();
        deliver(9);
        line.stall();
        session.send(new Outgoing(Outgoing.Kind.FRAME, "first".getBytes(), null, null, null));
        line.expect("first");
        Message large = message(EPOCH, 7, "x".repeat(MIB), null);
        List<Message> messages = List.of(message(6), large, message(8), message(9));
        asked(5, 9).answer().complete(new Page(EPOCH, messages, 5, 9, 9, 0L));
        assertTrue(asked.isEmpty());
        line.flow();
        expect(6);
        asked(6, 9).answer().complete(page(6, 9, 9, 0, 7, 8, 9));
        expect(7);
        expect(8);
        expect(9);
    }

    @Test
    void aGapThatDoesNotFitIsToldLater() {
        subscription.release();
        deliver(9);
        fill();
        asked(5, 9).answer().complete(page(7, 9, 9, 2, 8, 9));
        drain();
        asked(5, 9).answer().complete(page(8, 9, 9, 3, 9));
        expectGap(3L, new Position(EPOCH, 8));
        expect(9);
    }

    @Test
    void aGapThatWasToldIsNotToldAgainWhenTheMessageAfterItDoesNotFit() {
        subscription.release();
        deliver(9);
        line.stall();
        session.send(new Outgoing(Outgoing.Kind.FRAME, "first".getBytes(), null, null, null));
        line.expect("first");
        Message large = message(EPOCH, 9, "x".repeat(MIB), null);
        asked(5, 9).answer().complete(new Page(EPOCH, List.of(large), 8, 9, 9, 3L));
        assertTrue(ack(EPOCH, 8));
        line.flow();
        expectGap(3L, new Position(EPOCH, 8));
        asked(8, 9).answer().complete(page(8, 9, 9, 0, 9));
        expect(9);
    }

    @Test
    void aMessageWithoutHistoryThatDoesNotFitEndsTheSession() {
        subscription.release();
        fill();
        deliver(message(6), false);
        line.flow();
        line.expect("CLOSE 4101 too slow: come back and resume");
    }

    @Test
    void aMessageWithoutHistoryIsPassedOnAndItsOffsetCounts() {
        subscription.release();
        assertTrue(deliver(message(6), false));
        expect(6);
        assertTrue(deliver(7));
        expect(7);
    }

    @Test
    void whatIsForThoseOnlineNowIsOfferedAtOnceEvenBehind() {
        subscription.release();
        deliver(8);
        assertTrue(deliver(message(null, 0, "now", null), false));
        expect("now", null);
        assertFalse(deliver(message(null, 0, "not you", session.id()), false));
        asked(5, 8).answer().complete(page(5, 8, 8, 0, 8));
        expect(8);
    }

    @Test
    void whatIsForThoseOnlineNowAndDoesNotFitEndsTheSession() {
        subscription.release();
        fill();
        deliver(message(null, 0, "now", null), false);
        line.flow();
        line.expect("CLOSE 4101 too slow: come back and resume");
    }

    // ---- another epoch

    private static final String NEXT = "bbbbbbbb";

    @Test
    void anotherEpochBeginsAtItsStartWithAnUnknownGap() {
        subscription.release();
        deliver(message(NEXT, 2, "n2", null), true);
        deliver(message(NEXT, 4, "n4", null), true);
        line.assertExhausted();
        List<Message> first = List.of(message(NEXT, 2, "n2", null), message(NEXT, 3, "n3", null));
        asked(5, 5).answer().complete(new Page(NEXT, first, 1, 3, 3, null));
        expectGap(null, new Position(NEXT, 1));
        expect("n2", new Position(NEXT, 2));
        expect("n3", new Position(NEXT, 3));
        Asked second = asked.poll();
        assertEquals(new Asked(new Position(NEXT, 3), 4, second.answer()), second, "it knows of the fourth");
        second.answer().complete(new Page(NEXT, List.of(message(NEXT, 4, "n4", null)), 3, 4, 4, 0L));
        expect("n4", new Position(NEXT, 4));
        deliver(message(NEXT, 5, "n5", null), true);
        expect("n5", new Position(NEXT, 5));
        assertTrue(ack(NEXT, 5));
        assertFalse(ack(EPOCH, 5), "an epoch that is over");
    }

    @Test
    void anotherEpochWhileHeld() {
        subscription.reach(new Position(NEXT, 1));
        subscription.release();
        asked(5, 5).answer().complete(new Page(NEXT, List.of(message(NEXT, 1, "n1", null)), 0, 1, 1, null));
        expectGap(null, new Position(NEXT, 0));
        expect("n1", new Position(NEXT, 1));
    }

    /** A broker that contradicts itself must not be asked for ever; the next message tells who was right. */
    @Test
    void anotherEpochThatThePagesDoNotKnowEndsTheAsking() {
        int[] questions = {0};
        atOnce = after -> {
            assertTrue(++questions[0] < 10, "it asks again and again");
            return page(5, 5, 5, 0);
        };
        subscription.release();
        deliver(message(NEXT, 1, "n1", null), true);
        deliver(6);
        expect(6);
    }

    @Test
    void anotherEpochThatWasAnnouncedSinceThePageWasAskedForIsAskedForAgain() {
        subscription.release();
        deliver(9);
        Asked first = asked(5, 9);
        deliver(message(NEXT, 1, "n1", null), true);
        first.answer().complete(page(5, 5, 5, 0));
        asked(5, 9).answer().complete(new Page(NEXT, List.of(message(NEXT, 1, "n1", null)), 0, 1, 1, null));
        expectGap(null, new Position(NEXT, 0));
        expect("n1", new Position(NEXT, 1));
    }

    @Test
    void whatWasAckedInAnotherEpochSaysNothingOfThisOne() {
        subscription.release();
        assertTrue(ack(EPOCH, 5));
        deliver(message(NEXT, 2, "n2", null), true);
        asked(5, 5).answer().complete(new Page(NEXT, List.of(message(NEXT, 2, "n2", null)), 1, 2, 2, null));
        expectGap(null, new Position(NEXT, 1));
        expect("n2", new Position(NEXT, 2));
        assertEquals(1, subscription.acked());
        assertTrue(ack(NEXT, 2));
        assertEquals(2, subscription.acked());
    }

    @Test
    void theGapOfAnotherEpochIsNotLostInAFullOutbox() {
        subscription.release();
        fill();
        deliver(message(NEXT, 1, "n1", null), true);
        Page page = new Page(NEXT, List.of(message(NEXT, 1, "n1", null)), 0, 1, 1, null);
        asked(5, 5).answer().complete(page);
        drain();
        asked(5, 5).answer().complete(page);
        expectGap(null, new Position(NEXT, 0));
        expect("n1", new Position(NEXT, 1));
    }

    // ---- acks, standing, the end

    @Test
    void acksGoNoFurtherThanWhatWasOffered() {
        assertTrue(ack(EPOCH, 5), "where it starts");
        assertFalse(ack(EPOCH, 6));
        subscription.release();
        deliver(6);
        expect(6);
        assertTrue(ack(EPOCH, 6));
        assertTrue(ack(EPOCH, 3));
        assertFalse(ack(EPOCH, 7));
        assertFalse(ack(NEXT, 6));
        deliver(9);
        assertFalse(ack(EPOCH, 9), "newest is not offered yet");
        asked(6, 9);
    }

    /** The last fates of all sessions stand in one list. */
    @Test
    void failuresThatNeverWereDriveOutNoFates() {
        subscription.release();
        deliver(6);
        expect(6);
        Position six = new Position(EPOCH, 6);
        List<Position> failed = new ArrayList<>(List.of(six, new Position(EPOCH, 4), new Position(EPOCH, 7)));
        failed.add(new Position(NEXT, 6));
        subscription.ack(six, failed, new AfterUnlock(new Pumps(new InTurn())));
        assertEquals(Map.of(session.id(), Fates.Receiver.Outcome.FAILED), fates.passed(NEWS, six));
        failed.remove(six);
        failed.forEach(never -> assertEquals(Map.of(), fates.passed(NEWS, never)));
    }

    @Test
    void itsStandingIsWhatWasOfferedAndWhatThereIs() {
        subscription.release();
        deliver(6);
        expect(6);
        deliver(9);
        assertEquals(new Position(EPOCH, 6), subscription.standing().position());
        assertEquals(new Position(EPOCH, 9), subscription.standing().newest());
        assertFalse(subscription.standing().recovered());
        asked(6, 9);
    }

    @Test
    void closedItTakesNothingAndAPageUnderWayIsForgotten() {
        subscription.release();
        deliver(9);
        AfterUnlock after = new AfterUnlock(new Pumps(new InTurn()));
        subscription.close(after);
        after.flush();
        assertFalse(deliver(10));
        assertFalse(deliver(message(null, 0, "now", null), false));
        assertFalse(subscription.online());
        assertFalse(ack(EPOCH, 5));
        asked(5, 9).answer().complete(page(5, 9, 9, 0, 6, 7, 8, 9));
        subscription.drained();
        subscription.release();
        assertNull(asked.peek());
    }
}
