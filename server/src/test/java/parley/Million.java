package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.history.History;
import parley.history.HistorySettings;
import parley.history.SqliteHistory;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Receipt;
import parley.message.Time;

/** A server with 1,000,000 stored messages is ready in under 3 s. Takes a minute; run by {@code scripts/torture}. */
class Million {

    private static final int MESSAGES = 1_000_000;

    @TempDir
    Path directory;

    @AfterEach
    void leaveNoServer() {
        ServerProcess.killAll();
    }

    @Test
    void storedMessagesDoNotDelayTheStart() throws Exception {
        fill();
        for (int i = 0; i < 3; i++) {
            long begin = System.nanoTime();
            ServerProcess server = ServerProcess.start("--port", "0", "--data", directory.toString());
            long ready = (System.nanoTime() - begin) / 1_000_000;
            assertEquals(202, server.publish("u1", "after " + i, null).statusCode());
            server.kill();
            System.out.println("ready after " + ready + " ms with " + MESSAGES + " messages, "
                    + Files.size(directory.resolve("history.db")) / 1_000_000 + " MB");
            assertTrue(ready < 3_000, ready + " ms");
        }
    }

    private void fill() throws Exception {
        Semaphore waiting = new Semaphore(10_000);
        long begin = System.nanoTime();
        try (History history = new SqliteHistory(
                HistorySettings.parse("total=2g", directory),
                Time.SYSTEM,
                () -> ThreadLocalRandom.current().nextLong())) {
            String text = "x".repeat(200);
            for (int i = 0; i < MESSAGES; i++) {
                assertTrue(waiting.tryAcquire(60, TimeUnit.SECONDS));
                Channel user = new Channel.User("u" + (int) (i * 7_919L % 2_000));
                history.append(new Stored(Draft.of(user, null, null, null, Body.text(text)), waiting));
            }
            assertTrue(waiting.tryAcquire(10_000, 60, TimeUnit.SECONDS));
        }
        System.out.println("stored " + MESSAGES + " in " + (System.nanoTime() - begin) / 1_000_000 + " ms");
    }

    private record Stored(Draft draft, Semaphore waiting) implements History.Append {
        @Override
        public List<Draft> drafts() {
            return List.of(draft);
        }

        @Override
        public String id(int index) {
            return "01ABCDEFGHJKMNPQRSTVWXYZ01";
        }

        @Override
        public History.Remembered remember(List<Position> positions) {
            return null;
        }

        @Override
        public void placed(int index, Message message, boolean kept) {}

        @Override
        public void done(Receipt.Stored stored) {
            waiting.release();
        }

        @Override
        public void failed(Problem why) {
            throw new AssertionError(why);
        }
    }
}
