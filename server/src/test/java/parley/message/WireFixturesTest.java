package parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import parley.auth.UserId;
import parley.session.Disconnect;
import parley.session.Since;

/** The frames of {@code parley.v1} as both sides must write and read them; client-js tests against the same files. */
class WireFixturesTest {

    @TestFactory
    List<DynamicTest> clientFrames() throws IOException {
        return fixtures("client-frames", fixture -> {
            String text = text(fixture, "text");
            if (fixture.has("error")) {
                Problem problem = assertThrows(Problem.class, () -> understand(ClientFrame.parse(text)));
                // bad_json never travels: a client that sends no JSON object is closed with 4000
                assertEquals(fixture.has("close") ? "bad_json" : text(fixture, "error"), problem.code());
            } else {
                assertEquals(clientFrame(fixture.getAsJsonObject("frame")), ClientFrame.parse(text));
                understand(ClientFrame.parse(text));
            }
        });
    }

    /** What is judged after the syntax: names and positions. */
    private static void understand(ClientFrame frame) throws Problem {
        if (frame instanceof ClientFrame.Hello hello) {
            for (String topic : hello.topics()) {
                UserId.topic(topic);
            }
            for (String position : hello.resume().values()) {
                Since.parse(position);
            }
        } else if (frame instanceof ClientFrame.Subscribe subscribe) {
            UserId.topic(subscribe.topic());
            if (subscribe.since() != null) {
                Since.parse(subscribe.since());
            }
        } else if (frame instanceof ClientFrame.Send send && send.reception() != null) {
            UserId.reception(send.reception());
        }
    }

    private static ClientFrame clientFrame(JsonObject frame) throws Problem {
        return switch (text(frame, "type")) {
            case "hello" -> {
                Map<String, String> resume = new LinkedHashMap<>();
                if (frame.has("resume")) {
                    JsonObject positions = frame.getAsJsonObject("resume");
                    positions.keySet().forEach(channel -> resume.put(channel, text(positions, channel)));
                }
                yield new ClientFrame.Hello(resume, texts(frame, "topics"));
            }
            case "subscribe" -> new ClientFrame.Subscribe(text(frame, "topic"), text(frame, "since"));
            case "unsubscribe" -> new ClientFrame.Unsubscribe(text(frame, "topic"));
            case "send" ->
                new ClientFrame.Send(text(frame, "ref"), text(frame, "reception"), text(frame, "flag"), body(frame));
            case "ack" ->
                new ClientFrame.Ack(
                        text(frame, "channel"),
                        position(frame, "position"),
                        texts(frame, "failed").stream().map(Position::parse).toList());
            case "reply" -> new ClientFrame.Reply(text(frame, "ask"), body(frame));
            case "ping" -> new ClientFrame.Ping();
            default -> throw new AssertionError("no such client frame: " + frame);
        };
    }

    @TestFactory
    List<DynamicTest> serverFrames() throws IOException {
        return fixtures(
                "server-frames",
                fixture -> assertEquals(
                        text(fixture, "text"),
                        serverFrame(fixture.getAsJsonObject("frame")).json()));
    }

    private static ServerFrame serverFrame(JsonObject frame) {
        return switch (text(frame, "type")) {
            case "welcome" -> {
                Map<Channel, ServerFrame.Start> channels = new LinkedHashMap<>();
                JsonObject starts = frame.getAsJsonObject("channels");
                starts.keySet().forEach(name -> channels.put(Channel.parse(name), start(starts.getAsJsonObject(name))));
                yield new ServerFrame.Welcome(
                        text(frame, "session"),
                        text(frame, "user"),
                        frame.get("heartbeat").getAsInt(),
                        channels);
            }
            case "message" -> new ServerFrame.Delivery(message(frame), frame.has("ack"));
            case "subscribed" -> new ServerFrame.Subscribed(text(frame, "topic"), start(frame));
            case "unsubscribed" -> new ServerFrame.Unsubscribed(text(frame, "topic"));
            case "gap" -> new ServerFrame.Gap(channel(frame), number(frame, "missed"), position(frame, "position"));
            case "sent" ->
                new ServerFrame.Sent(
                        text(frame, "ref"),
                        text(frame, "id"),
                        frame.get("online").getAsInt());
            case "error" -> new ServerFrame.Failed(text(frame, "ref"), text(frame, "code"), text(frame, "detail"));
            case "ask" -> new ServerFrame.Ask(text(frame, "ask"), body(frame), text(frame, "flag"));
            case "ping" -> ServerFrame.PING;
            case "pong" -> ServerFrame.PONG;
            case "reconnect" -> new ServerFrame.Reconnect(number(frame, "in"));
            default -> throw new AssertionError("no such server frame: " + frame);
        };
    }

    private static Message message(JsonObject frame) {
        return new Message(
                text(frame, "id"),
                channel(frame),
                position(frame, "position"),
                number(frame, "time"),
                text(frame, "sender"),
                text(frame, "reception"),
                text(frame, "flag"),
                body(frame),
                null,
                null);
    }

    private static ServerFrame.Start start(JsonObject of) {
        return new ServerFrame.Start(
                position(of, "position"),
                position(of, "newest"),
                of.get("recovered").getAsBoolean(),
                number(of, "missed"));
    }

    private static Channel channel(JsonObject of) {
        return Channel.parse(text(of, "channel"));
    }

    private static Body body(JsonObject of) {
        JsonElement body = of.get("body");
        boolean string = body.isJsonPrimitive() && body.getAsJsonPrimitive().isString();
        return string ? Body.text(body.getAsString()) : new Body(body.toString(), true);
    }

    private static Position position(JsonObject of, String name) {
        return of.has(name) ? Position.parse(text(of, name)) : null;
    }

    private static Long number(JsonObject of, String name) {
        return of.get(name).isJsonNull() ? null : of.get(name).getAsLong();
    }

    private static String text(JsonObject of, String name) {
        return of.has(name) ? of.get(name).getAsString() : null;
    }

    private static List<String> texts(JsonObject of, String name) {
        List<String> texts = new ArrayList<>();
        JsonArray array = of.has(name) ? of.getAsJsonArray(name) : new JsonArray();
        array.forEach(element -> texts.add(element.getAsString()));
        return texts;
    }

    @Test
    void closeCodes() throws IOException {
        List<String> told = new ArrayList<>();
        for (JsonElement row : read("close-codes")) {
            JsonObject of = row.getAsJsonObject();
            told.add(text(of, "name") + " " + of.get("code").getAsInt() + " "
                    + of.get("comesBack").getAsBoolean());
        }
        List<String> ours = Stream.of(Disconnect.values())
                .map(why -> why + " " + why.code() + " " + why.comesBack())
                .toList();
        assertEquals(ours, told);
    }

    private interface Check {
        void of(JsonObject fixture) throws Problem;
    }

    private static List<DynamicTest> fixtures(String file, Check check) throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonElement fixture : read(file)) {
            tests.add(DynamicTest.dynamicTest(
                    text(fixture.getAsJsonObject(), "name"), () -> check.of(fixture.getAsJsonObject())));
        }
        return tests;
    }

    private static JsonArray read(String file) throws IOException {
        try (Reader reader = new InputStreamReader(
                WireFixturesTest.class.getResourceAsStream("/wire/" + file + ".json"), StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(reader).getAsJsonArray();
        }
    }
}
