package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A reader of {@code text/event-stream} over a raw socket, like {@code curl -N}. For one thread. */
final class EventReader implements AutoCloseable {

    /** One event, as its lines say: fields that are absent are null. */
    record Event(String id, String name, List<String> data) {
        /** The data as a browser joins it. */
        String text() {
            return String.join("\n", data);
        }

        JsonObject json() {
            return JsonParser.parseString(text()).getAsJsonObject();
        }
    }

    final RawSocket socket;

    private EventReader(RawSocket socket) {
        this.socket = socket;
    }

    /** @param lines further lines of the request's header */
    static EventReader open(ServerFixture server, String path, String... lines) throws IOException {
        return open(server.raw(), path, lines);
    }

    static EventReader open(RawSocket socket, String path, String... lines) throws IOException {
        socket.request("GET", path, lines);
        RawSocket.Head head = socket.readHead();
        assertEquals(200, head.status());
        assertEquals("text/event-stream;charset=utf-8", head.header("Content-Type"));
        assertEquals("no-store", head.header("Cache-Control"));
        return new EventReader(socket);
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = socket.readByte(); c != '\n'; c = socket.readByte()) {
            line.write(c);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** The next event, comments passed over. */
    Event next() throws IOException {
        String id = null;
        String name = null;
        List<String> data = new ArrayList<>();
        while (true) {
            String line = line();
            if (line.startsWith("id: ")) {
                id = line.substring(4);
            } else if (line.startsWith("event: ")) {
                name = line.substring(7);
            } else if (line.startsWith("data: ")) {
                data.add(line.substring(6));
            } else if (line.isEmpty() && (id != null || name != null || !data.isEmpty())) {
                return new Event(id, name, data);
            } else if (!line.isEmpty() && !line.startsWith(":")) {
                throw new AssertionError("not a line of an event: " + line);
            }
        }
    }

    /** The bare id that starts the stream. */
    String start() throws IOException {
        Event event = next();
        assertEquals(List.of(), event.data());
        return event.id();
    }

    private JsonObject nextMessage() throws IOException {
        Event event = next();
        while (event.data.isEmpty()) {
            event = next();
        }
        return event.json();
    }

    /** The next v1 message that a user sent. */
    JsonObject nextFrom(String sender) throws IOException {
        while (true) {
            JsonObject message = nextMessage();
            if (message.has("sender") && message.get("sender").getAsString().equals(sender)) {
                return message;
            }
        }
    }

    /** The next v1 message about a user's coming or going. */
    JsonObject nextAbout(String user) throws IOException {
        while (true) {
            JsonObject message = nextMessage();
            if (!message.has("sender")
                    && message.getAsJsonObject("body").get("user").getAsString().equals(user)) {
                return message;
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
