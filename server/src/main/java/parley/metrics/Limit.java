package parley.metrics;

/** What clients can run into. Number, reason and outcome of each stand in PROTOCOL.md; {@link Metrics#limited} counts. */
public enum Limit {
    /** Connections in all. */
    CONNECTIONS("the server is full"),
    /** Connections of one address. */
    ADDRESS_CONNECTIONS("too many connections from this address"),
    /** Connections that one address makes in a second. */
    ADDRESS_CONNECTS("this address connects too often"),
    /** Handshakes of one address in a second. */
    ADDRESS_HANDSHAKES("too many handshakes from this address"),
    /** Connections of one user. */
    USER_CONNECTIONS("too many connections of this user"),
    /** Wrong keys and tokens from one address. */
    GUESSES("too many wrong keys or tokens from this address"),
    /** Frames of one session that do something, or should. */
    MESSAGES("too many messages"),
    /** Ping and pong frames of one session. */
    CONTROL_FRAMES("too many control frames"),
    /** Topics of one session. */
    TOPICS("too many topics"),
    /** Users of one request, items of one batch. */
    TARGETS("too many targets at once"),
    /** Messages of one publisher. */
    PUBLISHES("too many publishes");

    private final String words;

    Limit(String words) {
        this.words = words;
    }

    /** For a line of the log. */
    public String words() {
        return words;
    }
}
