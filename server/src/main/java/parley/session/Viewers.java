package parley.session;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Streams of operators who look at the server as a whole. No channel, so that nobody can subscribe to it. Thread-safe.
 */
public final class Viewers {

    private final Set<ClientSession> streams = ConcurrentHashMap.newKeySet();

    /** Adds a stream, and shows it the first picture. */
    public void add(ClientSession stream, String json) {
        streams.add(stream);
        stream.send(Outgoing.frame(json));
    }

    /** Whether nobody looks. */
    public boolean isEmpty() {
        streams.removeIf(ClientSession::isClosed);
        return streams.isEmpty();
    }

    /** Shows a picture, encoded once, to all; one who lets them pile up is too slow. */
    public void show(String json) {
        Outgoing picture = Outgoing.frame(json);
        streams.forEach(stream -> stream.send(picture));
    }
}
