package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** NDJSON and JSON arrays over real connections; PublishStreamTest has what needs the time or the container held. */
class NdjsonHttpTest {

    private static final int MIB = 1 << 20;

    private static ServerFixture server;
    private static final ExecutorService THREADS = Executors.newCachedThreadPool();

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start();
    }

    @AfterAll
    static void stop() {
        THREADS.shutdownNow();
        server.close();
    }

    private static long offset(JsonObject receipt) {
        return V1Client.offset(V1Client.position(receipt));
    }

    private static int status(JsonObject answer) {
        return answer.get("status").getAsInt();
    }

    @Test
    void receiptsComeWhileTheRequestIsStillOpen() throws Exception {
        try (NdjsonClient stream = NdjsonClient.open(server);
                RawSocket reader = server.plain("/websocket/open")) {
            await().until(() -> server.online("open") == 1);
            for (int i = 1; i <= 100; i++) {
                stream.line(NdjsonClient.message("open", "m" + i));
                JsonObject receipt = stream.next();
                assertEquals(200, status(receipt));
                assertEquals(i, offset(receipt));
                assertEquals("m" + i, reader.readText());
            }
            stream.end();
            assertNull(stream.next());
            stream.socket.request("GET", "/health"); // the connection is as good as before
            assertEquals(200, stream.socket.readHead().status());
        }
    }

    @Test
    void tenThousandLinesAreAnsweredInTheirOrder() throws Exception {
        int count = 10_000;
        try (NdjsonClient stream = NdjsonClient.open(server)) {
            Future<Void> sending = THREADS.submit(() -> {
                StringBuilder lines = new StringBuilder();
                for (int i = 1; i <= count; i++) {
                    lines.append(NdjsonClient.message("order", "m" + i)).append('\n');
                    if (i % 500 == 0) {
                        stream.send(lines.toString());
                        lines.setLength(0);
                    }
                }
                stream.end();
                return null;
            });
            for (int i = 1; i <= count; i++) {
                assertEquals(i, offset(stream.next()));
            }
            assertNull(stream.next());
            WaitHttpTest.get(sending);
        }
    }

    @Test
    void aBadLineIsAnsweredInItsPlaceAndTheStreamGoesOn() throws Exception {
        try (NdjsonClient stream = NdjsonClient.open(server)) {
            stream.send(NdjsonClient.message("bad", "1") + "\n\n  \r\n{\"userId\":\"bad\"}\nnonsense\n[1]\n"
                    + "{\"userId\":\"a/b\",\"message\":1}\n{\"userId\":[\"bad\",\"bad-2\"],\"message\":2}\n"
                    + NdjsonClient.message("bad", "3")); // without a line feed
            stream.end();
            assertEquals(1, offset(stream.next()));
            for (String code : List.of("no_message", "bad_json", "bad_json", "bad_user")) {
                JsonObject problem = stream.next();
                assertEquals(400, status(problem));
                assertEquals(code, problem.get("code").getAsString());
            }
            JsonObject several = stream.next();
            assertEquals(202, status(several));
            assertEquals(2, several.getAsJsonArray("receipts").size());
            assertEquals(3, offset(stream.next()));
            assertNull(stream.next());
        }
    }

    @Test
    void aLineOfMoreThanOneMebibyteIs413AndTheNextOneIsPublished() throws Exception {
        try (NdjsonClient stream = NdjsonClient.open(server)) {
            int frame = NdjsonClient.message("long", "").length();
            stream.line(NdjsonClient.message("long", "x".repeat(MIB - frame)));
            assertEquals(1, offset(stream.next()));
            stream.line(NdjsonClient.message("long", "x".repeat(MIB - frame + 1)));
            JsonObject problem = stream.next();
            assertEquals(413, status(problem));
            assertEquals("too_large", problem.get("code").getAsString());
            stream.line(NdjsonClient.message("long", "after"));
            assertEquals(2, offset(stream.next()));
        }
    }

    /** And the line before is answered first. */
    @Test
    void aLineThatDoesNotBecomeWholeIs408AndTheEnd() throws Exception {
        try (ServerFixture hasty = ServerFixture.start()) {
            hasty.hurry(20);
            try (NdjsonClient stream = NdjsonClient.open(hasty)) {
                stream.send(NdjsonClient.message("half", "1") + "\n{\"userId\":");
                assertEquals(1, offset(stream.next()));
                JsonObject problem = stream.next();
                assertEquals(408, status(problem));
                assertEquals("too_late", problem.get("code").getAsString());
                stream.socket.readToEnd();
            }
        }
    }

    /** Nothing of half a line is published, and the server goes on. */
    @Test
    void aPublisherWhoDisappearsMidLineLeavesWholeLinesBehind() throws Exception {
        for (boolean reset : new boolean[] {true, false}) {
            String user = "vanished-" + reset;
            try (RawSocket reader = server.plain("/websocket/" + user)) {
                await().until(() -> server.online(user) == 1);
                NdjsonClient stream = NdjsonClient.open(server);
                String line = NdjsonClient.message(user, "whole");
                stream.send(line + "\n" + line.substring(0, line.length() - 3));
                assertEquals("whole", reader.readText());
                if (reset) {
                    stream.socket.reset();
                } else {
                    stream.close();
                }
                server.publish("userId", user, "message", "after");
                assertEquals("after", reader.readText());
                assertEquals(
                        2,
                        server.get("/socket/history?userId=" + user)
                                .object()
                                .getAsJsonArray("messages")
                                .size());
            }
        }
    }

    /** He is not read any more: kernel buffers and 1,024 receipts are all that he costs. */
    @Test
    void aPublisherWhoDoesNotReadHisReceiptsIsNotRead() throws Exception {
        try (NdjsonClient stream = new NdjsonClient(new RawSocket(server.port(), 4096), "")) {
            AtomicInteger sent = new AtomicInteger();
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < 1_000; i++) {
                lines.append("nonsense\n");
            }
            Future<Void> sending = THREADS.submit(() -> {
                try {
                    while (true) {
                        stream.send(lines.toString());
                        sent.addAndGet(1_000);
                    }
                } catch (SocketException | java.net.SocketTimeoutException ended) {
                    return null;
                }
            });
            int[] before = {-1};
            await().pollInterval(Duration.ofMillis(300)).until(() -> {
                int now = sent.get();
                boolean stuck = now == before[0] && now > 0;
                before[0] = now;
                return stuck;
            });
            assertTrue(sent.get() < 3_000_000, () -> sent + " lines were taken"); // 27 MB: the kernel's share at most
            assertFalse(sending.isDone());
            assertEquals(202, server.publish("userId", "others", "message", "x").status());
            for (int i = 0; i < sent.get() && i < 200_000; i++) {
                assertEquals(400, status(stream.next()));
            }
        }
    }

    // ---- JSON arrays

    @Test
    void anArrayIsAnsweredItemByItem() throws Exception {
        ServerFixture.Answer answer = server.post(
                "/socket/publish?flag=f",
                "application/json",
                " [{\"userId\":\"array\",\"message\":1}, {\"userId\":\"array\"}, 7,"
                        + " {\"topic\":\"array\",\"message\":[]},"
                        + " {\"userId\":[\"array\",\"array-2\"],\"message\":{}}, {\"userId\":\"array\",\"message\":3}]");
        assertEquals(200, answer.status());
        assertEquals("application/json", answer.type());
        JsonArray answers = answer.json().getAsJsonArray();
        List<Integer> statuses = new ArrayList<>();
        answers.forEach(item -> statuses.add(status(item.getAsJsonObject())));
        assertEquals(List.of(202, 400, 400, 202, 202, 202), statuses);
        assertEquals(3, offset(answers.get(5).getAsJsonObject()));
        assertEquals(
                "f",
                server.get("/socket/history?userId=array")
                        .object()
                        .getAsJsonArray("messages")
                        .get(0)
                        .getAsJsonObject()
                        .get("flag")
                        .getAsString());
        assertEquals(
                "[]",
                server.post("/socket/publish", "application/json", "[]").body().strip());
    }

    @Test
    void anArrayThatDoesNotParsePublishesNothing() throws Exception {
        for (String body :
                List.of("[{\"userId\":\"broken\",\"message\":1},", "[{\"userId\":\"broken\",\"message\":1}] x")) {
            ServerFixture.Answer answer = server.post("/socket/publish", "application/json", body);
            assertEquals(400, answer.status(), answer::body);
            assertEquals("bad_json", answer.code());
        }
        assertEquals(
                1, offset(server.publish("userId", "broken", "message", "x").object()));
    }

    @Test
    void anEmptyStreamHasNoAnswers() throws Exception {
        ServerFixture.Answer answer = server.post("/socket/publish", "application/x-ndjson", "\n\n");
        assertEquals(200, answer.status());
        assertEquals("", answer.body());
    }
}
