package parley.session;

/** How a session talks; fixed by the handshake. */
public enum Mode {
    /** WebSocket, text as published. */
    PLAIN,
    /** WebSocket, JSON frames with positions and acks. */
    V1,
    /** Server-sent events, text as published. */
    STREAM,
    /** Server-sent events, v1 JSON. */
    STREAM_V1;

    /** Whether messages go out as v1 JSON. */
    boolean json() {
        return this == V1 || this == STREAM_V1;
    }

    /** Whether the client can send, so that its silence means something. */
    boolean webSocket() {
        return this == PLAIN || this == V1;
    }
}
