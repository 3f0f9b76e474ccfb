package parley.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.history.HistorySettings.Keep;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Publication;
import parley.message.Receipt;
import parley.message.Standing;

class SqliteHistoryTest extends HistoryContract {

    @TempDir
    Path directory;

    @Override
    History open(HistorySettings settings, RandomGenerator random) {
        try {
            return new SqliteHistory(settings.in(directory), time, random);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    Receipt.Stored stored() {
        return Receipt.Stored.DISK;
    }

    @Override
    boolean forgets() {
        return false;
    }

    @Override
    void pass(long millis) {
        super.pass(millis);
        turn();
    }

    private SqliteHistory sqlite() {
        return (SqliteHistory) history;
    }

    /** Two turns of the writer: what waits is done, and what was due then. */
    private void turn() {
        get(sqlite().onWriter(() -> {}));
        get(sqlite().onWriter(() -> {}));
    }

    private void restart() {
        restart(new Keep(1_000, HOUR), PLENTY);
    }

    private void restart(Keep keep, long total) {
        history.close();
        start(keep, total);
    }

    private void sql(String statement) {
        get(sqlite().execute(statement));
    }

    /** An append that is expected to fail, and why. */
    private Problem refused(Draft draft) {
        CompletableFuture<Problem> refusal = new CompletableFuture<>();
        history.append(new Answering(draft, null, refusal));
        return get(refusal);
    }

    /** Tells why it failed, or null when it was stored; may have a key. */
    private record Answering(Draft draft, Publication.Key key, CompletableFuture<Problem> outcome)
            implements History.Append {
        @Override
        public List<Draft> drafts() {
            return List.of(draft);
        }

        @Override
        public String id(int index) {
            return "id";
        }

        @Override
        public History.Remembered remember(List<Position> positions) {
            return key == null ? null : new History.Remembered(key, "answer " + positions.get(0), 5);
        }

        @Override
        public void placed(int index, Message message, boolean kept) {}

        @Override
        public void done(Receipt.Stored where) {
            outcome.complete(null);
        }

        @Override
        public void failed(Problem why) {
            outcome.complete(why);
        }
    }

    // ---- restarts

    @Test
    void everythingSurvivesARestart() {
        start();
        append(ANN, 5);
        append(NEWS, 3);
        history.read(ANN, new Position(standing(ANN).epoch(), 2));
        Standing ann = standing(ANN);
        Page page = page(ANN, 0, 5);
        restart();
        assertEquals(ann, standing(ANN));
        assertEquals(2, standing(ANN).cursor());
        assertEquals(page, page(ANN, 0, 5));
        assertEquals(new Position(ann.epoch(), 6), append(ANN, "next").position());
        assertEquals(List.of("m1", "m2", "m3"), all(NEWS));
    }

    @Test
    void aChannelWithoutMessagesKeepsItsEpochAndItsCursor() {
        start();
        Standing news = standing(NEWS);
        Standing ann = standing(ANN);
        history.read(ANN, new Position(ann.epoch(), 0));
        restart();
        assertEquals(news, standing(NEWS));
        assertEquals(new Standing(ann.epoch(), 0, 1, 0L), standing(ANN));
        assertEquals(news.epoch(), append(NEWS, "a").position().epoch());
        assertNotEquals(news.epoch(), ann.epoch());
    }

    @Test
    void offsetsGoOnWhenNothingIsLeft() {
        start(new Keep(10, 60_000), PLENTY);
        append(NEWS, 3);
        pass(60_000);
        Standing standing = standing(NEWS);
        assertEquals(4, standing.oldest());
        restart(new Keep(10, 60_000), PLENTY);
        assertEquals(standing, standing(NEWS));
        assertEquals(new Position(standing.epoch(), 4), append(NEWS, "d").position());
    }

    @Test
    void offsetsOfAHistoryThatKeepsNothingSurviveToo() {
        start(Keep.NOTHING, 0);
        append(NEWS, 3);
        Standing standing = standing(NEWS);
        restart(Keep.NOTHING, 0);
        assertEquals(standing, standing(NEWS));
    }

    @Test
    void anotherDirectoryHasOtherEpochs(@TempDir Path other) {
        start();
        String epoch = standing(NEWS).epoch();
        history.close();
        directory = other;
        start();
        assertNotEquals(epoch, standing(NEWS).epoch());
    }

    @Test
    void whatMayNoLongerBeKeptGoesWhenTheChannelIsReadAgain() {
        start();
        append(NEWS, 10);
        restart(new Keep(4, HOUR), PLENTY);
        standing(NEWS);
        turn();
        assertEquals(List.of("m7", "m8", "m9", "m10"), all(NEWS));
        assertEquals(6, page(NEWS, 0, 10).missed());
        restart(Keep.NOTHING, 0);
        standing(NEWS);
        turn();
        assertEquals(List.of(), all(NEWS));
    }

    @Test
    void keysAreRememberedForTenMinutes() {
        start();
        Publication.Key key = new Publication.Key("name", "digest");
        CompletableFuture<Problem> outcome = new CompletableFuture<>();
        history.append(new Answering(draft(NEWS, "a"), key, outcome));
        assertNull(get(outcome));
        Position first = new Position(standing(NEWS).epoch(), 1);
        pass(599_999);
        restart();
        assertEquals(List.of(new History.Remembered(key, "answer " + first, 5)), history.remembered());
        pass(1);
        restart();
        assertEquals(List.of(), history.remembered());
    }

    @Test
    void aCursorIsSavedWithoutAnyMessage() throws Exception {
        start();
        append(ANN, 3);
        history.read(ANN, new Position(standing(ANN).epoch(), 3));
        turn();
        Path copy = Files.createDirectory(directory.resolve("copy"));
        for (String name : List.of("history.db", "history.db-wal")) { // as a kill -9 would leave them
            Files.copy(directory.resolve(name), copy.resolve(name));
        }
        history.close();
        directory = copy;
        start();
        assertEquals(3, standing(ANN).cursor());
        assertEquals(List.of("m1", "m2", "m3"), all(ANN));
    }

    // ---- clocks

    @Test
    void ageGoesOnWhileNobodyRuns() {
        start(new Keep(10, 60_000), PLENTY);
        append(NEWS, "a");
        history.close();
        time.advance(60_000);
        start(new Keep(10, 60_000), PLENTY);
        turn();
        assertEquals(List.of(), all(NEWS));
    }

    @Test
    void aWallClockThatWasSetBackBetweenTwoRunsKeepsNothingLonger() {
        start(new Keep(10, 60_000), PLENTY);
        append(NEWS, "a");
        pass(10_000);
        append(NEWS, "b");
        history.close();
        time.setWall(time.wallMillis() - 100 * HOUR);
        start(new Keep(10, 60_000), PLENTY);
        pass(49_999);
        assertEquals(List.of("a", "b"), all(NEWS));
        pass(1);
        assertEquals(List.of("b"), all(NEWS));
        append(NEWS, "c");
        pass(10_000);
        assertEquals(List.of("c"), all(NEWS));
        pass(50_000);
        assertEquals(List.of(), all(NEWS));
    }

    // ---- what goes

    @Test
    void theTotalIsKnownAfterARestart() {
        start(new Keep(1_000, HOUR), 1 << 20);
        String large = "x".repeat(100_000);
        for (int i = 0; i < 8; i++) {
            append(NEWS, large + i);
        }
        restart(new Keep(1_000, HOUR), 1 << 20);
        for (int i = 0; i < 5; i++) {
            append(ANN, large + i);
        }
        assertEquals(5, all(ANN).size());
        assertEquals(5, all(NEWS).size(), "of 10 that fit");
        assertEquals(4, standing(NEWS).oldest());
    }

    @Test
    void manyThatExpireAtOnceGoInSeveralSweeps() {
        start(new Keep(10_000, 60_000), PLENTY);
        List<Appending> appended = new ArrayList<>();
        for (int i = 0; i < 2_500; i++) {
            appended.add(append(draft(i % 2 == 0 ? ANN : NEWS, "m" + i)));
        }
        appended.forEach(Appending::stored);
        pass(60_000);
        turn();
        turn();
        assertEquals(List.of(), all(ANN));
        assertEquals(1_251, standing(NEWS).oldest());
    }

    @Test
    void anIdleChannelLeavesMemoryAndComesBackAsItWas() {
        start();
        append(NEWS, 3);
        get(history.hold(ANN));
        Standing news = standing(NEWS);
        assertEquals(2, sqlite().size());
        pass(59_999);
        pass(60_001);
        assertEquals(1, sqlite().size(), "ann is held");
        assertEquals(news, standing(NEWS));
        assertEquals(4, append(NEWS, "d").position().offset());
    }

    @Test
    void whatIsHeldIsReadFromMemoryAndIsTheSame() {
        start();
        append(NEWS, 10);
        get(history.hold(NEWS));
        append(draft(NEWS, "soon gone", 1_000L)).stored();
        append(NEWS, "last");
        Page cached = page(NEWS, 10, 12);
        assertEquals(List.of("soon gone", "last"), texts(cached));
        pass(1_000);
        assertEquals(List.of("last"), texts(page(NEWS, 10, 12)));
        Page across = page(NEWS, 8, 12);
        assertEquals(List.of("m9", "m10", "last"), texts(across));
        get(history.clear(NEWS));
        assertEquals(4, page(NEWS, 8, 12).missed());
        history.release(NEWS);
    }

    // ---- what fails

    @Test
    void whenTheDiskIsFullNothingIsStoredAndReadingGoesOnAndItRecovers() {
        start();
        append(NEWS, 3);
        history.read(ANN, new Position(standing(ANN).epoch(), 0));
        sql("PRAGMA max_page_count = 1"); // SQLite makes it the present size
        Problem full = refused(draft(NEWS, "x".repeat(100_000)));
        assertEquals(503, full.status());
        assertEquals("not_stored", full.code());
        assertTrue(full.detail().contains("disk with the data directory is full"), full.detail());
        assertEquals(List.of("m1", "m2", "m3"), all(NEWS));
        assertEquals(3, standing(NEWS).top());
        assertEquals(0, standing(new Channel.User("never seen")).top());
        assertNotEquals(null, refused(draft(new Channel.User("bob"), "x".repeat(100_000))));
        sql("PRAGMA max_page_count = 1000000");
        assertEquals(4, append(NEWS, "d").position().offset(), "the offset was given back");
        assertEquals(1, append(new Channel.User("bob"), "e").position().offset());
        restart();
        assertEquals(List.of("m1", "m2", "m3", "d"), all(NEWS));
        assertEquals(0, standing(ANN).cursor());
    }

    @Test
    void allMessagesOfATransactionThatFailsFail() throws Exception {
        start();
        append(NEWS, "a");
        List<CompletableFuture<Problem>> outcomes = new ArrayList<>();
        CompletableFuture<Void> later = new CompletableFuture<>();
        CompletableFuture<Void> busy = new CompletableFuture<>();
        sqlite().onWriter(() -> {
            busy.complete(null);
            later.get(10, TimeUnit.SECONDS); // so that what follows goes together
        });
        get(busy);
        for (int i = 0; i < 5; i++) {
            outcomes.add(new CompletableFuture<>());
            history.append(new Answering(draft(NEWS, "n" + i), null, outcomes.get(i)));
        }
        sqlite().onWriter(() -> {
            throw new IOException("injected");
        });
        later.complete(null);
        for (CompletableFuture<Problem> outcome : outcomes) {
            Problem why = get(outcome);
            assertEquals(503, why.status());
        }
        assertEquals(2, append(NEWS, "b").position().offset());
        assertEquals(List.of("a", "b"), all(NEWS));
    }

    /** Else the next channel gets the row, and its messages the wrong inbox. */
    @Test
    void aRowThatWasNeverCommittedIsGivenToNobodyTwice() {
        start();
        Channel bob = new Channel.User("bob");
        sql("CREATE TRIGGER t BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'as if the disk failed'); END");
        assertEquals(503, refused(draft(ANN, "lost")).status());
        sql("DROP TRIGGER t");
        append(bob, "for bob");
        append(ANN, "for ann");
        get(history.clear(bob));
        append(ANN, "for ann only");
        assertEquals(List.of("for ann", "for ann only"), all(ANN));
        assertEquals(List.of(), all(bob));
    }

    @Test
    void anErrorDoesNotEndTheWriter() {
        start();
        get(sqlite().onWriter(() -> {
            throw new OutOfMemoryError("injected");
        }));
        assertEquals(1, append(ANN, "a").position().offset());
    }

    @Test
    void aSecondServerIsRefused() {
        start();
        IOException refused = assertThrows(
                IOException.class,
                () -> new SqliteHistory(
                        HistorySettings.standard().in(directory),
                        time,
                        () -> ThreadLocalRandom.current().nextLong()));
        assertEquals(
                "The data directory " + directory
                        + " is in use by another server: stop that one, or choose another directory with --data.",
                refused.getMessage());
    }

    @Test
    void aNewerSchemaIsRefused() throws Exception {
        start();
        sql("CREATE TABLE x (a)");
        history.close();
        try (RandomAccessFile file =
                new RandomAccessFile(directory.resolve("history.db").toFile(), "rw")) {
            file.seek(60); // user_version, big-endian
            file.writeInt(SqliteHistoryFiles.SCHEMA + 1);
        }
        UncheckedIOException refused = assertThrows(UncheckedIOException.class, this::start);
        assertTrue(refused.getMessage().contains("written by a newer version (schema 2, this one knows 1)"));
        assertEquals(0, setAside().size());
    }

    @Test
    void aDirectoryThatCannotBeMadeIsRefusedInASentence() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        directory = file.resolve("data");
        UncheckedIOException refused = assertThrows(UncheckedIOException.class, this::start);
        assertTrue(refused.getMessage().contains("cannot be used"), refused.getMessage());
        directory = file.getParent();
        start(); // for close
    }

    // ---- damage

    private List<Path> setAside() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().matches("history\\.db\\.damaged-[0-9TZ]+"))
                    .toList();
        }
    }

    @Test
    void aFileThatIsNoDatabaseIsSetAsideAtTheStart() throws Exception {
        start();
        append(NEWS, 3);
        String epoch = standing(NEWS).epoch();
        history.close();
        Files.writeString(directory.resolve("history.db"), "this is no database".repeat(1_000));
        start();
        assertEquals(1, setAside().size());
        assertNotEquals(epoch, standing(NEWS).epoch());
        Page page = get(history.page(NEWS, new Position(epoch, 3), 3));
        assertNull(page.missed());
        assertEquals(1, append(NEWS, "again").position().offset());
    }

    /** A bit of a text is changed behind the server's back. */
    @Test
    void aMessageThatWasDamagedWhileNobodyRanIsNoticedAtTheStart() throws Exception {
        start();
        append(NEWS, "the text that will be damaged");
        String epoch = standing(NEWS).epoch();
        history.close();
        Path file = directory.resolve("history.db");
        byte[] bytes = Files.readAllBytes(file);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("will be damaged");
        bytes[at] ^= 1;
        Files.write(file, bytes);
        start();
        assertNotEquals(epoch, standing(NEWS).epoch());
        assertEquals(1, setAside().size());
    }

    /** The page is not served, and the server goes on. */
    @Test
    void aDamagedMessageIsNeverServed() throws Exception {
        start();
        append(ANN, 3);
        Standing ann = get(history.hold(ANN));
        append(NEWS, "will be damaged");
        String epoch = standing(NEWS).epoch();
        sql("UPDATE message SET body = 'Will be damaged' WHERE body = CAST('will be damaged' AS BLOB)");
        Page page = get(history.page(NEWS, new Position(epoch, 0), 1));
        assertNotEquals(epoch, page.epoch());
        assertEquals(List.of(), page.messages());
        assertNull(page.missed());
        assertEquals(1, setAside().size());
        assertNotEquals(ann.epoch(), standing(ANN).epoch(), "every channel has a new epoch");
        assertEquals(new Position(page.epoch(), 1), append(NEWS, "new").position());
        assertEquals(List.of("new"), all(NEWS));
        restart();
        assertEquals(List.of("new"), all(NEWS));
        assertEquals(1, setAside().size());
    }

    @Test
    void everyFieldIsUnderTheChecksum() throws Exception {
        for (String change : List.of(
                "seq = seq + 9",
                "stored = stored + 1",
                "expires = expires + 1",
                "bytes = bytes + 1",
                "id = 'other'",
                "time = time + 1",
                "sender = 'eve'",
                "sender = NULL",
                "reception = 'x'",
                "flag = 'x'",
                "collapse = ''",
                "exclude = 'x'",
                "json = 1",
                "crc = crc + 1")) {
            start();
            append(new Draft(NEWS, "bob", null, null, Body.text("text"), null, null, null))
                    .stored();
            String epoch = standing(NEWS).epoch();
            sql("UPDATE message SET " + change);
            Page page = get(history.page(NEWS, new Position(epoch, 0), 1));
            assertNotEquals(epoch, page.epoch(), change);
            history.close();
        }
    }

    @Test
    void aDamagedRowOfAChannelIsNoticed() throws Exception {
        start();
        append(NEWS, 3);
        String epoch = standing(NEWS).epoch();
        sql("UPDATE channel SET top = 1");
        restart();
        CompletableFuture<Standing> standing = history.standing(NEWS).toCompletableFuture();
        ExecutionException failure = assertThrows(ExecutionException.class, () -> standing.get(10, TimeUnit.SECONDS));
        assertTrue(
                failure.getCause().getMessage().contains("damaged"),
                failure.getCause().getMessage());
        assertNotEquals(epoch, standing(NEWS).epoch());
        assertEquals(1, setAside().size());
        assertFalse(Files.exists(directory.resolve("history.db.damaged")));
    }

    /** Throws whenever it is told anything, as a bug or a full heap would. */
    private record Failing(Draft draft, CompletableFuture<Problem> outcome) implements History.Append {
        @Override
        public List<Draft> drafts() {
            return List.of(draft);
        }

        @Override
        public String id(int index) {
            return "id";
        }

        @Override
        public History.Remembered remember(List<Position> positions) {
            return null;
        }

        @Override
        public void placed(int index, Message message, boolean kept) {
            throw new StackOverflowError("as if");
        }

        @Override
        public void done(Receipt.Stored where) {
            throw new StackOverflowError("as if");
        }

        @Override
        public void failed(Problem why) {
            outcome.complete(why);
        }
    }

    @Test
    void anErrorWhileAMessageIsDeliveredIsAnsweredAndTheWriterGoesOn() {
        start();
        CompletableFuture<Problem> outcome = new CompletableFuture<>();
        history.append(new Failing(draft(NEWS, "a"), outcome));
        assertEquals(500, get(outcome).status());
        append(NEWS, "b");
        assertEquals(List.of("a", "b"), all(NEWS));
    }

    @Test
    void aBugInWhatIsAskedOfAChannelThatIsNotInMemoryIsAnswered() throws Exception {
        start();
        CompletableFuture<Page> page =
                history.page(NEWS, null, 1).toCompletableFuture(); // there is no page after nothing
        assertThrows(ExecutionException.class, () -> page.get(10, TimeUnit.SECONDS));
    }

    @Test
    void aBugWhileAPageIsReadIsAnswered() throws Exception {
        start();
        history.close();
        try (SqliteHistoryFiles files = new SqliteHistoryFiles(directory);
                SqliteHistoryReaders readers = new SqliteHistoryReaders(files, (damage, database, again) -> {})) {
            CompletableFuture<Page> page = readers.page(null, new Position("aaaaaaaa", 0), 1); // of no channel
            assertThrows(ExecutionException.class, () -> page.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void afterTheEndEverythingIsRefused() {
        start();
        history.close();
        assertEquals("stopping", refused(draft(NEWS, "late")).code());
    }
}
