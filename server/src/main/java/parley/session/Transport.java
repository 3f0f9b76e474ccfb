package parley.session;

import java.util.List;

/** The line to one client. Implementations never block and never throw. Called by the session's Outbox alone. */
public interface Transport {

    /**
     * Hands frames over, in order, as one write. The next write comes after {@code done}.
     *
     * @param done called exactly once, perhaps before this returns: the frames were taken by the operating system, or
     *     the line failed
     */
    void write(List<Frame> frames, Done done);

    /** Ends the conversation politely; may never finish, so somebody has to {@link #abort} later. */
    void close(int code, String reason);

    /** Cuts the line. Idempotent. */
    void abort();

    /** Where the client is, as the line knows it, without port; null when it does not. */
    default String address() {
        return null;
    }

    interface Done {
        /** @param failure null when the frames were written */
        void written(Throwable failure);
    }

    sealed interface Frame {}

    /** The bytes {@code from} to {@code to} of a text; less than all of it only when it is longer than a write. */
    record Text(Outgoing out, int from, int to) implements Frame {
        public boolean first() {
            return from == 0;
        }

        public boolean last() {
            return to == out.bytes().length;
        }
    }

    /** A sign of life. @param payload comes back in the client's PONG; at most 125 bytes of ASCII */
    record Ping(String payload) implements Frame {}

    /** The answer to a client's ping. @param payload the ping's, 125 bytes at most */
    record Pong(byte[] payload) implements Frame {}
}
