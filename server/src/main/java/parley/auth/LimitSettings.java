package parley.auth;

/**
 * What clients may take of this machine. What each limit is for and what happens beyond it stands in PROTOCOL.md.
 *
 * @param connections in all; 0 for as many as fit, see {@link #fitting}
 * @param perAddress connections of one client address; 0 for any number
 * @param publishesPerSecond messages of one publish key, or of this machine without one; 0 for any number
 */
public record LimitSettings(int connections, int perAddress, int publishesPerSecond) {

    /** Beside sessions: for publishers, administration, and refusals in words. */
    static final int ROOM = 64;

    /** Descriptors for the JVM, the store, the log and Redis. */
    static final int RESERVED_DESCRIPTORS = 128;

    /** An idle connection takes half of it; the other half is for what waits for the slow ones. */
    static final int HEAP_BYTES = 16 << 10;

    /** With the number of connections that the process can hold, unless one was given. */
    public LimitSettings fitted(long descriptors, long heapBytes) {
        return connections > 0
                ? this
                : new LimitSettings(fitting(descriptors, heapBytes), perAddress, publishesPerSecond);
    }

    /**
     * How many connections the process can hold: what its file descriptors and its heap allow.
     *
     * @param descriptors the limit of the process; 0 when it is not known
     */
    public static int fitting(long descriptors, long heapBytes) {
        long open = descriptors == 0 ? Integer.MAX_VALUE : descriptors - RESERVED_DESCRIPTORS - ROOM;
        return (int) Math.max(ROOM, Math.min(Math.min(open, heapBytes / HEAP_BYTES), Integer.MAX_VALUE - ROOM));
    }
}
