package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The smallest client: {@code curl -N}, over real connections. */
class EventStreamTest {

    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start("--history", "topics=3/1h");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static EventReader.Event nextWithData(EventReader reader) throws Exception {
        EventReader.Event event = reader.next();
        while (event.data().isEmpty()) {
            event = reader.next();
        }
        return event;
    }

    @Test
    void aStreamStartsWithABareIdAndGoesOnWithMessages() throws Exception {
        try (EventReader stream = EventReader.open(server, "/webSocket/curl")) {
            String id = stream.start();
            assertFalse(id.isEmpty());
            await().until(() -> server.online("curl") == 1);
            assertEquals(
                    200, server.publish("userId", "curl", "message", "hello").status());
            EventReader.Event event = nextWithData(stream);
            assertEquals("hello", event.text());
            assertNotEquals(id, event.id());
        }
    }

    @Test
    void anEventIdResumesAfterItsEvent() throws Exception {
        String id;
        try (EventReader stream = EventReader.open(server, "/websocket/last?topic=last-topic")) {
            await().until(() -> server.online("last") == 1);
            server.publish("userId", "last", "message", "1");
            server.publish("topic", "last-topic", "message", "2");
            assertEquals("1", nextWithData(stream).text());
            EventReader.Event second = nextWithData(stream);
            assertEquals("2", second.text());
            id = second.id();
        }
        server.publish("userId", "last", "message", "3");
        server.publish("topic", "last-topic", "message", "4");
        // it beats ?since=
        try (EventReader stream =
                EventReader.open(server, "/websocket/last?topic=last-topic&since=now", "Last-Event-ID: " + id)) {
            List<String> texts =
                    List.of(nextWithData(stream).text(), nextWithData(stream).text());
            assertTrue(texts.containsAll(List.of("3", "4")), texts::toString);
        }
    }

    /** Even the bare id at the start: a client that was cut off before any message misses nothing. */
    @Test
    void theBareIdResumes() throws Exception {
        String id;
        try (EventReader stream = EventReader.open(server, "/websocket/bare?since=now")) {
            id = stream.start();
        }
        server.publish("userId", "bare", "message", "1");
        try (EventReader stream = EventReader.open(server, "/websocket/bare?since=now", "Last-Event-ID: " + id)) {
            assertEquals("1", nextWithData(stream).text());
        }
    }

    @Test
    void everyLineOfATextIsADataField() throws Exception {
        try (EventReader stream = EventReader.open(server, "/websocket/lines")) {
            await().until(() -> server.online("lines") == 1);
            server.publish("userId", "lines", "message", "a\nb\r\nc\rd\n\n: e\ndata: f");
            assertEquals(
                    List.of("a", "b", "c", "d", "", ": e", "data: f"),
                    nextWithData(stream).data());
            server.publish("userId", "lines", "message", "");
            assertEquals("", nextWithData(stream).text());
        }
    }

    @Test
    void formatV1GivesWholeMessages() throws Exception {
        try (EventReader stream = EventReader.open(server, "/websocket/json?format=v1")) {
            await().until(() -> server.online("json") == 1);
            JsonObject receipt = server.publish("userId", "json", "message", "a\nb", "flag", "f")
                    .object();
            JsonObject message = nextWithData(stream).json();
            assertEquals("message", message.get("type").getAsString());
            assertEquals("user:json", message.get("channel").getAsString());
            assertEquals(receipt.get("position"), message.get("position"));
            assertEquals("a\nb", message.get("body").getAsString());
            assertEquals("f", message.get("flag").getAsString());
        }
    }

    @Test
    void aLongMessageArrivesWhole() throws Exception {
        try (EventReader stream = EventReader.open(server, "/websocket/long")) {
            await().until(() -> server.online("long") == 1);
            String text = "0123456789abcdé\n".repeat(30_000);
            server.post("/socket/publish?userId=long", "text/plain", text);
            server.publish("userId", "long", "message", "after");
            assertEquals(text, nextWithData(stream).text());
            assertEquals("after", nextWithData(stream).text());
        }
    }

    /** Whatever a text says, it says it in its data. */
    @Test
    void aTextCannotForgeFieldsOfAnEvent() throws Exception {
        try (EventReader stream = EventReader.open(server, "/websocket/forged")) {
            await().until(() -> server.online("forged") == 1);
            String forged = "a\nevent: gap\nid: x\n\ndata: b\r\rid: y\r\nretry: 1\n:\u2028c";
            server.post("/socket/publish?userId=forged", "text/plain", forged);
            server.publish("userId", "forged", "message", "after");
            EventReader.Event event = nextWithData(stream);
            assertEquals(forged.replace("\r\n", "\n").replace('\r', '\n'), event.text());
            assertFalse(event.id().equals("x") || event.id().equals("y"));
            assertEquals("after", nextWithData(stream).text());
        }
    }

    /** Topics of this server keep three messages. */
    @Test
    void aHoleIsAnEventOfItsOwn() throws Exception {
        String id;
        try (EventReader stream = EventReader.open(server, "/websocket/gap?topic=gaps")) {
            await().until(() -> server.online("gap") == 1);
            server.publish("topic", "gaps", "message", "1");
            id = nextWithData(stream).id();
        }
        for (int i = 2; i <= 7; i++) {
            server.publish("topic", "gaps", "message", "" + i);
        }
        try (EventReader stream = EventReader.open(server, "/websocket/gap?topic=gaps", "Last-Event-ID: " + id)) {
            assertEquals(id, stream.start(), "a line that is cut before the gap must not have passed it");
            EventReader.Event gap = nextWithData(stream);
            assertEquals("gap", gap.name());
            assertEquals("topic:gaps", gap.json().get("channel").getAsString());
            assertEquals(3, gap.json().get("missed").getAsInt());
            assertEquals("5", nextWithData(stream).text());
            assertEquals("6", nextWithData(stream).text());
            assertEquals("7", nextWithData(stream).text());
        }
    }

    @Test
    void whatWasWrittenHasLeftTheInbox() throws Exception {
        server.publish("userId", "box", "message", "1");
        try (EventReader first = EventReader.open(server, "/websocket/box")) {
            assertEquals("1", nextWithData(first).text());
            // the reader may be faster than the server's note that the write is done
            await().until(() -> server.get("/socket/why?userId=box").body().contains("\"unread\":0"));
            try (EventReader second = EventReader.open(server, "/websocket/box")) {
                second.start();
                await().until(() -> server.online("box") == 2);
                server.publish("userId", "box", "message", "2");
                assertEquals("2", nextWithData(second).text());
            }
        }
    }

    /** Without a write: else the next message would count as read by nobody. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aReaderThatLeftIsNoticed(boolean politely) throws Exception {
        EventReader stream = EventReader.open(server, "/websocket/left");
        await().until(() -> server.online("left") == 1);
        if (politely) {
            stream.close();
        } else {
            stream.socket.reset();
        }
        await().until(() -> server.online("left") == 0);
        assertEquals(202, server.publish("userId", "left", "message", "later").status());
        try (EventReader next = EventReader.open(server, "/websocket/left")) {
            assertEquals("later", nextWithData(next).text());
        }
    }

    // ---- who may

    @ParameterizedTest
    @ValueSource(strings = {"HEAD", "POST", "OPTIONS", "TRACE"})
    void otherMethodsAre405(String method) throws Exception {
        for (String path : List.of("/websocket/methods", "/socket/events")) {
            try (RawSocket line = server.raw()) {
                line.request(method, path);
                RawSocket.Head head = line.readHead();
                assertEquals(405, head.status());
                assertEquals("GET", head.header("Allow"));
            }
        }
        assertEquals(0, server.online("methods"));
    }

    /** It can move the inbox, so it is guarded like publishing. */
    @ParameterizedTest
    @CsvSource({
        "'Host: evil.test',                                                            421",
        "'X-Forwarded-For: 10.0.0.1',                                                  401",
        "'Forwarded: for=10.0.0.1',                                                    401",
        "'Via: 1.1 proxy',                                                             401",
        "'Sec-Fetch-Site: cross-site',                                                 403",
        "'Sec-Fetch-Site: none',                                                       403",
        "'Origin: https://evil.test',                                                  403",
        "'Origin: null',                                                               403",
        "'Referer: https://evil.test/page',                                            403",
        "'Sec-Purpose: prefetch',                                                      403",
        "'Sec-Fetch-Site: same-origin',                                                200",
        "'Origin: http://localhost:{port}',                                            200",
    })
    void itIsGuardedLikePublishing(String header, int status) throws Exception {
        for (String path : List.of("/websocket/guarded", "/socket/events")) {
            try (RawSocket line = server.raw()) {
                line.request("GET", path, header.replace("{port}", "" + server.port()));
                assertEquals(status, line.readHead().status());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/websocket/u?since=yesterday",
                "/websocket/a%3Bb",
                "/websocket/",
                "/websocket/u?topic=1&topic=2&topic=3&topic=4&topic=5&topic=6&topic=7&topic=8&topic=9",
                "/socket/events?since=inbox",
                "/socket/events?since=x",
            })
    void aBadRequestIs400(String path) throws Exception {
        ServerFixture.Answer answer = server.get(path);
        assertEquals(400, answer.status());
        assertEquals("application/problem+json", answer.type());
    }

    @ParameterizedTest
    @ValueSource(strings = {"!", "bm90IGFuIGlk", "dXNlcjp1PWszWnE4MUFiLXg"})
    void aForeignEventIdIs400(String id) throws Exception {
        assertEquals(400, server.get("/websocket/u", "Last-Event-ID", id).status());
    }

    /** An id names only what the request may read anyway. */
    @Test
    void anEventIdOpensNoOtherChannel() throws Exception {
        server.publish("userId", "victim", "message", "secret");
        String id = java.util.Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("user:victim=00000000-0\ntopic:other=00000000-0".getBytes());
        try (EventReader stream = EventReader.open(server, "/websocket/thief", "Last-Event-ID: " + id)) {
            await().until(() -> server.online("thief") == 1);
            server.publish("userId", "thief", "message", "mine");
            assertEquals("mine", nextWithData(stream).text());
        }
    }

    // ---- what back ends listen to

    @Test
    void theEventsTellOfComingsAndGoings() throws Exception {
        String id;
        try (EventReader events = EventReader.open(server, "/socket/events")) {
            events.start();
            try (RawSocket client = server.plain("/websocket/guest")) {
                JsonObject came = events.nextAbout("guest");
                assertEquals("events", came.get("channel").getAsString());
                assertTrue(came.getAsJsonObject("body").get("online").getAsBoolean());
                client.sendText("test1");
                assertEquals("test1", events.nextFrom("guest").get("body").getAsString());
                // a second tab is no news: the next event about this user is that it left
                RawSocket second = server.plain("/websocket/guest");
                await().until(() -> server.online("guest") == 2);
                second.closePolitely();
                client.closePolitely();
            }
            assertFalse(events.nextAbout("guest")
                    .getAsJsonObject("body")
                    .get("online")
                    .getAsBoolean());
            try (RawSocket marker = server.plain("/websocket/marker")) {
                marker.sendText("here");
                EventReader.Event event = events.next();
                while (!event.text().contains("\"here\"")) {
                    event = events.next();
                }
                id = event.id();
            }
        }
        try (RawSocket client = server.plain("/websocket/guest")) {
            client.sendText("while nobody listened");
            await().until(() -> server.online("guest") == 1);
            try (EventReader events = EventReader.open(server, "/socket/events", "Last-Event-ID: " + id)) {
                JsonObject event = events.nextFrom("guest");
                assertEquals("while nobody listened", event.get("body").getAsString());
            }
        }
    }

    @Test
    void backEndsAreNobodysPresence() throws Exception {
        try (EventReader first = EventReader.open(server, "/socket/events")) {
            first.start();
            assertFalse(server.get("/socket/online").body().contains("null\":"));
        }
    }
}
