package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.util.Map;

/** A {@code parley.v1} client over a raw socket. For one thread. */
final class V1Client implements AutoCloseable {

    final RawSocket socket;

    V1Client(RawSocket socket) {
        this.socket = socket;
    }

    void send(String json) throws IOException {
        socket.sendText(json);
    }

    /** The next frame, server's pings passed over. */
    JsonObject next() throws IOException {
        JsonObject frame = parse(socket.readText());
        while (frame.get("type").getAsString().equals("ping")) {
            frame = parse(socket.readText());
        }
        return frame;
    }

    private static JsonObject parse(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    /** The next frame, which must be of a type. */
    JsonObject next(String type) throws IOException {
        JsonObject frame = next();
        assertEquals(type, frame.get("type").getAsString(), frame::toString);
        return frame;
    }

    /** The body of the next frame, which must be a message with a text. */
    String nextBody() throws IOException {
        return next("message").get("body").getAsString();
    }

    /** Says hello; the answer is the welcome. */
    JsonObject hello(Map<String, String> resume, String... topics) throws IOException {
        JsonObject hello = new JsonObject();
        hello.addProperty("type", "hello");
        JsonObject positions = new JsonObject();
        resume.forEach(positions::addProperty);
        hello.add("resume", positions);
        JsonArray names = new JsonArray();
        for (String topic : topics) {
            names.add(topic);
        }
        hello.add("topics", names);
        send(hello.toString());
        return next("welcome");
    }

    JsonObject hello() throws IOException {
        return hello(Map.of());
    }

    /** How a channel starts, by a welcome. */
    static JsonObject standing(JsonObject welcome, String channel) {
        return welcome.getAsJsonObject("channels").getAsJsonObject(channel);
    }

    static long offset(String position) {
        return Long.parseLong(position.substring(position.indexOf('-') + 1));
    }

    static String position(JsonObject frame) {
        return frame.get("position").getAsString();
    }

    /** Ends without a word, and waits until the server has noticed. */
    @Override
    public void close() throws IOException {
        socket.closePolitely();
    }
}
