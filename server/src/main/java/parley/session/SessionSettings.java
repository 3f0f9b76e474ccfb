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

    /** Frames that wait while a hello or subscribe is under way. */
    static final int WAITING_FRAMES = 32;
}
