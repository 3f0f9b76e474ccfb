package parley.session;

/**
 * What a client may do.
 *
 * @param messagesPerSecond messages from one session; 0 for any number; beyond it 4129
 * @param burst messages that a quiet session may send at once
 * @param clientBroadcast whether clients may send to everyone
 */
public record SessionSettings(int messagesPerSecond, int burst, boolean clientBroadcast) {

    /** Topics of one session; each costs memory for as long as it is subscribed. */
    public static final int TOPICS = 128;

    /** Sessions of one user: each message to him is written to all of them. For more receivers there are topics. */
    static final int SESSIONS_PER_USER = 1_000;

    /**
     * Ping and pong frames of one session. We ask for one pong in 2 seconds at most, and browsers send no pings of their
     * own. Beyond it: 4129.
     */
    static final int CONTROL_FRAMES_PER_SECOND = 20;

    /** Five seconds' worth: what a line that stood still may deliver together. */
    static final int CONTROL_FRAMES_AT_ONCE = 100;

    /** Frames that wait while a hello or subscribe is under way. */
    static final int WAITING_FRAMES = 32;
}
