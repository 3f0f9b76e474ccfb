package parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** JSON, frames, positions and durations out of any bytes: a value or a Problem, and what was read prints as it was. */
class CodecFuzz {

    private static final Set<String> JSON_CODES = Set.of("bad_json", "too_deep", "bad_text");
    private static final Set<String> FRAME_CODES = Set.of("bad_json", "bad_frame", "unknown_type", "bad_position");

    /** What our scanner cuts out of an object is what Gson's parser sees there. */
    @FuzzTest
    void values(byte[] input) {
        String text = text(input);
        Json.Fields fields;
        try {
            fields = Json.object(text);
        } catch (Problem problem) {
            expect(problem, JSON_CODES);
            return;
        }
        JsonObject tree = (JsonObject) parse(text);
        assertEquals(
                new ArrayList<>(tree.keySet()), new ArrayList<>(fields.raw().keySet()));
        Json.Out copy = new Json.Out();
        fields.raw().forEach((name, raw) -> {
            assertEquals(tree.get(name), parse(raw), raw);
            assertTrue(text.contains(raw), "cut out as it stands");
            if (tree.get(name).isJsonArray()) {
                List<JsonElement> elements = tree.getAsJsonArray(name).asList();
                assertEquals(
                        elements,
                        Json.elements(raw).stream().map(CodecFuzz::parse).toList());
            } else if (raw.startsWith("\"")) {
                assertEquals(tree.get(name).getAsString(), Json.unquote(raw));
                assertEquals(tree.get(name), parse(Json.quote(Json.unquote(raw))), "quoted again");
            }
            copy.raw(name, raw);
        });
        assertEquals(fields.raw(), reread(copy.end()).raw());
    }

    /** Whatever Gson takes for an object and prints without a name twice, is one for us. */
    @FuzzTest
    void printed(byte[] input) {
        JsonElement tree;
        try {
            tree = parse(text(input));
        } catch (JsonParseException none) {
            return;
        }
        if (tree.isJsonObject()) {
            assertEquals(
                    ((JsonObject) tree).keySet(), reread(tree.toString()).raw().keySet());
        }
    }

    @FuzzTest
    void frames(byte[] input) throws Problem {
        String text = text(input);
        ClientFrame frame;
        try {
            frame = ClientFrame.parse(text);
        } catch (Problem problem) {
            expect(problem, FRAME_CODES);
            String ref = ClientFrame.refOf(text);
            assertTrue(ref == null || ref.length() <= ClientFrame.MAX_NAME_CHARS);
            assertNotNull(reread(new ServerFrame.Failed(ref, problem.code(), problem.detail()).json()));
            return;
        }
        if (frame instanceof ClientFrame.Send send) {
            assertTrue(send.flag() == null || send.flag().length() <= ClientFrame.MAX_NAME_CHARS);
            assertTrue(send.ref() == null || send.ref().length() <= ClientFrame.MAX_NAME_CHARS);
            carried(send.body());
        } else if (frame instanceof ClientFrame.Reply reply) {
            carried(reply.body());
        } else if (frame instanceof ClientFrame.Ack ack) {
            ack.failed().forEach(CodecFuzz::printsItself);
            printsItself(ack.position());
        } else if (frame instanceof ClientFrame.Hello hello) {
            assertTrue(hello.topics().stream().allMatch(Objects::nonNull));
            assertTrue(hello.resume().values().stream().allMatch(Objects::nonNull));
        }
    }

    /** Comes out of the next codec as it went in. */
    private static void carried(Body body) throws Problem {
        Json.Fields fields = reread(new Json.Out().raw("body", body.toJson()).end());
        assertEquals(body, Body.ofJson(fields.raw().get("body")));
    }

    @FuzzTest
    void positions(byte[] input) {
        String text = text(input);
        Position position = Position.parse(text);
        if (position != null) {
            assertTrue(position.offset() >= 0);
            printsItself(position);
        }
        Channel channel = Channel.parse(text);
        if (channel != null) {
            assertEquals(text, channel.toString());
        }
    }

    private static void printsItself(Position position) {
        assertEquals(position, Position.parse(position.toString()));
    }

    /** Never negative, never overflowing, and the same in milliseconds. */
    @FuzzTest
    void durations(byte[] input) throws Problem {
        long millis;
        try {
            millis = Durations.millis(text(input));
        } catch (Problem problem) {
            expect(problem, Set.of("bad_duration"));
            return;
        }
        assertTrue(millis >= 0 && millis <= 999_999_999L * 86_400_000, () -> millis + " ms");
        if (millis <= 999_999_999) {
            assertEquals(millis, Durations.millis(millis + "ms"));
        }
    }

    private static String text(byte[] input) {
        return new String(input, StandardCharsets.UTF_8);
    }

    private static void expect(Problem problem, Set<String> codes) {
        assertEquals(400, problem.status());
        assertTrue(codes.contains(problem.code()), problem.code());
        assertFalse(problem.detail().isBlank());
    }

    private static Json.Fields reread(String text) {
        try {
            return Json.object(text);
        } catch (Problem problem) {
            throw new AssertionError(problem.detail() + " " + text, problem);
        }
    }

    /** As Gson reads it: strict, and as deep as we allow. */
    private static JsonElement parse(String text) {
        JsonReader reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(32);
        return JsonParser.parseReader(reader);
    }
}
