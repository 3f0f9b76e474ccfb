package parley.message;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a {@code parley.v1} client sends: one JSON object per text frame, {@code type} names it. */
public sealed interface ClientFrame {

    /** What a client is told as it is; any other reason not to take a frame is a {@code bad_frame}. */
    Set<String> OWN_CODES = Set.of("unknown_type", "bad_position");

    /** Of a flag or a ref; a longer one is a mistake, and each is kept with its message or sent back. */
    int MAX_NAME_CHARS = 255;

    /** @param resume position by channel, both as sent */
    record Hello(Map<String, String> resume, List<String> topics) implements ClientFrame {}

    record Subscribe(String topic, String since) implements ClientFrame {}

    record Unsubscribe(String topic) implements ClientFrame {}

    record Send(String ref, String reception, String flag, Body body) implements ClientFrame {}

    /** Everything up to {@code position} was handled; those in {@code failed} threw. */
    record Ack(String channel, Position position, List<Position> failed) implements ClientFrame {}

    record Reply(String ask, Body body) implements ClientFrame {}

    record Ping() implements ClientFrame {}

    record Pong() implements ClientFrame {}

    /**
     * Reads a frame.
     *
     * @throws Problem code {@code bad_json} when it is no JSON object, {@code unknown_type}, {@code bad_frame} when a
     *     field is missing or of the wrong kind, or {@code bad_position}
     */
    static ClientFrame parse(String text) throws Problem {
        Json.Fields fields;
        try {
            fields = Json.object(text);
        } catch (Problem problem) {
            throw problem.code().equals("bad_json") ? problem : Problem.bad("bad_frame", problem.detail());
        }
        try {
            String type = required(fields, "type");
            return switch (type) {
                case "hello" -> new Hello(fields.textMap("resume"), fields.texts("topics"));
                case "subscribe" -> new Subscribe(required(fields, "topic"), fields.text("since"));
                case "unsubscribe" -> new Unsubscribe(required(fields, "topic"));
                case "send" ->
                    new Send(
                            bounded(fields.scalar("ref"), "ref"),
                            fields.text("reception"),
                            bounded(fields.text("flag"), "flag"),
                            body(fields));
                case "ack" -> ack(fields);
                case "reply" -> new Reply(required(fields, "ask"), body(fields));
                case "ping" -> new Ping();
                case "pong" -> new Pong();
                default -> throw Problem.bad("unknown_type", "There is no such frame type.");
            };
        } catch (Problem problem) {
            throw OWN_CODES.contains(problem.code()) ? problem : Problem.bad("bad_frame", problem.detail());
        }
    }

    /** The {@code ref} of a frame that could not be read, so that its error can name it; null when it has no good one. */
    static String refOf(String text) {
        try {
            return bounded(Json.object(text).scalar("ref"), "ref");
        } catch (Problem unreadable) {
            return null;
        }
    }

    private static Ack ack(Json.Fields fields) throws Problem {
        List<Position> failed = new ArrayList<>();
        for (String text : fields.texts("failed")) {
            failed.add(position(text));
        }
        return new Ack(required(fields, "channel"), position(required(fields, "position")), failed);
    }

    private static Position position(String text) throws Problem {
        Position position = Position.parse(text);
        if (position == null) {
            throw Problem.bad("bad_position", "A position looks like k3Zq81Ab-42.");
        }
        return position;
    }

    private static Body body(Json.Fields fields) throws Problem {
        if (!fields.has("body")) {
            throw Problem.bad("bad_frame", "'body' is missing.");
        }
        return Body.ofJson(fields.raw().get("body"));
    }

    private static String bounded(String text, String name) throws Problem {
        if (text != null && text.length() > MAX_NAME_CHARS) {
            throw Problem.bad("bad_frame", "'" + name + "' has at most " + MAX_NAME_CHARS + " characters.");
        }
        return text;
    }

    private static String required(Json.Fields fields, String name) throws Problem {
        String text = fields.text(name);
        if (text == null) {
            throw Problem.bad("bad_frame", "'" + name + "' is missing.");
        }
        return text;
    }
}
