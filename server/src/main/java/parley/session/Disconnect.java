package parley.session;

/**
 * Why a session ends. This is the one table of close codes: PROTOCOL.md and the client follow it. Application codes
 * are used for everything of ours, because Jetty drops queued frames for most codes below 3000.
 */
public enum Disconnect {
    /** The client or its line ended it; nothing can be sent any more. */
    GONE(1006, true, "the line is gone"),
    /** The client said goodbye; its line has two seconds to end. */
    LEFT(1000, true, "the client left"),
    UNSUPPORTED(1003, false, "binary messages are not supported, send text"),
    TOO_LARGE(1009, false, "a message is larger than 64 KiB"),
    INTERNAL(1011, true, "the server failed, it is in its log"),
    BAD_REQUEST(4000, false, "bad request"),
    UNAUTHORIZED(4001, false, "bad or missing token"),
    FORBIDDEN(4003, false, "not allowed"),
    KICKED(4008, false, "disconnected by the operator"),
    TOO_MANY_CONNECTIONS(4029, true, "too many connections"),
    TOO_SLOW(4101, true, "too slow: come back and resume"),
    RESTARTING(4103, true, "the server restarts"),
    NO_HEARTBEAT(4104, true, "nothing was heard from the client for too long"),
    TOKEN_EXPIRED(4110, true, "the token expired"),
    TOO_MANY_MESSAGES(4129, true, "too many messages");

    private final int code;
    private final boolean comesBack;
    private final String sentence;

    Disconnect(int code, boolean comesBack, String sentence) {
        this.code = code;
        this.comesBack = comesBack;
        this.sentence = sentence;
    }

    /** The WebSocket close code. */
    public int code() {
        return code;
    }

    /** Whether a client comes back by itself, with back-off. */
    public boolean comesBack() {
        return comesBack;
    }

    /** For a human; at most 123 bytes fit into a close frame. */
    public String sentence() {
        return sentence;
    }
}
