package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.auth.Identity;
import parley.broker.LocalBroker;
import parley.history.HistorySettings;
import parley.history.MemoryHistory;
import parley.message.Channel;
import parley.message.ManualTime;
import parley.message.Position;
import parley.metrics.Metrics;

class OutboxTest {

    private static final int MIB = 1 << 20;
    private static final int WRITE = 64 << 10;
    private static final int OVERHEAD = 64;
    private static final Channel NEWS = new Channel.Topic("news");

    private final FakeTransport line = new FakeTransport();
    private final Owner owner = new Owner();
    private final Pumps pumps = new Pumps(1);
    private Outbox outbox = new Outbox(line, owner, null);

    /** Notes what the outbox tells. */
    private static class Owner implements Outbox.Owner {
        final List<Throwable> failures = new ArrayList<>();
        int handedOver;
        int written;
        int pending;
        long now = 1_000;
        Runnable onWritten = () -> {};

        @Override
        public void handedOver(List<Transport.Frame> frames) {
            handedOver++;
        }

        @Override
        public void written(List<Transport.Frame> frames) {
            written++;
            onWritten.run();
        }

        @Override
        public void pending() {
            pending++;
        }

        @Override
        public void closeSent() {}

        /** As the pump threads do: another one goes on, not deeper in the same stack. */
        @Override
        public void again(Outbox outbox) {
            if (again != null) {
                again.set(true);
                return;
            }
            again = new AtomicBoolean(true);
            while (again.getAndSet(false)) {
                outbox.pump();
            }
            again = null;
        }

        private AtomicBoolean again; // while again is at work: whether it was called meanwhile

        @Override
        public void failed(Throwable failure) {
            failures.add(failure);
        }

        @Override
        public String pingPayload() {
            return "payload-" + handedOver;
        }

        @Override
        public long now() {
            return now;
        }
    }

    @AfterEach
    void nothingIsLeft() {
        pumps.close();
        line.assertExhausted();
    }

    @Test
    void aLineThatThrowsFailsAloneAndTheNextIsPumped() {
        Owner unlucky = new Owner();
        RuntimeException thrown = new IllegalStateException("recycled");
        Transport throwing = (Transport) java.lang.reflect.Proxy.newProxyInstance(
                Transport.class.getClassLoader(), new Class<?>[] {Transport.class}, (proxy, method, arguments) -> {
                    throw thrown;
                });
        Outbox broken = new Outbox(throwing, unlucky, null);
        AfterUnlock after = new AfterUnlock(pumps);
        broken.offer(text("lost"), null, after);
        outbox.offer(text("found"), null, after);
        after.flush();
        assertEquals(List.of(thrown), unlucky.failures);
        assertEquals("found", line.next());
    }

    private static Outgoing text(String text) {
        return new Outgoing(
                Outgoing.Kind.MESSAGE, text.getBytes(StandardCharsets.UTF_8), NEWS, new Position("aaaaaaaa", 1), null);
    }

    private static Outgoing collapsing(String text, String name, Channel channel) {
        return new Outgoing(Outgoing.Kind.MESSAGE, text.getBytes(StandardCharsets.UTF_8), channel, null, name);
    }

    private static Outgoing bytes(int count) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) 'x');
        return new Outgoing(Outgoing.Kind.MESSAGE, bytes, NEWS, null, null);
    }

    private Offer offer(Outgoing out) {
        return offer(out, null);
    }

    private Offer offer(Outgoing out, Subscription drained) {
        AfterUnlock after = new AfterUnlock(pumps);
        Offer offer = outbox.offer(out, drained, after);
        after.flush();
        return offer;
    }

    private void ping() {
        AfterUnlock after = new AfterUnlock(pumps);
        outbox.ping(after);
        after.flush();
    }

    private void offerAll(String... texts) {
        for (String text : texts) {
            assertSame(Offer.ACCEPTED, offer(text(text)));
        }
    }

    @Test
    void writesInTheOrderOfTheOffers() {
        offerAll("a", "b", "c");
        line.expect("a", "b", "c");
        assertEquals(3, owner.written);
        assertEquals(0, owner.pending);
    }

    @Test
    void oneWriteAtATimeAndThenAllThatWaitsInOne() {
        line.stall();
        offerAll("a", "b", "c");
        line.expect("a");
        assertEquals(1, line.writes());
        assertEquals(1, owner.pending);
        line.complete();
        line.expect("b", "c");
        assertEquals(2, line.writes());
        line.complete();
        assertEquals(2, line.writes());
        offerAll("d");
        line.expect("d");
        line.complete();
        assertEquals(3, owner.written);
    }

    @Test
    void pongsToACrowdOfPingsLeaveInOneWrite() {
        assertTrue(outbox.pong(new byte[] {'a'}));
        assertFalse(outbox.pong(new byte[] {'b'})); // somebody is about to pump
        assertEquals(0, line.writes());
        outbox.pump();
        line.expect("PONG a", "PONG b");
        assertEquals(1, line.writes());
        line.stall();
        offerAll("text");
        assertFalse(outbox.pong(new byte[] {'c'}));
        line.expect("text");
        line.complete();
        line.expect("PONG c");
        line.complete();
        assertTrue(outbox.pong(new byte[] {'d'}));
    }

    @Test
    void theOldestOfTooManyPingsGoesUnanswered() {
        for (int i = 0; i <= OutboxQueue.MAX_PONGS; i++) {
            outbox.pong(new byte[] {(byte) ('a' + i)});
        }
        outbox.pump();
        for (int i = 1; i <= OutboxQueue.MAX_PONGS; i++) {
            assertEquals("PONG " + (char) ('a' + i), line.next());
        }
    }

    @Test
    void whoIsClosedAnswersNoPing() {
        outbox.close(Disconnect.LEFT, "bye", false);
        line.expect("CLOSE 1000 bye");
        assertFalse(outbox.pong(new byte[0]));
    }

    @Test
    void onlyWhoFindsItIdleHasToPump() {
        AfterUnlock first = new AfterUnlock(pumps);
        AfterUnlock second = new AfterUnlock(pumps);
        outbox.offer(text("a"), null, first);
        outbox.offer(text("b"), null, second);
        second.flush();
        assertEquals(0, line.writes());
        first.flush();
        line.expect("a", "b");
        assertEquals(1, line.writes());
        outbox.pump();
        assertEquals(1, line.writes(), "nothing waits: nothing is written");
    }

    @Test
    void aWriteIs64KibAtMost() {
        line.stall();
        offerAll("first");
        Outgoing part = bytes(20_000);
        for (int i = 0; i < 7; i++) {
            offer(part);
        }
        line.flow();
        line.rest();
        assertEquals(5, line.nextWriteSize());
        assertEquals(60_000, line.nextWriteSize());
        assertEquals(60_000, line.nextWriteSize());
        assertEquals(20_000, line.nextWriteSize());
    }

    @Test
    void exactly64KibGoInOnePieceAndOneByteMoreInTwo() {
        offer(bytes(WRITE));
        assertEquals(WRITE, line.next().length());
        offer(bytes(WRITE + 1));
        line.expect("[0..65536 of 65537]", "[65536..65537 of 65537]");
    }

    @Test
    void aLongTextGoesInPiecesWithPingsBetween() {
        line.stall();
        offer(bytes(150_000));
        offerAll("after");
        line.expect("[0..65536 of 150000]");
        ping();
        ping();
        line.complete();
        line.expect("[65536..131072 of 150000]", "PING payload-2");
        line.complete();
        line.expect("[131072..150000 of 150000]", "after");
        line.complete();
    }

    @Test
    void aPingFrameNeverGoesBetweenPieces() {
        outbox = new Outbox(line, owner, text("ping frame"));
        line.stall();
        offer(bytes(100_000));
        line.expect("[0..65536 of 100000]");
        ping();
        line.complete();
        line.expect("[65536..100000 of 100000]", "ping frame", "PING payload-2");
        line.complete();
        offer(bytes(150_000));
        line.expect("[0..65536 of 150000]");
        ping();
        line.complete();
        line.expect("[65536..131072 of 150000]", "PING payload-4");
        line.complete();
        line.expect("[131072..150000 of 150000]");
        line.complete();
    }

    @Test
    void aPingIsTheLastOfItsWriteAndCountsWhatItFollows() {
        AfterUnlock after = new AfterUnlock(pumps);
        outbox.ping(after);
        outbox.offer(text("a"), null, after);
        after.flush();
        line.expect("a", "PING payload-1");
        assertEquals(1, line.writes());
        ping();
        line.expect("PING payload-2");
    }

    @Test
    void oneMebibyteWaitsBesideTheWriteUnderWay() {
        line.stall();
        offer(bytes(1_000));
        Outgoing part = bytes(WRITE - OVERHEAD);
        for (int i = 0; i < 16; i++) {
            assertSame(Offer.ACCEPTED, offer(part), "part " + i);
        }
        assertSame(Offer.OVERFLOW, offer(text("")));
        line.complete();
        assertSame(Offer.ACCEPTED, offer(part), "the place of the part that left");
        assertSame(Offer.OVERFLOW, offer(text("")));
        line.flow();
        assertEquals(18, line.rest().size());
    }

    /** Else a slow reader's own ping, or the answer to its send, would be the end of it. */
    @Test
    void anAnswerFitsBesideABoundThatMessagesHaveFilled() {
        line.stall();
        offerAll("under way");
        offer(bytes(MIB - OVERHEAD));
        assertSame(Offer.OVERFLOW, offer(text("")));
        Outgoing answer = new Outgoing(Outgoing.Kind.FRAME, new byte[1_000 - OVERHEAD], null, null, null);
        for (int i = 0; i < 65; i++) {
            assertSame(Offer.ACCEPTED, offer(answer), "answer " + i);
        }
        assertSame(Offer.OVERFLOW, offer(answer), "they have a bound of their own");
        line.flow();
        line.rest();
    }

    @Test
    void thePiecesThatLeftMakeRoom() {
        line.stall();
        offer(bytes(MIB));
        assertSame(Offer.ACCEPTED, offer(bytes(WRITE - 2 * OVERHEAD)));
        assertSame(Offer.OVERFLOW, offer(text("x")));
        line.complete();
        assertSame(Offer.ACCEPTED, offer(bytes(WRITE - OVERHEAD)));
        assertSame(Offer.OVERFLOW, offer(text("x")));
        line.flow();
        assertEquals(16 + 2, line.rest().size());
    }

    @Test
    void anEmptyOutboxAcceptsAnyOneMessage() {
        line.stall();
        assertSame(Offer.ACCEPTED, offer(text("under way")));
        assertSame(Offer.ACCEPTED, offer(bytes(3 * MIB)));
        assertSame(Offer.OVERFLOW, offer(text("x")));
        line.flow();
        assertSame(Offer.ACCEPTED, offer(text("y")));
        assertEquals(1 + 48 + 1, line.rest().size());
    }

    @Test
    void emptyTextsAreBoundedToo() {
        line.stall();
        offerAll("first");
        int accepted = 0;
        while (offer(text("")).taken()) {
            accepted++;
        }
        assertEquals(MIB / OVERHEAD, accepted);
        line.flow();
        assertEquals(1 + accepted, line.rest().size());
    }

    @Test
    void pingsAreNotCountedAndAlwaysFit() {
        line.stall();
        offerAll("first");
        offer(bytes(2 * MIB));
        ping();
        line.expect("first");
        line.complete();
        line.expect("[0..65536 of 2097152]", "PING payload-2");
        line.flow();
        line.rest();
    }

    // ---- collapse

    @Test
    void aNewerMessageTakesThePlaceOfTheOneThatWaitsAtTheTail() {
        line.stall();
        offerAll("first");
        Outgoing old = collapsing("old", "price", NEWS);
        offer(old);
        offerAll("between");
        Offer.Replaced replaced = assertInstanceOf(Offer.Replaced.class, offer(collapsing("new", "price", NEWS)));
        assertSame(old, replaced.displaced());
        assertTrue(replaced.taken());
        line.flow();
        line.expect("first", "between", "new");
    }

    @Test
    void otherNamesOtherChannelsAndNoNameStay() {
        line.stall();
        offerAll("first", "no name");
        offer(collapsing("other name", "size", NEWS));
        offer(collapsing("other channel", "price", Channel.EVERYONE));
        assertSame(Offer.ACCEPTED, offer(collapsing("new", "price", NEWS)));
        line.flow();
        line.expect("first", "no name", "other name", "other channel", "new");
    }

    @Test
    void whatIsBeingWrittenIsNotReplaced() {
        line.stall();
        offer(collapsing("under way", "price", NEWS));
        assertSame(Offer.ACCEPTED, offer(collapsing("waits", "price", NEWS)));
        assertInstanceOf(Offer.Replaced.class, offer(collapsing("newer", "price", NEWS)));
        line.flow();
        line.expect("under way", "newer");
    }

    @Test
    void whatHasLeftInPartIsNotReplacedButAWholeOneBehindItIs() {
        line.stall();
        String big = "x".repeat(100_000);
        offer(collapsing(big, "price", NEWS));
        line.expect("[0..65536 of 100000]");
        assertSame(Offer.ACCEPTED, offer(collapsing("second", "price", NEWS)));
        assertInstanceOf(Offer.Replaced.class, offer(collapsing("third", "price", NEWS)));
        line.flow();
        line.expect("[65536..100000 of 100000]", "third");
    }

    @Test
    void theReplacedOneMakesRoom() {
        line.stall();
        offerAll("first");
        offer(collapsing("x".repeat(MIB - OVERHEAD), "price", NEWS));
        assertSame(Offer.OVERFLOW, offer(text("x")));
        assertInstanceOf(Offer.Replaced.class, offer(collapsing("y".repeat(MIB - 2 * OVERHEAD), "price", NEWS)));
        assertSame(Offer.ACCEPTED, offer(text("")));
        assertSame(Offer.OVERFLOW, offer(text("")));
        line.flow();
        assertEquals(1 + 16 + 1, line.rest().size());
    }

    /** Else nobody would ever write the old one, while its publisher hopes for an ack. */
    @Test
    void aNewerMessageThatDoesNotFitReplacesNothing() {
        line.stall();
        offerAll("first");
        offer(collapsing("old", "price", NEWS));
        offerAll("between");
        assertSame(Offer.OVERFLOW, offer(collapsing("x".repeat(MIB), "price", NEWS)));
        line.flow();
        line.expect("first", "old", "between");
    }

    @Test
    void aNewerMessageThatFillsTheWholeOutboxReplacesTheOnlyOneThatWaits() {
        line.stall();
        offerAll("first");
        offer(collapsing("old", "price", NEWS));
        assertInstanceOf(Offer.Replaced.class, offer(collapsing("x".repeat(MIB), "price", NEWS)));
        line.flow();
        assertEquals(1 + 16, line.rest().size());
    }

    // ---- overflow and drain

    /** A subscription that is behind and asks for a page whenever it is drained. */
    private static final class Reader {
        final LateBroker broker;
        final Subscription subscription;
        final SessionRegistry registry;

        Reader() {
            ManualTime time = new ManualTime();
            Metrics metrics = new Metrics();
            Random random = new Random(1);
            broker = new LateBroker(new LocalBroker(
                    new MemoryHistory(HistorySettings.standard(), time, random),
                    time,
                    random,
                    metrics,
                    (millis, task) -> () -> {}));
            registry = new SessionRegistry(broker.broker(), new SessionSettings(0, 0, false), metrics, time, random, 1);
            broker.broker().start(registry);
            ClientSession session =
                    registry.open(Identity.open("reader"), Mode.PLAIN, new FakeTransport(), Map.of(), true);
            broker.late();
            subscription = new Subscription(
                    session, NEWS, new Position("aaaaaaaa", 0), broker.broker(), metrics, new Pumps(1));
            subscription.reach(new Position("aaaaaaaa", 5));
            subscription.release();
            assertEquals(1, broker.pages());
        }

        int drains() {
            return broker.pages() - 1;
        }
    }

    @Test
    void tellsOnceWhenHalfIsFreeAfterAnOverflow() {
        Reader reader = new Reader();
        line.stall();
        offerAll("first");
        Outgoing part = bytes(WRITE - OVERHEAD); // sixteen fill it
        for (int i = 0; i < 16; i++) {
            offer(part);
        }
        assertSame(Offer.OVERFLOW, offer(text("x"), reader.subscription));
        for (int written = 0; written < 8; written++) { // "first" and seven parts; one is under way, eight wait
            line.complete();
        }
        assertEquals(0, reader.drains(), "eight wait, but the write that left them so is not done");
        line.complete();
        assertEquals(1, reader.drains());
        line.flow();
        assertEquals(1, reader.drains(), "once");
        line.rest();
    }

    @Test
    void eachOverflowIsToldOnceEvenByAWriteThatWasUnderWay() {
        Reader reader = new Reader();
        Reader other = new Reader();
        line.stall();
        offerAll("first");
        offer(bytes(MIB));
        assertSame(Offer.OVERFLOW, offer(text("x"), reader.subscription));
        assertSame(Offer.OVERFLOW, offer(text("x"), other.subscription));
        line.flow();
        assertEquals(1, reader.drains());
        assertEquals(1, other.drains());
        line.stall();
        offerAll("first");
        offer(bytes(MIB));
        assertSame(Offer.OVERFLOW, offer(text("x"), reader.subscription));
        line.flow();
        assertEquals(2, reader.drains());
        assertEquals(1, other.drains());
        line.rest();
    }

    @Test
    void nobodyIsToldAfterTheEnd() {
        Reader reader = new Reader();
        line.stall();
        offerAll("first");
        offer(bytes(MIB));
        assertSame(Offer.OVERFLOW, offer(text("x"), reader.subscription));
        outbox.close(Disconnect.TOO_SLOW, "slow", true);
        line.flow();
        assertEquals(0, reader.drains());
        line.expect("first", "CLOSE 4101 slow");
    }

    // ---- close and failure

    @Test
    void closeLetsTheQueueLeave() {
        line.stall();
        offerAll("a", "b");
        outbox.close(Disconnect.KICKED, "bye", false);
        assertSame(Offer.CLOSED, offer(text("c")));
        ping();
        line.expect("a");
        line.complete();
        line.expect("b");
        line.complete();
        line.expect("CLOSE 4008 bye");
    }

    @Test
    void closeDropsTheQueueWhenTold() {
        line.stall();
        offerAll("a", "b");
        ping();
        outbox.close(Disconnect.TOO_SLOW, "slow", true);
        line.expect("a");
        line.complete();
        line.expect("CLOSE 4101 slow");
    }

    @Test
    void closeOfAnIdleOutboxClosesAtOnceAndOnce() {
        outbox.close(Disconnect.KICKED, "bye", false);
        line.expect("CLOSE 4008 bye");
        outbox.close(Disconnect.RESTARTING, "again", false);
        outbox.close(Disconnect.TOO_SLOW, "again", true);
        outbox.pump();
        assertSame(Offer.CLOSED, offer(text("x")));
    }

    @Test
    void closeOfADirtyOutboxIsWrittenByWhoPumpsIt() {
        AfterUnlock after = new AfterUnlock(pumps);
        outbox.offer(text("a"), null, after);
        outbox.close(Disconnect.KICKED, "bye", false);
        assertEquals(0, line.writes());
        after.flush();
        line.expect("a", "CLOSE 4008 bye");
    }

    @Test
    void theFirstReasonWinsWhileTheQueueLeaves() {
        line.stall();
        offerAll("a", "b");
        outbox.close(Disconnect.KICKED, "bye", false);
        outbox.close(Disconnect.TOO_SLOW, "slow", true);
        line.flow();
        line.expect("a", "b", "CLOSE 4008 bye");
    }

    @Test
    void dropGivesUpWhatWaitsButNotTheClose() {
        line.stall();
        offer(bytes(100_000));
        offerAll("b");
        outbox.close(Disconnect.KICKED, "bye", false);
        outbox.drop();
        line.flow();
        line.expect("[0..65536 of 100000]", "CLOSE 4008 bye");
    }

    @Test
    void afterTheEndNothingIsWritten() {
        line.stall();
        offerAll("a", "b");
        outbox.end();
        assertSame(Offer.CLOSED, offer(text("c")));
        line.flow();
        line.expect("a");
        outbox.close(Disconnect.KICKED, "bye", false);
        assertEquals(1, line.writes());
    }

    @Test
    void aFailedWriteIsToldOnceAndNothingFollows() {
        line.stall();
        offerAll("a", "b");
        IOException cause = new IOException("reset");
        line.fail(cause);
        assertEquals(List.of(cause), owner.failures);
        assertEquals(0, owner.written);
        assertSame(Offer.CLOSED, offer(text("c")));
        outbox.close(Disconnect.KICKED, "bye", false);
        line.expect("a");
    }

    @Test
    void anInlineFailureStopsThePump() {
        List<Throwable> causes = List.of(new IOException("reset"));
        Transport broken = new Transport() {
            @Override
            public void write(List<Frame> frames, Done done) {
                done.written(causes.get(0));
            }

            @Override
            public void close(int code, String reason) {
                throw new AssertionError("nothing can be closed");
            }

            @Override
            public void abort() {}
        };
        outbox = new Outbox(broken, owner, null);
        AfterUnlock after = new AfterUnlock(pumps);
        outbox.offer(text("a"), null, after);
        outbox.offer(bytes(WRITE), null, after);
        after.flush();
        assertEquals(causes, owner.failures);
        outbox.close(Disconnect.KICKED, "bye", false);
    }

    @Test
    void tellsSinceWhenAWriteIsNotTaken() {
        assertEquals(-1, outbox.pendingSince());
        offerAll("a");
        assertEquals(-1, outbox.pendingSince());
        line.stall();
        owner.now = 2_000;
        offerAll("b");
        owner.now = 3_000;
        offerAll("c");
        assertEquals(2_000, outbox.pendingSince());
        line.complete();
        assertEquals(3_000, outbox.pendingSince());
        line.complete();
        assertEquals(-1, outbox.pendingSince());
        assertEquals(2, owner.pending);
        line.expect("a", "b", "c");
    }

    // ---- how it stands under load

    /** Each completion brings the next text: a pump that called itself would need 100,000 frames of stack. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void manyInlineWritesNeedNoDeepStack(boolean startedLater) {
        int[] left = {100_000};
        owner.onWritten = () -> {
            if (left[0]-- > 0) {
                outbox.offer(text("next"), null, new AfterUnlock(pumps));
            }
        };
        if (startedLater) {
            line.stall();
        }
        offerAll("first");
        if (startedLater) {
            line.flow();
        }
        assertEquals(100_001, line.writes());
        assertEquals(100_001, line.rest().size());
    }

    @Test
    void memoryShrinksAfterABurst() throws Exception {
        var waiting = Outbox.class.getDeclaredField("waiting");
        waiting.setAccessible(true);
        Object queue = waiting.get(outbox);
        var field = OutboxQueue.class.getDeclaredField("texts");
        field.setAccessible(true);
        line.stall();
        offerAll("first");
        Object small = field.get(queue);
        for (int i = 0; i < 64; i++) {
            offer(text(""));
        }
        line.flow();
        assertSame(small, field.get(queue), "a small queue is kept");
        line.stall();
        offerAll("first");
        for (int i = 0; i < 10_000; i++) {
            offer(text(""));
        }
        line.flow();
        assertNotSame(small, field.get(queue), "the array of a burst is given back");
        line.rest();
    }

    /** Offers, completions on two other threads and pings, all at once: nothing lost, nothing twice, each in order. */
    @Test
    void racingOffersAndCompletionsLoseNothing() throws Exception {
        int offerers = 4;
        int each = 5_000;
        ExecutorService completers = Executors.newFixedThreadPool(2);
        ExecutorService threads = Executors.newFixedThreadPool(offerers);
        List<String> got = new ArrayList<>();
        AtomicBoolean busy = new AtomicBoolean();
        Set<String> wrong = ConcurrentHashMap.newKeySet();
        CountDownLatch closed = new CountDownLatch(1);
        Transport racy = new Transport() {
            private int count;

            @Override
            public void write(List<Frame> frames, Done done) {
                if (!busy.compareAndSet(false, true)) {
                    wrong.add("two writes at once");
                }
                for (Frame frame : frames) {
                    if (frame instanceof Text text) {
                        got.add(FakeTransport.read(text.out()));
                    }
                }
                Runnable complete = () -> {
                    busy.set(false);
                    done.written(null);
                };
                if (count++ % 3 == 0) {
                    complete.run();
                } else {
                    completers.execute(complete);
                }
            }

            @Override
            public void close(int code, String reason) {
                if (busy.get()) {
                    wrong.add("a close during a write");
                }
                closed.countDown();
            }

            @Override
            public void abort() {}
        };
        outbox = new Outbox(racy, new Owner(), null);
        List<Future<?>> done = new ArrayList<>();
        for (int o = 0; o < offerers; o++) {
            int who = o;
            done.add(threads.submit(() -> {
                for (int i = 0; i < each; i++) {
                    AfterUnlock after = new AfterUnlock(pumps);
                    while (!outbox.offer(text(who + ":" + i), null, after).taken()) {
                        Thread.yield();
                    }
                    if (i % 7 == 0) {
                        outbox.ping(after);
                    }
                    after.flush();
                }
            }));
        }
        for (Future<?> one : done) {
            one.get(20, TimeUnit.SECONDS);
        }
        outbox.close(Disconnect.KICKED, "bye", false);
        threads.shutdown();
        assertTrue(closed.await(10, TimeUnit.SECONDS));
        completers.shutdown();
        assertEquals(Set.of(), wrong);
        assertEquals(offerers * each, got.size());
        int[] next = new int[offerers];
        for (String text : got) {
            String[] parts = text.split(":");
            int who = Integer.parseInt(parts[0]);
            assertEquals(next[who]++, Integer.parseInt(parts[1]), "the order of offerer " + who);
        }
    }
}
