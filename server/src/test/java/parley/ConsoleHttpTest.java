package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.admin.Snapshots;

/** What the console reads: {@code /socket/sessions}, {@code /socket/channels}, {@code /socket/stats} and its stream. */
@SuppressWarnings("try") // connections that are only there
class ConsoleHttpTest {

    private final ServerFixture.Clock clock = new ServerFixture.Clock();
    private ServerFixture server;

    @BeforeEach
    void start() throws Exception {
        server = ServerFixture.start(clock);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** A fresh look: the answer before must not be the one that is shared. */
    private JsonObject look(String path) throws Exception {
        clock.advance(Snapshots.EVERY_MILLIS);
        ServerFixture.Answer answer = server.get(path);
        assertEquals(200, answer.status(), answer::body);
        return answer.object();
    }

    /** A plain WebSocket whose session is there. */
    private RawSocket plain(String path) throws Exception {
        RawSocket socket = server.plain(path);
        socket.sendText("ping");
        assertEquals("pong", socket.readText());
        return socket;
    }

    private static List<String> all(JsonObject page, String rows, String member) {
        List<String> found = new ArrayList<>();
        for (JsonElement row : page.getAsJsonArray(rows)) {
            JsonElement value = row.getAsJsonObject().get(member);
            found.add(value == null ? null : value.getAsString());
        }
        return found;
    }

    // ---- sessions

    @Test
    void aSessionIsShownAsItStands() throws Exception {
        long before = System.currentTimeMillis();
        try (V1Client ann = server.v1("ann")) {
            ann.send("{\"type\":\"hello\",\"topics\":[\"news\",\"weather\"]}");
            String id = ann.next().get("session").getAsString();
            JsonObject session =
                    look("/socket/sessions").getAsJsonArray("sessions").get(0).getAsJsonObject();
            assertEquals(id, session.get("session").getAsString());
            assertEquals("ann", session.get("user").getAsString());
            assertEquals("v1", session.get("mode").getAsString());
            assertTrue(List.of("127.0.0.1", "0:0:0:0:0:0:0:1")
                    .contains(session.get("address").getAsString()));
            assertEquals("[\"news\",\"weather\"]", session.get("topics").toString());
            assertTrue(session.get("since").getAsLong() >= before - 1, session::toString);
            assertTrue(session.get("heard").getAsLong() >= 0, session::toString);
            assertEquals(0, session.get("queue").getAsLong());
            assertEquals(0, session.get("stalled").getAsLong());
            assertEquals(0, session.get("behind").getAsLong());
        }
    }

    @Test
    void streamsHaveNoSignOfLifeAndBackEndsNoUser() throws Exception {
        try (EventReader user = EventReader.open(server, "/websocket/bob");
                EventReader events = EventReader.open(server, "/socket/events")) {
            user.start();
            events.start();
            JsonArray sessions = look("/socket/sessions").getAsJsonArray("sessions");
            JsonObject backEnd = sessions.get(0).getAsJsonObject();
            assertFalse(backEnd.has("user"));
            assertEquals("stream_v1", backEnd.get("mode").getAsString());
            JsonObject bob = sessions.get(1).getAsJsonObject();
            assertEquals("bob", bob.get("user").getAsString());
            assertEquals("stream", bob.get("mode").getAsString());
            assertTrue(bob.get("heard").isJsonNull());
            assertTrue(bob.has("address"));
        }
    }

    @Test
    void oneWhoReadsNothingIsSlow() throws Exception {
        try (RawSocket quick = plain("/websocket/quick");
                RawSocket slow = plain("/websocket/slow?topic=news")) {
            String kilobytes = "x".repeat(500_000);
            await().until(() -> {
                assertEquals(
                        200,
                        server.post("/socket/publish?topic=news", "text/plain", kilobytes)
                                .status());
                return look("/socket/sessions?slow=true").get("total").getAsInt() > 0;
            });
            JsonObject page = look("/socket/sessions?slow=true");
            assertEquals(List.of("slow"), all(page, "sessions", "user"));
            assertEquals(1, page.get("total").getAsInt());
            JsonObject session = page.getAsJsonArray("sessions").get(0).getAsJsonObject();
            assertTrue(
                    session.get("queue").getAsLong() > 0
                            || session.get("stalled").getAsLong() > 0,
                    session::toString);
            JsonObject stats = look("/socket/stats").getAsJsonObject("sessions");
            assertEquals(1, stats.get("slow").getAsInt());
            assertEquals(session.get("queue").getAsLong(), stats.get("queue").getAsLong());
            assertEquals(2, stats.get("plain").getAsInt());
        }
    }

    @Test
    void sessionsComeInPagesByUser() throws Exception {
        List<RawSocket> sockets = new ArrayList<>();
        try {
            for (String user : List.of("b", "a!", "a", "c", "a", "a-")) { // '!' and '-' sort before '/'
                sockets.add(plain("/websocket/" + user));
            }
            List<String> users = new ArrayList<>();
            String after = "";
            int pages = 0;
            while (after != null) {
                JsonObject page = look("/socket/sessions?limit=2" + after);
                assertEquals(6, page.get("total").getAsInt());
                users.addAll(all(page, "sessions", "user"));
                after = page.get("next").isJsonNull()
                        ? null
                        : "&" + ServerFixture.query("after", page.get("next").getAsString());
                pages++;
            }
            assertEquals(List.of("a", "a", "a!", "a-", "b", "c"), users);
            assertEquals(3, pages);
            String cursor = look("/socket/sessions?limit=1").get("next").getAsString();
            assertEquals(
                    5,
                    look("/socket/sessions?" + ServerFixture.query("after", cursor))
                            .getAsJsonArray("sessions")
                            .size());
        } finally {
            for (RawSocket socket : sockets) {
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"nna, anna", "NNA, anna", "'', 'anna,ben'", "tennis, ben", "127.0.0.1, 'anna,ben'", "nobody, ''"})
    void sessionsAreSearchedByUserAddressAndTopic(String query, String found) throws Exception {
        try (RawSocket anna = plain("/websocket/anna");
                RawSocket ben = plain("/websocket/ben?topic=table%20tennis")) {
            JsonObject page = look("/socket/sessions?" + ServerFixture.query("query", query));
            assertEquals(found, String.join(",", all(page, "sessions", "user")));
        }
    }

    @Test
    void aSessionIsFoundByItsId() throws Exception {
        try (V1Client ann = server.v1("ann");
                RawSocket other = plain("/websocket/other")) {
            ann.send("{\"type\":\"hello\"}");
            String id = ann.next().get("session").getAsString();
            assertEquals(List.of("ann"), all(look("/socket/sessions?query=" + id), "sessions", "user"));
        }
    }

    // ---- channels

    @Test
    void channelsAreShownWithTheirListenersAndMessages() throws Exception {
        try (RawSocket ann = plain("/websocket/ann?topic=news");
                RawSocket ben = plain("/websocket/ben?topic=news")) {
            server.publish("topic", "news", "message", "one");
            server.publish("topic", "news", "message", "two");
            JsonObject page = look("/socket/channels");
            assertEquals(List.of("everyone", "topic:news", "user:ann", "user:ben"), all(page, "channels", "channel"));
            assertEquals(List.of("2", "2", "1", "1"), all(page, "channels", "sessions"));
            JsonObject news = page.getAsJsonArray("channels").get(1).getAsJsonObject();
            assertTrue(news.get("newest").getAsString().endsWith("-2"), news::toString);
            assertEquals(1, news.get("oldest").getAsInt());

            JsonObject topics = look("/socket/channels?query=topic:");
            assertEquals(List.of("topic:news"), all(topics, "channels", "channel"));
            JsonObject first = look("/socket/channels?limit=3");
            assertEquals(4, first.get("total").getAsInt());
            assertEquals("user:ann", first.get("next").getAsString());
            JsonObject rest = look("/socket/channels?after=user:ann");
            assertEquals(List.of("user:ben"), all(rest, "channels", "channel"));
            assertTrue(rest.get("next").isJsonNull());
        }
    }

    // ---- figures

    @Test
    void theFiguresCountWhatHappened() throws Exception {
        try (V1Client ann = server.v1("ann")) {
            ann.send("{\"type\":\"hello\",\"topics\":[\"news\"]}");
            ann.next();
            CompletableFuture<ServerFixture.Answer> receipt = CompletableFuture.supplyAsync(() -> {
                try {
                    return server.publish("userId", "ann", "message", "hi", "wait", "10s");
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            String position = ann.next().get("position").getAsString();
            clock.advance(40);
            ann.send("{\"type\":\"ack\",\"channel\":\"user:ann\",\"position\":\"" + position + "\"}");
            assertEquals(1, receipt.join().object().get("acked").getAsInt());
            ann.send("{\"type\":\"send\",\"ref\":\"1\",\"body\":\"to the back ends\"}");
            assertEquals("sent", ann.next().get("type").getAsString());

            JsonObject stats = look("/socket/stats");
            JsonObject counters = stats.getAsJsonObject("counters");
            assertEquals(1, counters.get("sent").getAsInt());
            assertEquals(1, counters.get("opened").getAsInt());
            assertEquals(1, counters.get("offered").getAsInt());
            assertTrue(counters.get("published").getAsInt() >= 2); // and perhaps that ann came
            assertEquals(1, stats.get("users").getAsInt());
            assertEquals(1, stats.get("topics").getAsInt());
            assertEquals(1, stats.getAsJsonObject("sessions").get("v1").getAsInt());
            assertTrue(stats.getAsJsonObject("memory").get("heap").getAsLong() > 1 << 20);

            JsonArray ends = stats.getAsJsonObject("acks").getAsJsonArray("ends");
            JsonArray counts = stats.getAsJsonObject("acks").getAsJsonArray("counts");
            assertEquals(ends.size() + 1, counts.size());
            int acks = 0;
            for (JsonElement count : counts) {
                acks += count.getAsInt();
            }
            assertEquals(1, acks);
            for (int i = 0; i < ends.size() && ends.get(i).getAsInt() <= 40; i++) {
                assertEquals(0, counts.get(i).getAsInt(), "no ack took less than 40 ms");
            }
        }
        await().until(() -> look("/socket/stats").getAsJsonArray("recent").size() == 1);
        JsonObject closed =
                look("/socket/stats").getAsJsonArray("recent").get(0).getAsJsonObject();
        assertEquals("closed", closed.get("what").getAsString());
        assertEquals("ann", closed.get("user").getAsString());
    }

    // ---- the stream

    private static JsonObject nextStats(EventReader stream) throws Exception {
        EventReader.Event event = stream.next();
        while (event.data().isEmpty() || !event.json().get("type").getAsString().equals("stats")) {
            event = stream.next();
        }
        assertNull(event.id(), "figures are no place to resume from");
        return event.json();
    }

    @Test
    void theStreamShowsTheFiguresAtOnceAndAgainBesideTheEvents() throws Exception {
        try (EventReader stream = EventReader.open(server, "/socket/events?stats=true");
                EventReader other = EventReader.open(server, "/socket/events")) {
            int before = nextStats(stream)
                    .getAsJsonObject("counters")
                    .get("published")
                    .getAsInt();
            server.publish("userId", "nobody", "message", "hi");
            clock.advance(Snapshots.EVERY_MILLIS);
            JsonObject later = nextStats(stream);
            while (later.getAsJsonObject("counters").get("published").getAsInt() == before) {
                later = nextStats(stream);
            }
            assertEquals(2, later.getAsJsonObject("sessions").get("total").getAsInt());
            try (RawSocket ann = plain("/websocket/ann")) {
                assertTrue(stream.nextAbout("ann")
                        .getAsJsonObject("body")
                        .get("online")
                        .getAsBoolean());
                // who did not ask gets no figures: its next lines are the start and the event
                other.start();
                assertEquals("message", other.next().json().get("type").getAsString());
            }
        }
    }

    // ---- who may

    @ParameterizedTest
    @ValueSource(strings = {"/socket/sessions", "/socket/channels", "/socket/stats", "/socket/events?stats=true"})
    void onlyWhoMayAdministrateSees(String path) throws Exception {
        ServerFixture.Answer foreign = server.get(path, "Sec-Fetch-Site", "cross-site");
        assertEquals(403, foreign.status());
        assertEquals("foreign_site", foreign.code());
        ServerFixture.Answer forwarded = server.get(path, "X-Forwarded-For", "10.0.0.1");
        assertEquals(401, forwarded.status());
        assertEquals("key_required", forwarded.code());
        assertEquals(405, server.method("POST", path).status());
    }

    @Test
    void clientsCannotSubscribeToTheFigures() throws Exception {
        try (EventReader inbox = EventReader.open(server, "/websocket/ben?stats=true&format=v1")) {
            RawSocket ann = server.v1("ann").socket;
            ann.sendText("{\"type\":\"hello\",\"resume\":{\"stats\":\"aaaaaaaa-0\"}}");
            assertEquals(4000, ann.readClose().closeCode());
            ann.close();
            inbox.start();
            clock.advance(Snapshots.EVERY_MILLIS);
            server.get("/socket/stats");
            server.publish("userId", "ben", "message", "hi");
            assertEquals("message", inbox.next().json().get("type").getAsString());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/socket/sessions?limit=0, bad_value",
        "/socket/sessions?limit=x, bad_value",
        "/socket/sessions?after=nonsense, bad_value",
        "/socket/sessions?query=%FF, bad_query",
        "/socket/channels?limit=1001, bad_value",
        "/socket/channels?query=%FF, bad_query",
    })
    void whatIsWrongIsSaid(String path, String code) throws Exception {
        ServerFixture.Answer answer = server.get(path);
        assertEquals(400, answer.status());
        assertEquals(code, answer.code());
    }
}
