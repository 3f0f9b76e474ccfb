package parley.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import parley.broker.Broker;
import parley.broker.Delays;
import parley.broker.ManualDelays;
import parley.message.Channel;
import parley.message.Json;
import parley.message.ManualTime;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Publication;
import parley.message.Receipt;

/** One NDJSON stream over a broker and a container that answer when the test says so. */
class PublishStreamTest {

    private static final int MAX_OPEN = 1_024;
    private static final int MIB = 1 << 20;

    private final ManualTime time = new ManualTime();
    private final ManualDelays delays = new ManualDelays(time);
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>(); // of the container's threads
    private final List<Owed> owed = new ArrayList<>();
    private FakeExchange exchange = new FakeExchange(MIB);
    private boolean prompt; // the broker answers at once

    private record Owed(Publication publication, CompletableFuture<List<Receipt>> answer) {
        String text() {
            return publication.drafts().get(0).body().content();
        }

        void answer(int number) {
            Channel channel = publication.drafts().get(0).channel();
            Position position = new Position("aaaaaaaa", number);
            answer.complete(
                    List.of(new Receipt("id" + number, channel, position, 0, Receipt.Stored.MEMORY, null, false)));
        }
    }

    private void start(Delays timer) throws Exception {
        Broker broker = (Broker) Proxy.newProxyInstance(
                Broker.class.getClassLoader(), new Class<?>[] {Broker.class}, (proxy, method, arguments) -> {
                    if (!method.getName().equals("publish")) {
                        throw new AssertionError("asked for " + method.getName());
                    }
                    Owed publication = new Owed((Publication) arguments[0], new CompletableFuture<>());
                    owed.add(publication);
                    if (prompt) {
                        publication.answer(owed.size());
                    }
                    return publication.answer;
                });
        new PublishStream(
                        exchange.context(),
                        new Items(broker, QuotaTest.UNLIMITED, Map.of(), "", Long.MAX_VALUE),
                        timer,
                        tasks::add)
                .start();
    }

    private void start() throws Exception {
        start(delays);
    }

    private void work() {
        while (!tasks.isEmpty()) {
            tasks.poll().run();
        }
    }

    private static String line(String text) {
        return "{\"userId\":\"a\",\"message\":\"" + text + "\"}\n";
    }

    private static String lines(int from, int to) {
        StringBuilder lines = new StringBuilder();
        for (int i = from; i <= to; i++) {
            lines.append(line("m" + i));
        }
        return lines.toString();
    }

    private static String id(String answer) throws Problem {
        return Json.object(answer).text("id");
    }

    private static void expectProblem(int status, String code, String answer) throws Problem {
        assertEquals("" + status, Json.object(answer).raw("status"), answer);
        assertEquals(code, Json.object(answer).text("code"), answer);
    }

    // ---- both ways

    @Test
    void aReceiptLeavesWhileTheRequestIsStillOpen() throws Exception {
        start();
        exchange.come(line("one"));
        assertEquals(List.of(), exchange.lines());
        owed.get(0).answer(1);
        work();
        assertEquals("id1", id(exchange.lines().get(0)));
        assertFalse(exchange.completed);
        exchange.end();
        assertTrue(exchange.completed);
    }

    @Test
    void receiptsComeInTheOrderOfTheLines() throws Exception {
        start();
        exchange.come(lines(1, 3));
        owed.get(2).answer(3);
        work();
        owed.get(1).answer(2);
        work();
        assertEquals(List.of(), exchange.lines(), "the first is still owed");
        owed.get(0).answer(1);
        work();
        List<String> answers = exchange.lines();
        assertEquals(3, answers.size());
        for (int i = 0; i < 3; i++) {
            assertEquals("id" + (i + 1), id(answers.get(i)));
        }
    }

    @Test
    void theRequestsEndWaitsForWhatIsOwed() throws Exception {
        start();
        exchange.come(lines(1, 2));
        exchange.end();
        owed.get(0).answer(1);
        work();
        assertFalse(exchange.completed);
        owed.get(1).answer(2);
        work();
        assertEquals(2, exchange.lines().size());
        assertTrue(exchange.completed);
        assertEquals(0, delays.size());
    }

    @Test
    void theLastLineNeedsNoLineFeed() throws Exception {
        prompt = true;
        start();
        exchange.come(line("one") + line("two").strip());
        assertEquals(1, exchange.lines().size());
        exchange.end();
        assertEquals(1, exchange.lines().size());
        assertEquals("two", owed.get(1).text());
        assertEquals(0, delays.size());
    }

    @Test
    void blankLinesAreNothing() throws Exception {
        prompt = true;
        start();
        exchange.come("\n\r\n  \t\r\n" + line("one").replace("\n", "\r\n") + "\n");
        exchange.end();
        assertEquals(1, exchange.lines().size());
        assertEquals(1, owed.size());
        assertEquals(0, delays.size());
    }

    @Test
    void aLineMayComeByteByByte() throws Exception {
        prompt = true;
        start();
        for (char c : line("slowly").toCharArray()) {
            exchange.come("" + c);
        }
        assertEquals(1, exchange.lines().size());
        assertEquals("slowly", owed.get(0).text());
        assertEquals(0, delays.size());
    }

    // ---- bad lines

    @Test
    void aBadLineIsAnsweredInItsPlaceAndTheStreamGoesOn() throws Exception {
        start();
        exchange.come(line("one") + "{\"userId\":\"a\"}\n" + "nonsense\n" + line("two"));
        assertEquals(List.of(), exchange.lines());
        owed.get(0).answer(1);
        owed.get(1).answer(2);
        work();
        List<String> answers = exchange.lines();
        assertEquals(4, answers.size());
        assertEquals("id1", id(answers.get(0)));
        expectProblem(400, "no_message", answers.get(1));
        expectProblem(400, "bad_json", answers.get(2));
        assertEquals("id2", id(answers.get(3)));
        assertFalse(exchange.completed);
    }

    @Test
    void whatCouldNotBeStoredIsAnsweredInItsPlace() throws Exception {
        start();
        exchange.come(lines(1, 2));
        owed.get(0).answer.completeExceptionally(new Problem(503, "unavailable", "The disk is full."));
        owed.get(1).answer(2);
        work();
        List<String> answers = exchange.lines();
        expectProblem(503, "unavailable", answers.get(0));
        assertEquals("id2", id(answers.get(1)));
    }

    /** 1 MiB is a line's limit, not counting its end. */
    @Test
    void aLineThatIsTooLongIsSkippedAndTheNextOneIsPublished() throws Exception {
        prompt = true;
        start();
        int frame = line("").length() - 1;
        exchange.come(line("x".repeat(MIB - frame)));
        assertEquals(1, exchange.lines().size());
        exchange.come(line("x".repeat(MIB - frame + 1)));
        expectProblem(413, "too_large", exchange.lines().get(0));
        exchange.come(line("after"));
        assertEquals(1, exchange.lines().size());
        assertEquals("after", owed.get(1).text());
        assertEquals(0, delays.size());
    }

    // ---- a started line has ten seconds

    @Test
    void aLineThatDoesNotBecomeWholeInTenSecondsEndsTheStream() throws Exception {
        prompt = true;
        start();
        exchange.come(line("one") + "{\"userId\":");
        time.advance(9_999);
        delays.run();
        work();
        exchange.come("\"a\"");
        assertEquals(1, exchange.lines().size());
        time.advance(1);
        delays.run();
        work();
        expectProblem(408, "too_late", exchange.lines().get(0));
        assertTrue(exchange.completed);
    }

    @Test
    void thatAnswerWaitsForThoseBeforeIt() throws Exception {
        start();
        exchange.come(line("one") + "{");
        time.advance(10_000);
        delays.run();
        work();
        assertEquals(List.of(), exchange.lines());
        owed.get(0).answer(1);
        work();
        assertEquals(2, exchange.lines().size());
        assertTrue(exchange.completed);
    }

    @Test
    void aLineThatIsTooLongHasTenSecondsToo() throws Exception {
        start();
        exchange.come("x".repeat(MIB + 1));
        assertEquals(List.of(), exchange.lines());
        time.advance(10_000);
        delays.run();
        work();
        expectProblem(408, "too_late", exchange.lines().get(0));
    }

    @Test
    void betweenLinesThereIsNoLimit() throws Exception {
        prompt = true;
        start();
        for (int i = 0; i < 3; i++) {
            exchange.come(line("m"));
            assertEquals(1, exchange.lines().size());
            time.advance(3_600_000);
            delays.run();
            work();
        }
        assertFalse(exchange.completed);
        assertEquals(0, delays.size());
    }

    /** A timer that was cancelled too late, because it waited for the lock, must not cut the next line. */
    @Test
    void theTimeOfALineIsNotThatOfTheNext() throws Exception {
        List<Runnable> timers = new ArrayList<>();
        prompt = true;
        start((millis, task) -> {
            timers.add(task);
            return () -> {};
        });
        exchange.come("{\"userId\":\"a\",");
        exchange.come("\"message\":1}\n{\"userId\":\"a\",");
        timers.get(0).run();
        work();
        exchange.come("\"message\":2}\n");
        List<String> answers = exchange.lines();
        assertEquals(2, answers.size());
        assertEquals("id2", id(answers.get(1)));
        timers.get(1).run();
        work();
        assertFalse(exchange.completed);
    }

    // ---- bounds

    @Test
    void readingStopsAt1024OpenReceiptsAndGoesOnWhenTheyAreGiven() throws Exception {
        start();
        exchange.come(lines(1, 3 * MAX_OPEN));
        assertEquals(MAX_OPEN, owed.size());
        assertFalse(exchange.isAsked());
        int unread = exchange.unread();
        assertTrue(unread > 0);
        owed.get(1).answer(2);
        work();
        assertEquals(MAX_OPEN, owed.size(), "the first is still owed, so that nothing left");
        owed.get(0).answer(1);
        work();
        assertEquals(MAX_OPEN + 2, owed.size());
        for (int i = 2; i < 3 * MAX_OPEN; i++) {
            owed.get(i).answer(i + 1);
            work();
        }
        List<String> answers = exchange.lines();
        assertEquals(3 * MAX_OPEN, answers.size());
        assertEquals(3 * MAX_OPEN, owed.size());
        for (int i = 0; i < answers.size(); i++) {
            assertEquals("id" + (i + 1), id(answers.get(i)));
        }
        exchange.come(line("more"));
        assertEquals(3 * MAX_OPEN + 1, owed.size());
    }

    @Test
    void aPublisherWhoDoesNotReadIsNotRead() throws Exception {
        prompt = true;
        exchange = new FakeExchange(4_096);
        start();
        for (int i = 0; i < 20; i++) {
            exchange.come(lines(i * MAX_OPEN + 1, (i + 1) * MAX_OPEN));
        }
        int published = owed.size();
        assertTrue(published < 2 * MAX_OPEN, () -> published + " lines were read");
        assertEquals(20 * MAX_OPEN, exchange.lines().size());
        assertEquals(20 * MAX_OPEN, owed.size());
    }

    /** What was written while there was no room must not stay in the container's buffer until the next line comes. */
    @Test
    void theLastReceiptsOfASlowReaderAreFlushed() throws Exception {
        prompt = true;
        for (int room = 500; room < 1_500; room += 250) {
            owed.clear();
            exchange = new FakeExchange(room);
            start();
            exchange.come(lines(1, 50));
            assertEquals(50, exchange.lines().size(), "with room for " + room);
        }
    }

    @Test
    void whatCameWholeBeforeTheInputBrokeIsOwedItsReceipt() throws Exception {
        start();
        exchange.come(line("one") + "{");
        exchange.fail(new IOException("gone"));
        work();
        assertEquals(0, delays.size());
        assertFalse(exchange.completed);
        owed.get(0).answer(1);
        work();
        assertEquals(1, exchange.lines().size(), "and nothing for the half line");
        assertTrue(exchange.completed);
    }
}
