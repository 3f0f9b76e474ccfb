package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import parley.session.SessionFigures;

/**
 * Clients with small windows that read too slowly or nothing: what waits for them is bounded, the publisher never waits,
 * and what they were not given they get when they come back. The heartbeat's time is the test's; the sockets are real.
 */
class SlowReaderTest {

    /** What a client's kernel takes for it: about a message or two. */
    private static final int WINDOW = 4096;

    /** DESIGN 4.3: no write completed for 10 s, abort 2 s later. */
    private static final int STALL_MILLIS = 10_000;

    /** For a busy machine; {@code SessionRegistryTest} tries the limit itself. */
    private static final int SLACK_MILLIS = 4_000;

    private static final int ABORT_MILLIS = 2_000;

    /** DESIGN 4.3: 1 MiB of messages, and 64 KiB more for answers. */
    private static final int MAX_WAITING_BYTES = (1 << 20) + (64 << 10);

    /** A client of each wire mode that can come back to where it was. */
    private enum Kind {
        V1 {
            @Override
            Reader open(int port, String from) throws IOException {
                V1Client client =
                        new V1Client(RawSocket.webSocket(new RawSocket(port, WINDOW), "/websocket/slow", "parley.v1"));
                client.hello(from == null ? Map.of() : Map.of("user:slow", from));
                return new Reader(client.socket) {
                    @Override
                    String next() throws IOException {
                        JsonObject message = client.next("message");
                        position = V1Client.position(message);
                        return message.get("body").getAsString();
                    }
                };
            }
        },
        STREAM {
            @Override
            Reader open(int port, String from) throws IOException {
                RawSocket line = new RawSocket(port, WINDOW);
                EventReader events = from == null
                        ? EventReader.open(line, "/websocket/slow")
                        : EventReader.open(line, "/websocket/slow", "Last-Event-ID: " + from);
                return new Reader(line) {
                    @Override
                    String next() throws IOException {
                        EventReader.Event event = events.next();
                        while (event.data().isEmpty()) {
                            event = events.next();
                        }
                        position = event.id();
                        return event.text();
                    }
                };
            }
        },
        PLAIN {
            @Override
            Reader open(int port, String from) throws IOException {
                RawSocket line = RawSocket.webSocket(new RawSocket(port, WINDOW), "/websocket/slow", null);
                return new Reader(line) {
                    @Override
                    String next() throws IOException {
                        return line.readText();
                    }
                };
            }
        };

        /** @param from the position of the last message of an earlier connection, or null */
        abstract Reader open(int port, String from) throws IOException;
    }

    private abstract static class Reader implements AutoCloseable {
        final RawSocket line;
        String position;

        Reader(RawSocket line) {
            this.line = line;
        }

        /** The text of the next message. */
        abstract String next() throws IOException;

        @Override
        public void close() throws IOException {
            line.close();
        }
    }

    private final ServerFixture.Clock clock = new ServerFixture.Clock();

    private static String text(int number, int size) {
        return number + " " + "x".repeat(size);
    }

    private static int number(String text) {
        return Integer.parseInt(text.substring(0, text.indexOf(' ')));
    }

    /** Publishes to the slow user, who must be online. */
    private static void publish(ServerFixture server, int first, int last, int size) throws Exception {
        for (int i = first; i <= last; i++) {
            ServerFixture.Answer answer = server.publish("userId", "slow", "message", text(i, size));
            assertEquals(1, answer.object().get("online").getAsInt(), answer.body());
        }
    }

    private static SessionFigures figures(ServerFixture server) {
        return server.registry().figures().get(0);
    }

    /** Reads until the line ends; the numbers of what came. */
    private static List<Integer> rest(Reader reader) {
        List<Integer> numbers = new ArrayList<>();
        try {
            while (true) {
                numbers.add(number(reader.next()));
            }
        } catch (IOException end) {
            return numbers;
        }
    }

    private static void assertFollow(int first, List<Integer> numbers) {
        for (int i = 0; i < numbers.size(); i++) {
            assertEquals(first + i, numbers.get(i), "at " + i + " of " + numbers.size());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aReaderThatStopsIsPagedThenCutAndMissesNothing(Kind kind) throws Exception {
        int size = 6_000;
        int count = 500; // 3 MB: beyond kernel buffers and outbox
        try (ServerFixture server = ServerFixture.start(clock)) {
            int got;
            String position;
            try (Reader reader = kind.open(server.port(), null)) {
                await().until(() -> server.online("slow") == 1);
                publish(server, 1, 3, size);
                assertFollow(1, List.of(number(reader.next()), number(reader.next()), number(reader.next())));
                publish(server, 4, count, size);
                SessionFigures stuck = figures(server);
                assertTrue(stuck.queueBytes() <= MAX_WAITING_BYTES, stuck::toString);
                assertTrue(stuck.behind() > 100, stuck::toString); // paged: that much is in the history alone
                clock.pass(STALL_MILLIS - SLACK_MILLIS);
                assertEquals(1, server.online("slow"));
                clock.pass(SLACK_MILLIS + 200); // the wheel's tick
                await().until(() -> server.online("slow") == 0);
                clock.pass(ABORT_MILLIS + 200);
                await().until(() -> server.registry().lines() == 0);
                List<Integer> rest = rest(reader);
                assertFollow(4, rest);
                got = 3 + rest.size();
                assertTrue(got < count, "nothing was left to come later");
                position = reader.position;
            }
            server.publish("userId", "slow", "message", text(count + 1, size));
            try (Reader again = kind.open(server.port(), position)) {
                int next = kind == Kind.PLAIN ? 1 : got + 1; // no PONG confirmed what a plain client got
                while (next <= count + 1) {
                    assertEquals(next++, number(again.next()));
                }
            }
        }
    }

    /** At this rate the send buffer of the kernel takes longer to empty than a write may take. */
    @Test
    void aReaderOfTwoKilobytesASecondIsCutEachTimeAndGetsEverything() throws Exception {
        int count = 250;
        try (ServerFixture server = ServerFixture.start(clock)) {
            server.publish("userId", "slow", "message", text(0, 0));
            int next = 0;
            int cuts = 0;
            String position = null;
            for (int i = 1; i <= count; i++) {
                server.publish("userId", "slow", "message", text(i, 1_600));
            }
            while (next <= count) {
                try (Reader reader = Kind.V1.open(server.port(), position)) {
                    while (next <= count && server.registry().lines() > 0) {
                        assertEquals(next++, number(reader.next()));
                        clock.pass(800);
                    }
                    if (next <= count) {
                        cuts++;
                        List<Integer> rest = rest(reader);
                        assertFollow(next, rest);
                        next += rest.size();
                    }
                    position = reader.position;
                }
            }
            assertTrue(cuts > 1, "cut " + cuts + " times");
        }
    }

    @Test
    void aReaderOfAHundredKilobytesASecondIsPagedAndStays() throws Exception {
        int count = 400;
        try (ServerFixture server = ServerFixture.start(clock);
                Reader reader = Kind.V1.open(server.port(), null)) {
            publish(server, 1, count, 5_000); // 2 MB
            assertTrue(figures(server).behind() > 0);
            for (int i = 1; i <= count; i++) {
                assertEquals(i, number(reader.next()));
                if (i % 16 == 0) {
                    reader.line.sendFrame(RawSocket.PONG, new byte[0]); // else it would be silent for too long
                    clock.pass(800);
                }
            }
            publish(server, count + 1, count + 1, 1);
            assertEquals(count + 1, number(reader.next()));
        }
    }

    @Test
    void aClientThatTalksButDoesNotReadIsCutAllTheSame() throws Exception {
        try (ServerFixture server = ServerFixture.start(clock);
                Reader reader = Kind.V1.open(server.port(), null)) {
            publish(server, 1, 300, 6_000);
            long end = clock.millis() + STALL_MILLIS - SLACK_MILLIS;
            while (clock.millis() < end) {
                reader.line.sendText("{\"type\":\"ping\"}");
                reader.line.sendFrame(RawSocket.PONG, new byte[0]);
                clock.pass(500);
            }
            assertEquals(1, server.online("slow"));
            assertTrue(figures(server).queueBytes() <= MAX_WAITING_BYTES);
            clock.pass(SLACK_MILLIS + 200);
            await().until(() -> server.online("slow") == 0);
        }
    }

    @Test
    void withCollapseASlowReaderOfAFastFeedStaysAndSeesTheNewest() throws Exception {
        int count = 2_500;
        try (ServerFixture server = ServerFixture.start(clock);
                Reader reader = Kind.V1.open(server.port(), null)) {
            int got = 0;
            int last = 0;
            for (int i = 1; i <= count; i++) { // the reader takes one of ten
                server.publish("userId", "slow", "collapse", "price", "message", text(i, 1_000));
                if (i % 10 == 0) {
                    int number = number(reader.next());
                    assertTrue(number > last, number + " after " + last);
                    last = number;
                    got++;
                }
                if (i % 100 == 0) {
                    clock.pass(800); // 20 s in all
                    SessionFigures slow = figures(server);
                    assertEquals(0, slow.behind(), slow::toString);
                    assertTrue(slow.queueBytes() < 2_000, slow::toString); // the newest alone waits
                }
            }
            assertEquals(1, server.online("slow"));
            while (last < count) {
                last = number(reader.next());
                got++;
            }
            assertEquals(count, last);
            assertTrue(got < count / 2, "nothing was collapsed: " + got);
        }
    }

    /** The heartbeat's time stands still here, so that a publisher who waited for a stuck client would wait for ever. */
    @Test
    void aPublisherNeverWaitsForStuckReaders() throws Exception {
        int count = 30;
        List<RawSocket> stuck = new ArrayList<>();
        try (ServerFixture server = ServerFixture.start(clock);
                RawSocket healthy = server.plain("/websocket/healthy?topic=news")) {
            for (int i = 0; i < count; i++) {
                stuck.add(RawSocket.webSocket(
                        new RawSocket(server.port(), WINDOW), "/websocket/stuck-" + i + "?topic=news", null));
            }
            await().until(() -> server.registry().figures().size() == count + 1);
            for (int i = 1; i <= 40; i++) { // 2.4 MB: all outboxes are full
                String text = text(i, 60_000);
                assertEquals(
                        count + 1,
                        server.post("/socket/publish?topic=news", "text/plain", text)
                                .object()
                                .get("online")
                                .getAsInt());
                assertEquals(text, healthy.readText());
            }
            List<SessionFigures> full = server.registry().figures().stream()
                    .filter(SessionFigures::isSlow)
                    .toList();
            assertEquals(count, full.size());
            full.forEach(session -> {
                assertTrue(session.behind() > 0, session::toString);
                assertTrue(session.queueBytes() <= MAX_WAITING_BYTES, session::toString);
            });
            String unkept = "x".repeat(60_000); // nobody can give it back later: who cannot take it is cut at once
            server.post("/socket/publish?topic=news&ttl=0", "text/plain", unkept);
            assertEquals(unkept, healthy.readText());
            assertEquals(
                    1,
                    server.publish("topic", "news", "message", "end")
                            .object()
                            .get("online")
                            .getAsInt());
            assertEquals("end", healthy.readText());
        } finally {
            for (RawSocket socket : stuck) {
                socket.close();
            }
        }
    }
}
