package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import parley.auth.Identity;
import parley.history.HistorySettings;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Json;
import parley.message.Position;

class SessionRegistryTest {

    private static final Channel NEWS = Station.topic("news");

    private final Station station = new Station();
    private final FakeTransport line = station.line();

    @AfterEach
    void nothingIsLeft() {
        station.close();
    }

    // ---- opening and closing

    @Test
    void aSessionOpensAndClosesOnce() {
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        assertEquals(3, station.registry.size(), "a session, its user channel and everyone");
        assertEquals(1, station.registry.lines());
        session.close(Disconnect.KICKED);
        session.close(Disconnect.RESTARTING);
        line.expect("CLOSE 4008 disconnected by the operator");
        assertEquals(0, station.registry.size());
        assertEquals(1, station.registry.lines(), "its transport has not ended");
        session.close(Disconnect.GONE);
        session.close(Disconnect.GONE);
        assertEquals(0, station.registry.lines());
        assertEquals(1, station.metrics.opened.sum());
        assertEquals(1, station.metrics.closed.sum());
        station.pass(60_000);
    }

    @Test
    void aLineThatIsGoneGetsNothingMore() {
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        session.close(Disconnect.GONE);
        session.close(Disconnect.KICKED);
        assertEquals(0, station.publish(Station.user("ann"), "x").online());
        assertEquals(0, station.registry.lines());
        station.pass(60_000);
    }

    @Test
    void aSecondTabDoesNotReplaceTheFirst() {
        station.open("ann", Mode.PLAIN, line);
        FakeTransport second = station.line();
        station.open("ann", Mode.PLAIN, second);
        assertEquals(2, station.publish(Station.user("ann"), "hello").online());
        line.expect("hello");
        second.expect("hello");
    }

    @Test
    void theLateCloseOfAnOldSessionNeverRemovesTheNewOne() {
        ClientSession old = station.open("ann", Mode.PLAIN, line);
        old.close(Disconnect.KICKED);
        line.expect("CLOSE 4008 disconnected by the operator");
        FakeTransport second = station.line();
        station.open("ann", Mode.PLAIN, second);
        old.close(Disconnect.GONE);
        old.close(Disconnect.GONE);
        assertEquals(1, station.publish(Station.user("ann"), "hello").online());
        second.expect("hello");
        assertEquals(1, station.registry.lines());
    }

    @Test
    void nothingIsDeliveredOnceTheSessionIsClosed() {
        line.stall();
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.publish(Station.user("ann"), "a");
        station.publish(Station.user("ann"), "b");
        session.close(Disconnect.KICKED);
        assertEquals(0, station.publish(Station.user("ann"), "c").online());
        line.flow();
        line.expect("a", "b", "CLOSE 4008 disconnected by the operator");
    }

    @Test
    void subscribingOnAClosedSessionDoesNothing() {
        ClientSession session = station.v1("ann", line);
        session.close(Disconnect.GONE);
        assertNull(station.registry.subscribing().join(session, NEWS, Since.NOW).join());
        assertEquals(0, station.registry.size());
    }

    @Test
    void aSessionThatClosesWhileItSubscribesLeavesNothing() {
        ClientSession session = station.v1("ann", line);
        station.late.late();
        session.received("{\"type\":\"subscribe\",\"topic\":\"news\"}");
        assertEquals("standing topic:news", station.late.question());
        session.close(Disconnect.GONE);
        station.late.answerAll();
        session = station.open("bob", Mode.V1, station.line());
        session.received("{\"type\":\"hello\",\"topics\":[\"news\"]}");
        for (int i = 0; i < 3; i++) {
            station.late.answer();
        }
        assertEquals("watch user:bob", station.late.question());
        session.close(Disconnect.GONE);
        station.late.answerAll();
        assertEquals(0, station.registry.size());
        assertEquals(0, station.registry.lines());
    }

    @Test
    void aSessionWhoseChannelCannotBeReadIsClosed() {
        station.late.late();
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.late.refuse(new IllegalStateException("disk full"));
        station.late.answerAll();
        line.expect("CLOSE 1011 the server failed, it is in its log");
        session.close(Disconnect.GONE);
        assertEquals(0, station.registry.size());
    }

    @Test
    void tenThousandRandomSessionsLeaveNothing() {
        Random random = new Random(7);
        List<ClientSession> open = new ArrayList<>();
        Disconnect[] reasons = Disconnect.values();
        for (int i = 0; i < 10_000; i++) {
            String user = "u" + random.nextInt(200);
            Mode mode = Mode.values()[random.nextInt(4)];
            ClientSession session = station.open(user, mode, FakeTransport.quiet(FakeTransport.NOBODY));
            if (mode == Mode.V1 && random.nextInt(10) > 0) {
                session.received("{\"type\":\"hello\",\"topics\":[\"t" + random.nextInt(20) + "\"]}");
            }
            open.add(session);
            while (random.nextInt(10) < 5 && !open.isEmpty()) {
                ClientSession closing = open.remove(random.nextInt(open.size()));
                closing.close(reasons[random.nextInt(reasons.length)]);
                if (random.nextBoolean()) {
                    closing.close(Disconnect.GONE);
                }
            }
            if (random.nextInt(20) == 0) {
                station.pass(100);
            }
        }
        open.forEach(session -> session.close(Disconnect.KICKED));
        assertEquals(0, station.registry.size());
        station.pass(4_200); // those that never ended are aborted
        assertEquals(0, station.registry.lines());
        assertEquals(10_000, station.metrics.opened.sum());
        assertEquals(10_000, station.metrics.closed.sum());
    }

    /** The client, the heartbeat, the operator and a subscribe, all at once. */
    @Test
    void racingClosersEndASessionOnce() throws Exception {
        int rounds = 1_000;
        Disconnect[][] closers = {
            {Disconnect.GONE, Disconnect.KICKED}, {Disconnect.TOO_SLOW, Disconnect.GONE}, {Disconnect.GONE}
        };
        ClientSession[] current = new ClientSession[1];
        CyclicBarrier barrier = new CyclicBarrier(closers.length + 1);
        ExecutorService threads = Executors.newFixedThreadPool(closers.length + 1);
        List<Future<?>> done = new ArrayList<>();
        for (Disconnect[] reasons : closers) {
            done.add(threads.submit(() -> {
                for (int i = 0; i < rounds; i++) {
                    barrier.await();
                    for (Disconnect why : reasons) {
                        current[0].close(why);
                    }
                    barrier.await();
                }
                return null;
            }));
        }
        done.add(threads.submit(() -> {
            for (int i = 0; i < rounds; i++) {
                current[0] = station.open("ann", Mode.PLAIN, FakeTransport.quiet(FakeTransport.NOBODY));
                barrier.await();
                station.registry.subscribing().join(current[0], NEWS, Since.NOW);
                barrier.await();
                assertEquals(0, station.registry.size());
                assertEquals(0, station.registry.lines());
            }
            return null;
        }));
        for (Future<?> one : done) {
            one.get(30, TimeUnit.SECONDS);
        }
        threads.shutdown();
        assertEquals(rounds, station.metrics.closed.sum());
        station.pass(60_000);
    }

    @Test
    void sayingGoodbyeTellsWhenToComeBackSpreadOverTheTime() {
        List<FakeTransport> lines = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            FakeTransport one = station.line();
            station.v1("u" + i, one);
            lines.add(one);
        }
        station.open("plain", Mode.PLAIN, line);
        station.registry.closeAll(5_000);
        List<String> when = new ArrayList<>();
        for (FakeTransport one : lines) {
            when.add(one.next("reconnect").raw("in"));
            one.expect("CLOSE 4103 the server restarts");
        }
        when.sort(null);
        assertEquals(List.of("0", "1000", "2000", "3000"), when);
        line.expect("CLOSE 4103 the server restarts");
        station.pass(4_200);
        lines.forEach(one -> one.expect("ABORT"));
        line.expect("ABORT");
    }

    /** The handshake was let in before the server began to stop, and is done after. */
    @ParameterizedTest
    @EnumSource
    void whoComesWhileTheServerStopsIsSentAwayAtOnce(Mode mode) {
        station.registry.closeAll(5_000);
        station.open("late", mode, line);
        List<String> all = line.rest(); // a stream is told where it starts
        assertEquals("CLOSE 4103 the server restarts", all.get(all.size() - 1));
        station.pass(4_200);
        line.expect("ABORT");
        assertEquals(0, station.registry.lines());
    }

    @Test
    void whoStopsTheServerWaitsForTheLastLine() throws Exception {
        assertTrue(station.registry.awaitEnd(Duration.ZERO));
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        assertEquals(false, station.registry.awaitEnd(Duration.ofMillis(1)));
        ExecutorService thread = Executors.newSingleThreadExecutor();
        Future<Boolean> ended = thread.submit(() -> station.registry.awaitEnd(Duration.ofSeconds(20)));
        session.close(Disconnect.GONE);
        assertTrue(ended.get(10, TimeUnit.SECONDS));
        thread.shutdown();
    }

    // ---- heartbeat

    @ParameterizedTest
    @EnumSource
    void everySessionIsPingedEvery25Seconds(Mode mode) {
        ClientSession session = mode == Mode.V1 ? station.v1("ann", line) : station.open("ann", mode, line);
        if (!mode.webSocket()) {
            line.rest(); // where it starts
        }
        for (int i = 0; i < 3; i++) {
            station.pass(24_900);
            station.pass(99);
            line.assertExhausted();
            station.pass(101);
            if (mode == Mode.V1) {
                line.expect("{\"type\":\"ping\"}");
            }
            line.expect("PING ");
            session.ponged("");
        }
    }

    @Test
    void jitterOnlyMakesPingsEarlier() {
        station.jitter(1);
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.pass(12_400);
        line.assertExhausted();
        station.pass(300);
        line.expect("PING ");
        session.ponged("");
        station.pass(22_300);
        line.assertExhausted();
        station.pass(400);
        line.expect("PING ");
    }

    @Test
    void silenceOf35SecondsEndsAWebSocket() {
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.pass(20_000);
        session.heard();
        station.pass(34_999);
        line.expect("PING ", "PING ");
        station.pass(101);
        line.expect("CLOSE 4104 nothing was heard from the client for too long");
        station.pass(1_800);
        line.assertExhausted();
        station.pass(300);
        line.expect("ABORT");
        assertEquals(0, station.registry.lines());
    }

    @Test
    void whateverTheClientSendsIsASignOfLife() {
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.pass(30_000);
        session.received("ping");
        station.pass(30_000);
        session.ponged("nonsense");
        station.pass(30_000);
        session.heard();
        station.pass(34_900);
        assertTrue(line.rest().stream().allMatch(seen -> seen.equals("PING ") || seen.equals("pong")));
    }

    @Test
    void aStreamCannotBeSilent() {
        station.open("ann", Mode.STREAM, line);
        station.pass(200_000);
        assertTrue(line.rest().stream().noneMatch(seen -> seen.startsWith("CLOSE")));
    }

    @Test
    void helloIsDueWithinTenSeconds() {
        station.open("ann", Mode.V1, line);
        station.pass(9_999);
        line.assertExhausted();
        station.pass(101);
        line.expect("CLOSE 4104 no hello within 10 s");
        station.pass(2_100);
        line.expect("ABORT");
    }

    /** One piece now and then would be a sign of life for ever. */
    @Test
    void aMessageInPiecesIsDueWithinTenSeconds() {
        ClientSession session = station.v1("ann", line);
        station.pass(3_000);
        session.messageBegan();
        station.pass(9_999);
        session.heard();
        line.assertExhausted();
        station.pass(101);
        line.expect("CLOSE 4104 a message did not become whole within 10 s");
        station.pass(2_100);
        line.expect("ABORT");
    }

    @Test
    void aMessageThatBecomesWholeStopsThatClock() {
        ClientSession session = station.v1("ann", line);
        session.messageBegan();
        station.pass(9_000);
        session.messageEnded();
        station.pass(2_000);
        session.messageBegan();
        station.pass(9_000);
        line.assertExhausted();
        session.close(Disconnect.GONE);
    }

    @Test
    void aHelloInTimeStopsThatClock() {
        ClientSession session = station.open("ann", Mode.V1, line);
        station.pass(9_999);
        session.received("{\"type\":\"hello\"}");
        line.next("welcome");
        station.pass(10_000);
    }

    @Test
    void aWriteThatIsNotTakenForTenSecondsEndsTheSession() {
        line.stall();
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.pass(3_000);
        station.publish(Station.user("ann"), "a");
        line.expect("a");
        station.pass(5_000);
        session.heard();
        station.publish(Station.user("ann"), "b");
        station.pass(4_999);
        assertEquals(1, station.registry.online(Station.user("ann")));
        station.pass(101);
        assertEquals(0, station.registry.online(Station.user("ann")));
        assertEquals(1, station.metrics.tooSlow.sum());
        station.pass(1_800);
        line.assertExhausted();
        station.pass(300);
        line.expect("ABORT");
        line.flow();
    }

    @Test
    void aSlowReaderThatReadsAtAllStays() {
        line.stall();
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        for (int i = 0; i < 20; i++) {
            station.publish(Station.user("ann"), "x");
            station.pass(9_000);
            session.heard();
            line.complete();
        }
        assertEquals(1, station.registry.online(Station.user("ann")));
        line.rest();
    }

    // ---- closing takes two seconds, and two more

    private ClientSession stalledWithQueue() {
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.pass(1_000);
        line.stall();
        station.publish(Station.user("ann"), "a");
        station.publish(Station.user("ann"), "b");
        station.publish(Station.user("ann"), "c");
        line.expect("a");
        return session;
    }

    @Test
    void whatWaitsMayLeaveForTwoSeconds() {
        ClientSession session = stalledWithQueue();
        session.close(Disconnect.KICKED);
        station.pass(1_999);
        line.complete();
        line.expect("b", "c");
        station.pass(1_900);
        line.complete();
        line.expect("CLOSE 4008 disconnected by the operator");
        line.assertExhausted();
        station.pass(201);
        line.expect("ABORT");
        assertEquals(0, station.registry.lines());
    }

    @Test
    void afterTwoSecondsItIsDroppedAndOnlyTheCloseLeaves() {
        ClientSession session = stalledWithQueue();
        session.close(Disconnect.KICKED);
        station.pass(2_100);
        line.complete();
        line.expect("CLOSE 4008 disconnected by the operator");
        session.close(Disconnect.GONE);
        station.pass(10_000);
    }

    /** The wheel visits a session at its heartbeat too, which is no reason to give up its queue. */
    @Test
    void aHeartbeatThatIsDueDoesNotCutTheTwoSecondsShort() {
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.pass(24_000);
        line.stall();
        station.publish(Station.user("ann"), "a");
        station.publish(Station.user("ann"), "b");
        line.expect("a");
        session.close(Disconnect.KICKED);
        station.pass(1_500); // over the heartbeat at 25 s
        line.flow();
        line.expect("b", "CLOSE 4008 disconnected by the operator");
        station.pass(1_900); // the client has two seconds for its own close
        line.assertExhausted();
        station.pass(300);
        line.expect("ABORT");
    }

    @Test
    void aLineThatNeverMovesIsCutAfterFourSeconds() {
        ClientSession session = stalledWithQueue();
        session.close(Disconnect.KICKED);
        station.pass(3_999);
        assertEquals(1, station.registry.lines());
        station.pass(101);
        line.expect("ABORT");
        assertEquals(0, station.registry.lines());
        line.flow();
    }

    @Test
    void tooSlowIsCutAfterTwoSecondsAndItsQueueIsDroppedAtOnce() {
        ClientSession session = stalledWithQueue();
        session.close(Disconnect.TOO_SLOW);
        station.pass(1_000);
        line.complete();
        line.expect("CLOSE 4101 too slow: come back and resume");
        station.pass(1_100);
        line.expect("ABORT");
    }

    // ---- what a plain client confirms

    @Test
    void aPlainClientIsAskedWithinTwoSecondsWhetherItHasIt() {
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.pass(5_000);
        Position position = station.publish(Station.user("ann"), "a").position();
        line.expect("a");
        station.pass(2_000);
        line.expect("PING " + position);
        assertNull(station.cursor("ann"), "written is not received");
        session.ponged(position.toString());
        assertEquals(1, station.cursor("ann"));
        station.pass(20_000);
        line.assertExhausted();
    }

    @Test
    void severalMessagesAreConfirmedByOnePong() {
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.publish(Station.user("ann"), "a");
        station.pass(1_000);
        Position second = station.publish(Station.user("ann"), "b").position();
        line.expect("a", "b");
        station.pass(1_000);
        line.expect("PING " + second);
        Position third = station.publish(Station.user("ann"), "c").position();
        session.ponged(second.toString());
        assertEquals(2, station.cursor("ann"), "the third was handed over after that ping");
        line.expect("c");
        station.pass(2_000);
        line.expect("PING " + third);
        session.ponged(third.toString());
        assertEquals(3, station.cursor("ann"));
    }

    @Test
    void anotherChannelAsksForNoConfirmation() {
        station.registry.open(
                Identity.open("ann"),
                Mode.PLAIN,
                line,
                Map.of(Station.user("ann"), Since.INBOX, NEWS, Since.NOW),
                true);
        station.publish(NEWS, "a");
        line.expect("a");
        station.pass(10_000);
    }

    @Test
    void aPongProvesOnlyWhatWasHandedOver() {
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        Position position = station.publish(Station.user("ann"), "a").position();
        line.expect("a");
        session.ponged(position.epoch() + "-99");
        session.ponged("aaaaaaaa-1");
        session.ponged("");
        assertNull(station.cursor("ann"));
        line.stall();
        station.publish(Station.user("ann"), "b");
        Position waits = station.publish(Station.user("ann"), "c").position();
        session.ponged(waits.toString());
        assertNull(station.cursor("ann"), "it still waits here");
        line.flow();
        line.expect("b", "c");
        session.ponged(waits.toString());
        assertEquals(3, station.cursor("ann"));
    }

    @Test
    void sinceNowNeverMovesTheInbox() {
        for (Mode mode : Mode.values()) {
            FakeTransport one = station.line();
            ClientSession session =
                    station.registry.open(Identity.open("ann"), mode, one, Station.starts("ann", Since.NOW), false);
            session.received("{\"type\":\"hello\"}");
            Position position = station.publish(Station.user("ann"), "a").position();
            session.ponged(position.toString());
            session.received("{\"type\":\"ack\",\"channel\":\"user:ann\",\"position\":\"" + position + "\"}");
            session.close(Disconnect.GONE);
            assertNull(station.cursor("ann"), mode.name());
            one.rest();
        }
    }

    @Test
    void aStreamHasItWhenItIsWritten() {
        line.stall();
        station.open("ann", Mode.STREAM, line);
        line.flow();
        line.rest();
        line.stall();
        station.publish(Station.user("ann"), "a");
        line.expect("a");
        assertNull(station.cursor("ann"), "handed over is not written");
        line.complete();
        assertEquals(1, station.cursor("ann"));
        station.publish(Station.user("ann"), "b");
        line.expect("b");
        line.fail(new java.io.IOException("reset"));
        assertEquals(1, station.cursor("ann"));
        line.expect("ABORT");
        assertEquals(0, station.registry.lines());
    }

    @Test
    void aV1ClientHasItWhenItSaysSo() {
        ClientSession session = station.v1("ann", line);
        Position first = station.publish(Station.user("ann"), "a").position();
        Position second = station.publish(Station.user("ann"), "b").position();
        line.next("message");
        line.next("message");
        session.ponged(second.toString());
        assertNull(station.cursor("ann"));
        session.received("{\"type\":\"ack\",\"channel\":\"user:ann\",\"position\":\"" + second + "\"}");
        session.received("{\"type\":\"ack\",\"channel\":\"user:ann\",\"position\":\"" + first + "\"}");
        assertEquals(2, station.cursor("ann"), "it only rises");
    }

    // ---- a process that stood still

    @Test
    void aMinuteOfStandstillIsForgiven() {
        ClientSession plain = station.open("ann", Mode.PLAIN, line);
        FakeTransport silent = station.line();
        station.open("bob", Mode.V1, silent);
        FakeTransport slow = station.line();
        slow.stall();
        station.open("cem", Mode.PLAIN, slow);
        station.publish(Station.user("cem"), "x");
        slow.expect("x");
        station.pass(5_000);
        station.time.advance(60_000);
        station.registry.tick();
        station.pass(4_800);
        line.assertExhausted();
        silent.assertExhausted();
        slow.assertExhausted();
        assertEquals(3, station.registry.lines());
        station.pass(200);
        silent.expect("CLOSE 4104 no hello within 10 s");
        assertEquals(0, station.registry.online(Station.user("cem")), "ten seconds of it were ours");
        plain.heard();
        station.pass(2_100);
        silent.expect("ABORT");
        slow.expect("ABORT");
        station.pass(34_700 - 2_100);
        line.expect("PING ");
        station.pass(400);
        line.expect("CLOSE 4104 nothing was heard from the client for too long");
    }

    /** A byte that came before the tick noticed the standstill is not from the future. */
    @Test
    void whatWasHeardBeforeTheLateTickCountsFromThatTick() {
        ClientSession session = station.open("ann", Mode.PLAIN, line);
        station.pass(5_000);
        station.time.advance(60_000);
        session.heard();
        station.registry.tick();
        station.pass(36_000 + 25_000);
        assertTrue(line.rest().stream().anyMatch(seen -> seen.startsWith("CLOSE 4104")));
    }

    /** Nor is a deadline that was set then an hour away. */
    @Test
    void aSessionThatIsClosedBeforeTheLateTickIsCutInTime() {
        ClientSession session = stalledWithQueue();
        station.time.advance(3_600_000);
        session.close(Disconnect.KICKED);
        station.registry.tick();
        station.pass(4_000 + 1_000 + 100);
        line.expect("ABORT");
        line.flow();
    }

    // ---- presence

    private static String presence(String user, boolean online) {
        return "{\"user\":\"" + user + "\",\"online\":" + online + "}";
    }

    private static void expectPresence(FakeTransport events, String user, boolean online) {
        Json.Fields event = events.next("message");
        assertEquals(presence(user, online), event.raw("body"));
        assertNull(event.raw("sender"), "presence has no sender");
    }

    @Test
    void comingsAndGoingsOfUsersAreEvents() {
        FakeTransport events = station.events();
        ClientSession first = station.open("ann", Mode.PLAIN, line);
        events.assertExhausted();
        station.pass(100);
        expectPresence(events, "ann", true);
        ClientSession second = station.open("ann", Mode.PLAIN, station.line());
        station.pass(100);
        first.close(Disconnect.GONE);
        station.pass(100);
        events.assertExhausted();
        second.close(Disconnect.GONE);
        station.pass(100);
        expectPresence(events, "ann", false);
        station.pass(1_000);
    }

    @Test
    void whoOnlyLookedInBetweenTwoTicksIsNotAnnounced() {
        FakeTransport events = station.events();
        station.open("ann", Mode.PLAIN, line).close(Disconnect.GONE);
        station.pass(100);
        events.assertExhausted();
        ClientSession session = station.open("ann", Mode.PLAIN, station.line());
        station.pass(100);
        expectPresence(events, "ann", true);
        session.close(Disconnect.GONE);
        station.open("ann", Mode.PLAIN, station.line());
        station.pass(100);
    }

    /** As when the disk is full: back ends must not take somebody for online who left meanwhile, nor for ever. */
    @Test
    void whatCannotBePublishedIsAnnouncedLater() {
        FakeTransport events = station.events();
        ClientSession ann = station.open("ann", Mode.PLAIN, line);
        ClientSession bob = station.open("bob", Mode.PLAIN, station.line());
        station.pass(100);
        assertEquals(2, events.rest().size());
        station.late.late();
        ann.close(Disconnect.GONE);
        bob.close(Disconnect.GONE);
        station.pass(100);
        assertEquals(2, station.late.owed());
        station.late.refuse(new IllegalStateException("full"));
        station.late.refuse(new IllegalStateException("full"));
        station.late.prompt();
        station.open("bob", Mode.PLAIN, station.line());
        station.pass(1_000);
        events.assertExhausted();
        station.pass(100);
        expectPresence(events, "ann", false);
        events.assertExhausted();
    }

    @Test
    void aV1SessionIsOnlineFromItsWelcome() {
        FakeTransport events = station.events();
        ClientSession session = station.open("ann", Mode.V1, line);
        station.pass(100);
        events.assertExhausted();
        assertEquals(0, station.publish(Station.user("ann"), "early").online());
        session.received("{\"type\":\"hello\"}");
        station.pass(100);
        expectPresence(events, "ann", true);
        line.next("welcome");
        line.next("message");
        assertEquals(1, station.publish(Station.user("ann"), "x").online());
        line.next("message");
    }

    @Test
    void whoIsOnlineIsListedInOrder() {
        for (String user : List.of("cem", "ann", "bob")) {
            station.open(user, Mode.PLAIN, station.line());
        }
        station.events();
        assertEquals(List.of("ann", "bob"), station.registry.users(null, 2));
        assertEquals(List.of("cem"), station.registry.users("bob", 2));
        assertEquals(List.of(), station.registry.users("cem", 2));
    }

    // ---- clients speak

    @Test
    void aPlainClientsPingIsAnswered() {
        station.open("ann", Mode.PLAIN, line).received("ping");
        line.expect("pong");
    }

    @Test
    void aPlainClientReachesAnotherAndCannotBeSomebodyElse() {
        FakeTransport other = station.line();
        station.open("bob", Mode.PLAIN, other);
        ClientSession ann = station.open("ann", Mode.PLAIN, line);
        ann.received("{\"sender\":\"root\",\"reception\":\"bob\",\"body\":\"hi\",\"flag\":\"inform\"}");
        other.expect("{\"sender\":\"ann\",\"reception\":\"bob\",\"body\":\"hi\",\"flag\":\"inform\"}");
        ann.received("{\"reception\":\"user:bob\",\"body\":{\"a\": [1, 2.50]}}");
        other.expect("{\"sender\":\"ann\",\"reception\":\"user:bob\",\"body\":{\"a\": [1, 2.50]}}");
        ann.received("{\"reception\":\"user:ann\",\"body\":\"to myself\"}");
        line.expect("{\"sender\":\"ann\",\"reception\":\"user:ann\",\"body\":\"to myself\"}");
    }

    @Test
    void everythingElseGoesToTheBackEnds() throws Exception {
        FakeTransport events = station.events();
        ClientSession ann = station.open("ann", Mode.PLAIN, line);
        for (String text : List.of("test1", "{\"no\":\"reception\"}", "{broken", "[1]", "")) {
            ann.received(text);
            Json.Fields event = events.next("message");
            assertEquals("ann", event.text("sender"));
            assertEquals(text.startsWith("{\"no") ? text : Json.quote(text), event.raw("body"));
        }
        assertEquals(0, station.metrics.clientErrors.sum());
    }

    @Test
    void onlyTheOperatorLetsClientsSpeakToEveryone() {
        ClientSession ann = station.open("ann", Mode.PLAIN, line);
        ann.received("{\"reception\":\"everyone\",\"body\":\"hi\"}");
        assertEquals(1, station.metrics.clientErrors.sum());
        Station loud = new Station(HistorySettings.standard(), new SessionSettings(50, 200, true));
        FakeTransport heard = loud.line();
        loud.open("ann", Mode.PLAIN, heard).received("{\"reception\":\"everyone\",\"body\":\"hi\"}");
        heard.expect("{\"sender\":\"ann\",\"reception\":\"everyone\",\"body\":\"hi\"}");
        loud.close();
    }

    @Test
    void errorsOfAPlainClientAreCountedAndNeverSent() {
        ClientSession ann = station.open("ann", Mode.PLAIN, line);
        ann.received("{\"reception\":\"a/b\",\"body\":\"hi\"}");
        ann.received("{\"reception\":\"topic:\",\"body\":\"hi\"}");
        assertEquals(2, station.metrics.clientErrors.sum());
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "V1"})
    void fiftyMessagesASecondAnd200AtOnce(Mode mode) {
        ClientSession ann = mode == Mode.V1 ? station.v1("ann", line) : station.open("ann", mode, line);
        String text = mode == Mode.V1 ? "{\"type\":\"send\",\"body\":\"x\"}" : "x";
        for (int i = 0; i < 200; i++) {
            ann.received(text);
        }
        station.pass(1_000);
        for (int i = 0; i < 50; i++) {
            ann.received(text);
        }
        List<String> answers = line.rest();
        assertEquals(mode == Mode.V1 ? 250 : 0, answers.size());
        assertTrue(answers.stream().allMatch(answer -> answer.startsWith("{\"type\":\"sent\"")));
        ann.received(text);
        line.expect("CLOSE 4129 more than 50 messages per second: slow down");
        assertEquals(250, station.top(Channel.EVENTS).offset() - 1, "and the announcement of ann");
    }

    @Test
    void anExcludedSessionGetsNothing() {
        ClientSession first = station.open("ann", Mode.PLAIN, line);
        FakeTransport second = station.line();
        station.open("ann", Mode.PLAIN, second);
        Draft draft = new Draft(Station.user("ann"), null, null, null, Body.text("x"), null, null, first.id());
        assertEquals(1, station.publish(draft).online());
        second.expect("x");
    }
}
