package parley.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.history.HistorySettings.Keep;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.ManualTime;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Receipt;
import parley.message.Standing;

/** What every history does. */
abstract class HistoryContract {

    static final Channel.User ANN = new Channel.User("ann");
    static final Channel NEWS = new Channel.Topic("news");
    static final long HOUR = 3_600_000;
    static final long PLENTY = 64L << 20;

    final ManualTime time = new ManualTime();
    History history;
    private final AtomicLong ids = new AtomicLong();

    /** A history that starts empty. */
    abstract History open(HistorySettings settings, RandomGenerator threadSafe);

    /** What it says of a message that it keeps. */
    abstract Receipt.Stored stored();

    /** Whether an entry that nobody used for a day comes back with a new epoch. */
    abstract boolean forgets();

    /** Time goes by, and what is too old leaves; to be overridden where that happens later. */
    void pass(long millis) {
        time.advance(millis);
        history.expire();
    }

    void start(Keep keep, long total) {
        history = open(
                new HistorySettings(keep, keep, keep, keep, total),
                () -> ThreadLocalRandom.current().nextLong());
    }

    void start() {
        start(new Keep(1_000, HOUR), PLENTY);
    }

    @AfterEach
    void close() {
        history.close();
    }

    // ---- short words

    static <T> T get(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("no answer", e);
        }
    }

    static Draft draft(Channel channel, String text) {
        return Draft.of(channel, null, null, null, Body.text(text));
    }

    static Draft draft(Channel channel, String text, Long retention) {
        return new Draft(channel, null, null, null, Body.text(text), retention, null, null);
    }

    Appending append(Draft... drafts) {
        Appending appending = new Appending("id" + ids.incrementAndGet(), List.of(drafts), (message, kept) -> {});
        history.append(appending);
        return appending;
    }

    Message append(Channel channel, String text) {
        return append(draft(channel, text)).message();
    }

    void append(Channel channel, int count) {
        for (int i = 1; i <= count; i++) {
            append(channel, "m" + i);
        }
    }

    Standing standing(Channel channel) {
        return get(history.standing(channel));
    }

    Page page(Channel channel, long after, long newest) {
        return get(history.page(channel, new Position(standing(channel).epoch(), after), newest));
    }

    List<String> texts(Page page) {
        return page.messages().stream().map(message -> message.body().content()).toList();
    }

    /** Everything that is kept. */
    List<String> all(Channel channel) {
        List<String> texts = new ArrayList<>();
        Standing standing = standing(channel);
        long after = standing.oldest() - 1;
        while (after < standing.top()) {
            Page page = page(channel, after, standing.top());
            assertTrue(page.through() > after, "a page brings the reader on");
            texts.addAll(texts(page));
            after = page.through();
        }
        return texts;
    }

    // ---- places

    @Test
    void offsetsGrowByOneFromOne() {
        start();
        Message first = append(NEWS, "a");
        Message second = append(NEWS, "b");
        assertEquals(1, first.position().offset());
        assertEquals(new Position(first.position().epoch(), 2), second.position());
        assertEquals(1, append(ANN, "c").position().offset(), "each channel on its own");
        assertNotEquals(first.position().epoch(), standing(ANN).epoch());
    }

    @Test
    void aMessageIsWhatWasHandedInAndWhereItStands() {
        start();
        Draft draft = new Draft(NEWS, "bob", "topic:news", "inform", new Body("{\"a\": 1.0}", true), 5_000L, "c", "x");
        Appending appended = append(draft);
        assertEquals(stored(), appended.stored());
        assertEquals(List.of(true), appended.kept);
        Message message = appended.message();
        assertEquals(
                new Message(
                        appended.id(0),
                        NEWS,
                        new Position(standing(NEWS).epoch(), 1),
                        time.wallMillis(),
                        "bob",
                        "topic:news",
                        "inform",
                        new Body("{\"a\": 1.0}", true),
                        "c",
                        "x"),
                message);
        assertEquals(List.of(message), page(NEWS, 0, 1).messages());
    }

    @Test
    void textsOfEveryKindComeBackAsTheyWere() {
        start();
        List<String> texts =
                List.of("", " ", "\u0000\u2028", "\ud83d\ude00 \u00e9 \u4e2d", "x".repeat(1 << 20), "'\"\\");
        texts.forEach(text -> append(NEWS, text));
        assertEquals(texts, all(NEWS));
    }

    @Test
    void messagesOfOneAppendGoToTheirChannelsInOrder() {
        start();
        Channel bob = new Channel.User("bob");
        Appending appended = append(draft(ANN, "a"), draft(bob, "b"), draft(ANN, "c"));
        appended.stored();
        assertEquals(
                List.of(1L, 1L, 2L),
                appended.messages.stream().map(m -> m.position().offset()).toList());
        assertEquals(List.of("a", "c"), all(ANN));
        assertEquals(List.of("b"), all(bob));
    }

    @Test
    void aNewChannelStandsBeforeItsFirstMessage() {
        start();
        Standing standing = standing(NEWS);
        assertEquals(new Standing(standing.epoch(), 0, 1, null), standing);
        append(NEWS, 3);
        assertEquals(new Standing(standing.epoch(), 3, 1, null), standing(NEWS));
    }

    @Test
    void whoHoldsIsToldHowItStands() {
        start();
        append(NEWS, 3);
        assertEquals(standing(NEWS), get(history.hold(NEWS)));
        history.release(NEWS);
    }

    // ---- pages

    @Test
    void aPageEndsWhereItWasToldTo() {
        start();
        append(NEWS, 10);
        Page page = page(NEWS, 3, 6);
        assertEquals(List.of("m4", "m5", "m6"), texts(page));
        assertEquals(3, page.from());
        assertEquals(6, page.through());
        assertEquals(10, page.newest());
        assertEquals(0, page.missed());
        assertEquals(List.of("m10"), texts(page(NEWS, 9, 99)), "and never beyond the top");
        assertEquals(10, page(NEWS, 9, 99).through());
    }

    @Test
    void anEmptyPageIsPossible() {
        start();
        append(NEWS, 3);
        Page page = page(NEWS, 3, 3);
        assertEquals(new Page(standing(NEWS).epoch(), List.of(), 3, 3, 3, 0L), page);
    }

    @Test
    void aPageHas128MessagesAtMost() {
        start();
        append(NEWS, 300);
        Page first = page(NEWS, 0, 300);
        assertEquals(128, first.messages().size());
        assertEquals(128, first.through());
        assertEquals(300, first.newest());
        Page last = page(NEWS, 256, 300);
        assertEquals(44, last.messages().size());
        assertEquals(300, last.through());
    }

    @Test
    void aPageHasAbout256KibAndAtLeastOneMessage() {
        start();
        String large = "x".repeat(100_000);
        for (int i = 0; i < 10; i++) {
            append(NEWS, large);
        }
        int count = page(NEWS, 0, 10).messages().size();
        assertTrue(count >= 1 && count <= 4, count + " messages");
        append(NEWS, "y".repeat(1 << 20));
        append(NEWS, "z");
        assertEquals(11, page(NEWS, 10, 12).messages().get(0).position().offset());
    }

    @Test
    void anUnknownEpochStartsWithTheOldestKept() {
        start(new Keep(3, HOUR), PLENTY);
        append(NEWS, 10);
        Page page = get(history.page(NEWS, new Position("aaaaaaaa", 9), 9));
        assertEquals(List.of("m8", "m9", "m10"), texts(page));
        assertEquals(7, page.from());
        assertEquals(10, page.through());
        assertNull(page.missed());
        assertEquals(standing(NEWS).epoch(), page.epoch());
    }

    // ---- what goes, and what is said of it

    @Test
    void countKeepsTheNewest() {
        start(new Keep(3, HOUR), PLENTY);
        append(NEWS, 3);
        assertEquals(1, standing(NEWS).oldest());
        append(NEWS, 2);
        assertEquals(3, standing(NEWS).oldest());
        Page page = page(NEWS, 0, 5);
        assertEquals(List.of("m3", "m1", "m2"), texts(page));
        assertEquals(2, page.missed());
        assertEquals(2, page.from());
        assertEquals(1, page(NEWS, 1, 5).missed());
        assertEquals(0, page(NEWS, 2, 5).missed());
    }

    @Test
    void everythingUpToThePagesEndMayBeGone() {
        start(new Keep(3, HOUR), PLENTY);
        append(NEWS, 10);
        assertEquals(new Page(standing(NEWS).epoch(), List.of(), 5, 5, 10, 3L), page(NEWS, 2, 5));
    }

    @Test
    void ageEndsAtItsLimit() {
        start(new Keep(10, 60_000), PLENTY);
        append(NEWS, "a");
        pass(1_000);
        append(NEWS, "b");
        pass(58_999);
        assertEquals(List.of("a", "b"), all(NEWS));
        pass(1);
        assertEquals(List.of("b"), all(NEWS));
        assertEquals(2, standing(NEWS).oldest());
        assertEquals(1, page(NEWS, 0, 2).missed());
        pass(1_000);
        assertEquals(List.of(), all(NEWS));
        assertEquals(3, standing(NEWS).oldest());
        assertEquals(2, page(NEWS, 0, 2).missed());
    }

    @Test
    void theWallClockAgesNothing() {
        start(new Keep(10, 60_000), PLENTY);
        append(NEWS, "a");
        time.setWall(time.wallMillis() + 365 * 24 * HOUR);
        assertEquals(List.of("a"), all(NEWS));
        time.setWall(0);
        append(NEWS, "b");
        assertEquals(List.of("a", "b"), all(NEWS));
        pass(60_000);
        assertEquals(List.of(), all(NEWS));
    }

    @Test
    void aMessagesOwnTimeOnlyShortensTheChannels() {
        start(new Keep(10, 60_000), PLENTY);
        append(draft(NEWS, "short", 1_000L)).stored();
        append(draft(NEWS, "long", 600_000L)).stored();
        pass(999);
        assertEquals(List.of("short", "long"), all(NEWS));
        pass(1);
        assertEquals(List.of("long"), all(NEWS));
        pass(59_000);
        assertEquals(List.of(), all(NEWS));
    }

    /** Above the oldest kept one nothing counts: who reads on finds no hole, only fewer messages. */
    @Test
    void whatExpiresInTheMiddleIsPassedOver() {
        start();
        append(NEWS, "a");
        append(draft(NEWS, "b", 1_000L)).stored();
        append(draft(NEWS, "c", 1_000L)).stored();
        append(NEWS, "d");
        pass(1_000);
        Page page = page(NEWS, 0, 4);
        assertEquals(List.of("a", "d"), texts(page));
        assertEquals(0, page.missed());
        assertEquals(4, page.through());
        assertEquals(1, standing(NEWS).oldest());
        assertEquals(new Page(standing(NEWS).epoch(), List.of(), 1, 3, 4, 0L), page(NEWS, 1, 3));
    }

    @Test
    void whatExpiresInTheMiddleIsPassedOverAlsoAfterOlderOnesWent() {
        start(new Keep(4, HOUR), PLENTY);
        append(NEWS, "a");
        append(NEWS, "b");
        append(draft(NEWS, "c", 1_000L)).stored();
        append(NEWS, "d");
        append(NEWS, "e");
        assertEquals(List.of("b", "c", "d", "e"), all(NEWS));
        pass(1_000);
        assertEquals(List.of("b", "d", "e"), all(NEWS));
        pass(HOUR - 1_000);
        assertEquals(List.of(), all(NEWS));
    }

    @Test
    void whatExpiredInTheMiddleCountsOnceTheOldestIsGone() {
        start(new Keep(2, HOUR), PLENTY);
        append(NEWS, "a");
        append(draft(NEWS, "b", 1_000L)).stored();
        pass(1_000);
        append(NEWS, "c");
        assertEquals(List.of("c"), all(NEWS), "two offsets are kept, one of which is gone");
        assertEquals(3, standing(NEWS).oldest());
        assertEquals(2, page(NEWS, 0, 3).missed());
    }

    @Test
    void theOldestAnywhereGoesFirst() {
        start(new Keep(1_000, HOUR), 1 << 20);
        Random random = new Random(3);
        List<Channel> channels = List.of(ANN, new Channel.User("bob"), NEWS, new Channel.Topic("x"), Channel.EVERYONE);
        List<String> order = new ArrayList<>();
        for (int i = 0; i < 150; i++) {
            String text = i + ":" + "x".repeat(10_000 + random.nextInt(20_000));
            append(channels.get(random.nextInt(channels.size())), text);
            order.add(text);
        }
        history.expire();
        List<String> kept = new ArrayList<>();
        channels.forEach(channel -> kept.addAll(all(channel)));
        kept.sort((a, b) -> Integer.compare(number(a), number(b)));
        assertTrue(kept.size() > 10 && kept.size() < 60, kept.size() + " of 20 KB fit into 1 MiB");
        assertEquals(order.subList(order.size() - kept.size(), order.size()), kept);
        for (Channel channel : channels) {
            Standing standing = standing(channel);
            assertEquals(standing.oldest() - 1, page(channel, 0, standing.top()).missed());
        }
    }

    private static int number(String text) {
        return Integer.parseInt(text.substring(0, text.indexOf(':')));
    }

    @Test
    void theEventsHave8MibOfTheirOwn() {
        start(new Keep(1_000, HOUR), 1 << 20);
        append(ANN, "kept");
        String large = "x".repeat(400_000);
        for (int i = 0; i < 40; i++) {
            append(Channel.EVENTS, large);
        }
        int kept = all(Channel.EVENTS).size();
        assertTrue(kept >= 8 && kept <= 21, kept + " events of 400 KB fit into 8 MiB");
        assertEquals(List.of("kept"), all(ANN), "they drive nobody out");
        for (int i = 0; i < 10; i++) {
            append(NEWS, large);
        }
        assertEquals(kept, all(Channel.EVENTS).size(), "and nobody drives them out");
    }

    @Test
    void historyOffGivesPlacesAndKeepsNothing() {
        start(Keep.NOTHING, 0);
        Appending appended = append(draft(NEWS, "a"));
        assertEquals(Receipt.Stored.NO, appended.stored());
        assertEquals(List.of(false), appended.kept);
        append(NEWS, "b");
        Standing standing = standing(NEWS);
        assertEquals(new Standing(standing.epoch(), 2, 3, null), standing);
        assertEquals(new Page(standing.epoch(), List.of(), 2, 2, 2, 2L), page(NEWS, 0, 2));
        assertEquals(new Page(standing.epoch(), List.of(), 1, 1, 2, 1L), page(NEWS, 0, 1));
    }

    @Test
    void clearingCountsAsMissedAndOffsetsGoOn() {
        start();
        append(NEWS, 2);
        append(draft(NEWS, "short", 1_000L)).stored();
        append(NEWS, "last");
        pass(1_000);
        assertEquals(3, get(history.clear(NEWS)), "messages that were still there");
        assertEquals(0, get(history.clear(NEWS)));
        assertEquals(4, page(NEWS, 0, 4).missed());
        assertEquals(5, append(NEWS, "e").position().offset());
        assertEquals(List.of("e"), all(NEWS));
    }

    // ---- the cursor

    @Test
    void theCursorOnlyRises() {
        start();
        append(ANN, 5);
        String epoch = standing(ANN).epoch();
        assertNull(standing(ANN).cursor());
        history.read(ANN, new Position(epoch, 3));
        assertEquals(3, standing(ANN).cursor());
        history.read(ANN, new Position(epoch, 2));
        assertEquals(3, standing(ANN).cursor());
        history.read(ANN, new Position("aaaaaaaa", 5));
        assertEquals(3, standing(ANN).cursor(), "another epoch says nothing");
        history.read(ANN, new Position(epoch, 6));
        assertEquals(3, standing(ANN).cursor(), "nor does what was never sent");
        history.read(ANN, new Position(epoch, 5));
        assertEquals(5, standing(ANN).cursor());
    }

    @Test
    void aCursorAtZeroIsACursor() {
        start();
        history.read(ANN, new Position(standing(ANN).epoch(), 0));
        assertEquals(0, standing(ANN).cursor());
    }

    // ---- forgetting

    @Test
    void whatIsKeptIsNotForgotten() {
        start(new Keep(10, 72 * HOUR), PLENTY);
        append(NEWS, "a");
        String epoch = standing(NEWS).epoch();
        pass(71 * HOUR);
        assertEquals(epoch, standing(NEWS).epoch());
        assertEquals(List.of("a"), all(NEWS));
    }

    @Test
    void everyoneAndTheEventsAreNeverForgotten() {
        start(new Keep(10, 60_000), PLENTY);
        for (Channel channel : List.of(Channel.EVERYONE, Channel.EVENTS)) {
            String epoch = standing(channel).epoch();
            pass(1_000 * HOUR);
            assertEquals(epoch, standing(channel).epoch());
        }
    }

    // ---- all at once

    /** Messages of one channel are placed one at a time, in the order of their offsets. */
    @Test
    void appendsFromManyThreadsGetPlacesWithoutGaps() throws Exception {
        start(new Keep(10_000, HOUR), PLENTY);
        int threads = 4;
        int each = 500;
        Map<Channel, Long> last = new HashMap<>();
        List<Channel> channels = List.of(ANN, NEWS, Channel.EVERYONE);
        channels.forEach(channel -> last.put(channel, 0L));
        Map<Channel, AtomicBoolean> inside = new HashMap<>();
        channels.forEach(channel -> inside.put(channel, new AtomicBoolean()));
        List<String> wrong = new ArrayList<>();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<Future<?>> done = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int who = t;
            done.add(pool.submit(() -> {
                List<Appending> mine = new ArrayList<>();
                for (int i = 0; i < each; i++) {
                    Channel channel = channels.get(i % channels.size());
                    Appending appending =
                            new Appending(who + "/" + i, List.of(draft(channel, who + ":" + i)), (message, kept) -> {
                                if (!inside.get(channel).compareAndSet(false, true)) {
                                    wrong.add("two at once");
                                }
                                Long previous = last.get(channel);
                                if (message.position().offset() != previous + 1) {
                                    wrong.add(message.position() + " after " + previous);
                                }
                                synchronized (last) {
                                    last.put(channel, message.position().offset());
                                }
                                inside.get(channel).set(false);
                            });
                    history.append(appending);
                    mine.add(appending);
                }
                mine.forEach(Appending::stored);
            }));
        }
        for (Future<?> one : done) {
            one.get(30, TimeUnit.SECONDS);
        }
        pool.shutdown();
        assertEquals(List.of(), wrong);
        int total = 0;
        for (Channel channel : channels) {
            List<String> texts = all(channel);
            total += texts.size();
            int[] next = {-1, -1, -1, -1};
            for (String text : texts) {
                int who = text.charAt(0) - '0';
                int number = number("" + text.substring(2) + ":");
                assertTrue(number > next[who], "each thread's own order");
                next[who] = number;
            }
        }
        assertEquals(threads * each, total);
    }

    /** Whoever locks an entry that is being forgotten looks it up again: what is held is the one that is appended to. */
    @Test
    void noEntryThatIsGoneIsHeldOrAppendedTo() throws Exception {
        start(new Keep(10, 1), PLENTY);
        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService pool = Executors.newSingleThreadExecutor();
        Future<?> forgetting = pool.submit(() -> {
            while (!stop.get()) {
                pass(25 * HOUR);
            }
        });
        String epoch = "";
        long offset = 0;
        int epochs = 0;
        int rounds = forgets() ? 20_000 : 1_000;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        // until the other thread had its turns: on a busy machine all rounds may pass before it has even begun
        for (int i = 0; i < rounds || forgets() && epochs < 10 && System.nanoTime() < deadline; i++) {
            String held = get(history.hold(NEWS)).epoch();
            if (!held.equals(epoch)) {
                epoch = held;
                epochs++;
                offset = 0;
            }
            assertEquals(new Position(epoch, ++offset), append(draft(NEWS, "x")).position());
            assertEquals(new Position(epoch, ++offset), append(draft(NEWS, "y")).position());
            history.release(NEWS);
        }
        stop.set(true);
        forgetting.get(10, TimeUnit.SECONDS);
        pool.shutdown();
        assertEquals(forgets(), epochs > 1, "the race took place");
    }

    /** However appends, evictions, expiry, pages and clears interleave, a reader is told the truth. */
    @Test
    void aReaderAmongTrimmingThreadsFindsEveryOffsetKeptOrMissed() throws Exception {
        start(new Keep(50, HOUR), 256 << 10);
        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService pool = Executors.newFixedThreadPool(3);
        List<Future<?>> others = new ArrayList<>();
        others.add(pool.submit(() -> {
            for (int i = 0; !stop.get(); i++) {
                append(draft(NEWS, "n" + i, i % 3 == 0 ? 20L : null)).stored();
            }
        }));
        others.add(pool.submit(() -> {
            for (int i = 0; !stop.get(); i++) {
                append(draft(new Channel.User("u" + i % 10), "x".repeat(5_000))).stored();
            }
        }));
        others.add(pool.submit(() -> {
            for (int i = 0; !stop.get(); i++) {
                pass(1);
                if (i % 100 == 0) {
                    get(history.clear(NEWS));
                }
            }
        }));
        String epoch = standing(NEWS).epoch();
        long last = 0;
        int read = 0;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        // until there was something to read: on a busy machine the others may begin late
        for (int i = 0; i < 20_000 || (read < 1_000 && System.nanoTime() < deadline); i++) {
            Standing standing = standing(NEWS);
            Page page = get(history.page(NEWS, new Position(epoch, last), standing.top()));
            assertEquals(page.from(), last + page.missed());
            assertTrue(page.from() <= page.through() && page.through() <= standing.top());
            long previous = page.from();
            for (Message message : page.messages()) {
                assertTrue(message.position().offset() > previous
                        && message.position().offset() <= page.through());
                previous = message.position().offset();
                read++;
            }
            last = page.through();
        }
        stop.set(true);
        for (Future<?> other : others) {
            other.get(10, TimeUnit.SECONDS);
        }
        pool.shutdown();
        assertTrue(read > 0 && last > 0);
    }
}
