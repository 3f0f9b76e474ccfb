package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.auth.AuthSettings.Secret;
import parley.auth.NewToken;
import parley.auth.NewTokenSettings;

/** Users with tokens, over real connections; the same for WebSockets of both modes and for event streams. */
class TokenSocketTest {

    private static final Secret SECRET = new Secret("the secret of this server's tokens");

    private static final ServerFixture.Clock CLOCK = new ServerFixture.Clock();
    private static ServerFixture server;

    @BeforeAll
    static void start() throws Exception {
        server = ServerFixture.start(CLOCK, "--auth", "token", "--token-secret", SECRET.text());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String token(String user, long millis, String... topics) throws IOException {
        return NewToken.of(new NewTokenSettings(SECRET, null, user, List.of(topics), millis, null, null), CLOCK);
    }

    private static String token(String user, String... topics) throws IOException {
        return token(user, 3_600_000, topics);
    }

    /** How a client connects. */
    enum Way {
        PLAIN,
        V1,
        STREAM;

        /**
         * The status of an attempt, or for a v1 client that of which the close code tells.
         *
         * @param offer a subprotocol beside the mode, or null
         */
        int status(String path, String offer, String... lines) throws IOException {
            List<String> all = new ArrayList<>(Arrays.asList(lines));
            try (RawSocket line = server.raw()) {
                if (this == STREAM) {
                    line.request("GET", path, lines);
                    return line.readHead().status();
                }
                if (this == V1 || offer != null) {
                    String mode = this == V1 ? "parley.v1" : "parley.plain";
                    all.add("Sec-WebSocket-Protocol: " + (offer == null ? mode : offer + ", " + mode));
                }
                RawSocket.Head head = line.handshake(path, all.toArray(String[]::new));
                if (this == PLAIN || head.status() != 101) {
                    return head.status();
                }
                assertEquals("parley.v1", head.header("Sec-WebSocket-Protocol"));
                line.sendText("{\"type\":\"hello\"}");
                RawSocket.Frame answer = line.readFrame();
                return answer.opCode() == RawSocket.TEXT
                        ? 101
                        : switch (answer.closeCode()) {
                            case 4000 -> 400;
                            case 4001 -> 401;
                            case 4003 -> 403;
                            default -> answer.closeCode();
                        };
            }
        }

        int good() {
            return this == STREAM ? 200 : 101;
        }
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void aTokenComesInOneOfFourWays(Way way) throws Exception {
        String token = token("42");
        assertEquals(way.good(), way.status("/websocket/" + token, null));
        assertEquals(way.good(), way.status("/webSocket/" + token + "?since=now", null));
        assertEquals(way.good(), way.status("/websocket/42?token=" + token, null));
        assertEquals(way.good(), way.status("/websocket/42", null, "Authorization: Bearer " + token));
        if (way != Way.STREAM) {
            assertEquals(way.good(), way.status("/websocket/42", "parley.token." + token));
        }
        // the same one twice is one
        assertEquals(
                way.good(),
                way.status("/websocket/" + token + "?token=" + token, null, "Authorization: Bearer " + token));
        // and no cookie of a browser's is one: nothing that another site can have it send
        assertEquals(401, way.status("/websocket/42", null, "Cookie: token=" + token));
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void withoutAGoodTokenNobodyGetsIn(Way way) throws Exception {
        String token = token("42");
        String other = token("42", 7_000_000);
        String forged = token.substring(0, token.length() - 4) + "AAAA";
        for (String path : List.of(
                "/websocket/42",
                "/websocket/42?token=",
                "/websocket/42?token=" + forged,
                "/websocket/" + forged,
                "/websocket/42?token=" + token + "&token=" + other,
                "/websocket/" + token + "?token=" + forged,
                "/websocket/eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.")) {
            assertEquals(401, way.status(path, null), path);
        }
        assertEquals(401, way.status("/websocket/42", null, "Authorization: Bearer " + forged));
        assertEquals(401, way.status("/websocket/42", null, "Authorization: Basic " + token));
        assertEquals(401, way.status("/websocket/42", null, "X-Api-Key: " + token));
        if (way != Way.STREAM) {
            assertEquals(401, way.status("/websocket/42", "parley.token." + forged));
            assertEquals(401, way.status("/websocket/42", "parley.token."));
            assertEquals(401, way.status("/websocket/42", "parley.token." + token + ", parley.token." + other));
        }
    }

    /** The id in the path, and whose the token is: the same name after decoding and composing, or not. */
    @ParameterizedTest
    @CsvSource({
        "42,              42,        true",
        "%34%32,          42,        true",
        "42,              43,        false",
        "42,              42x,       false",
        "042,             42,        false",
        "42.0,            42,        false",
        "42%20,           42,        false",
        "%2042,           42,        false",
        "ann,             Ann,       false",
        "ANN,             ann,       false",
        "%C3%A9,          \u00e9,    true",
        "e%CC%81,         \u00e9,    true",
        "%C3%A9,          e\u0301,   true",
        "e,               \u00e9,    false",
        "%EF%BC%94%32,    42,        false", // a full-width digit
        "%D0%B0nn,        ann,       false", // a Cyrillic letter
        "user:42,         42,        false",
        "everyone,        42,        false",
        "42%2B,           42,        false",
        "4%252,           42,        false",
    })
    void aTokenIsForItsUserOnly(String path, String subject, boolean same) throws Exception {
        for (Way way : Way.values()) {
            assertEquals(same ? way.good() : 403, way.status("/websocket/" + path + "?token=" + token(subject), null));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"42;x=1", "42%3B", "4/2", "", "%00"})
    void aPathThatIsNoIdIs400(String path) throws Exception {
        assertEquals(400, Way.PLAIN.status("/websocket/" + path + "?token=" + token("42"), null));
        assertEquals(400, Way.STREAM.status("/websocket/" + path + "?token=" + token("42"), null));
    }

    @Test
    void aRefusalSaysWhatItWantsAndRepeatsNothing() throws Exception {
        String forged = token("42").replaceAll("\\.[^.]*$", ".AAAA");
        ServerFixture.Answer none = server.get("/websocket/42");
        assertEquals("token_required", none.code());
        ServerFixture.Answer wrong = server.get("/websocket/" + forged);
        assertEquals("bad_token", wrong.code());
        assertFalse(wrong.body().contains(forged.substring(0, 20)), wrong::body);
        ServerFixture.Answer late = server.get("/websocket/42?token=" + token("42", 1_000 - 60_000));
        assertEquals("token_expired", late.code());
        for (ServerFixture.Answer answer : List.of(none, wrong, late)) {
            assertEquals(401, answer.status());
            assertEquals(
                    "Bearer realm=\"parley\"",
                    answer.raw().headers().firstValue("WWW-Authenticate").orElse(null));
        }
        assertEquals(
                "foreign_user", server.get("/websocket/43?token=" + token("42")).code());
    }

    /** It would stand in the network tools of every browser, and in the logs of proxies. */
    @ParameterizedTest
    @CsvSource({
        "'parley.v1, parley.token.{token}', parley.v1",
        "'parley.token.{token}, parley.v1', parley.v1",
        "'parley.token.{token}, parley.plain', parley.plain",
        "'parley.plain, mqtt, parley.token.{token}', parley.plain",
    })
    void aTokenIsNeverTheSubprotocol(String offers, String chosen) throws Exception {
        try (RawSocket line = server.raw()) {
            String header = "Sec-WebSocket-Protocol: " + offers.replace("{token}", token("42"));
            RawSocket.Head head = line.handshake("/websocket/42", header);
            assertEquals(101, head.status());
            assertEquals(chosen, head.header("Sec-WebSocket-Protocol"));
            assertFalse(head.toString().contains("eyJ"), head::toString);
        }
    }

    @Test
    void aTokenAloneIsNoSubprotocol() throws Exception {
        try (RawSocket line = server.raw()) {
            String header = "Sec-WebSocket-Protocol: parley.token." + token("42");
            assertEquals(400, line.handshake("/websocket/42", header).status());
        }
    }

    /** No name of ours is needed when something proves the caller; the page must be one of ours all the same. */
    @Test
    void theHostMayBeAnyAndTheOriginMayNot() throws Exception {
        String path = "/websocket/42?token=" + token("42");
        for (Way way : Way.values()) {
            assertEquals(way.good(), way.status(path, null, "Host: chat.example.com"));
            assertEquals(way.good(), way.status(path, null, "Host: chat.example.com", "X-Forwarded-For: 10.0.0.1"));
        }
        for (Way way : List.of(Way.PLAIN, Way.V1)) {
            assertEquals(403, way.status(path, null, "Origin: https://evil.test"));
            assertEquals(101, way.status(path, null, "Host: a.test", "Origin: https://a.test"));
        }
    }

    @Test
    void theUserIsTheTokensWhateverElseIsSaid() throws Exception {
        try (V1Client ann =
                new V1Client(RawSocket.webSocket(server.port(), "/websocket/" + token("ann"), "parley.v1"))) {
            assertEquals("ann", ann.hello().get("user").getAsString());
            await().until(() -> server.online("ann") == 1);
            try (RawSocket bob = server.plain("/websocket/" + token("bob") + "?userId=ann&sender=ann")) {
                bob.sendText("{\"sender\":\"admin\",\"reception\":\"ann\",\"body\":\"hi\"}");
                assertEquals("bob", ann.next("message").get("sender").getAsString());
            }
        }
    }

    // ---- topics

    @ParameterizedTest
    @EnumSource(Way.class)
    void theUrlNamesOnlyTopicsThatTheTokenCovers(Way way) throws Exception {
        String token = token("42", "news.*", "alarm");
        String path = "/websocket/42?token=" + token;
        assertEquals(way.good(), way.status(path + "&topic=news.sport&topic=alarm", null));
        assertEquals(403, way.status(path + "&topic=news.sport&topic=secret", null));
        assertEquals(403, way.status(path + "&topic=news", null));
        assertEquals(403, way.status("/websocket/42?topic=alarm&token=" + token("42"), null));
        assertEquals(way.good(), way.status("/websocket/42?topic=anything&token=" + token("42", "*"), null));
    }

    /** Neither now nor from the history, by whatever frame. */
    @Test
    void aTopicThatTheTokenDoesNotCoverStaysClosed() throws Exception {
        String position = server.publish("topic", "secret", "message", "old")
                .object()
                .get("position")
                .getAsString()
                .replaceAll("-.*", "-0");
        try (V1Client client =
                new V1Client(RawSocket.webSocket(server.port(), "/websocket/" + token("tia", "open"), "parley.v1"))) {
            JsonObject channels = client.hello(Map.of("topic:secret", position), "secret", "open")
                    .getAsJsonObject("channels");
            assertTrue(channels.has("topic:open"));
            assertFalse(channels.has("topic:secret"), channels::toString);
            client.send("{\"type\":\"subscribe\",\"topic\":\"secret\",\"since\":\"" + position + "\"}");
            assertEquals("forbidden", client.next("error").get("code").getAsString());
            client.send("{\"type\":\"send\",\"ref\":\"1\",\"reception\":\"topic:secret\",\"body\":1}");
            assertEquals("forbidden", client.next("error").get("code").getAsString());
            assertEquals(
                    0,
                    server.publish("topic", "secret", "message", "new")
                            .object()
                            .get("online")
                            .getAsInt());
            server.publish("topic", "open", "message", "seen");
            assertEquals("seen", client.nextBody());
        }
    }

    /** The positions in an event's id come from the client: they may name any channel. */
    @Test
    void anEventIdOpensNothing() throws Exception {
        String position = server.publish("topic", "secret", "message", "old")
                .object()
                .get("position")
                .getAsString()
                .replaceAll("-.*", "-0");
        String id = Base64.getUrlEncoder()
                .encodeToString(("topic:secret=" + position + "\nuser:bob=" + position).getBytes());
        try (EventReader stream = EventReader.open(
                server, "/websocket/" + token("evan", "open") + "?topic=open", "Last-Event-ID: " + id)) {
            stream.start();
            await().until(() -> server.online("evan") == 1);
            server.publish("topic", "open", "message", "seen");
            EventReader.Event event = stream.next();
            while (event.data().isEmpty()) {
                event = stream.next();
            }
            assertEquals("seen", event.text());
        }
    }

    // ---- the end

    @Test
    void aSessionIsClosedWhenItsTokenExpires() throws Exception {
        String path = "/websocket/" + token("exp", 600_000);
        try (RawSocket plain = server.plain(path);
                RawSocket v1 = RawSocket.webSocket(server.port(), path, "parley.v1");
                EventReader stream = EventReader.open(server, path);
                RawSocket longer = server.plain("/websocket/" + token("exp", 7_000_000))) {
            new V1Client(v1).hello();
            stream.start();
            await().until(() -> server.online("exp") == 4);
            CLOCK.advance(300_000);
            assertEquals(
                    4,
                    server.publish("userId", "exp", "message", "still")
                            .object()
                            .get("online")
                            .getAsInt());
            CLOCK.advance(300_000);
            assertEquals(4110, plain.readClose().closeCode());
            RawSocket.Frame close = v1.readClose();
            assertEquals(4110, close.closeCode());
            assertEquals("the token expired", close.closeReason());
            stream.socket.readToEnd();
            await().until(() -> server.online("exp") == 1);
            longer.sendText("ping");
            while (!longer.readText().equals("pong")) {
                continue;
            }
        }
        assertEquals(401, Way.PLAIN.status(path, null));
    }

    // ---- others

    @Test
    void backEndsNeedNoToken() throws Exception {
        assertEquals(202, server.publish("userId", "away", "message", "hi").status());
        try (EventReader events = EventReader.open(server, "/socket/events")) {
            assertNull(events.next().name());
        }
        assertEquals(200, server.get("/ready").status());
    }
}
