package parley.session;

import java.util.List;

/**
 * How a session stands at one moment, for people who look.
 *
 * @param user null for a back end that listens to the events
 * @param address of the client, without port; null when it is not known
 * @param openMillis since it was opened
 * @param heardMillis since the client was last heard; null for a stream, which never says anything
 * @param topics in the order of subscribing
 * @param queueBytes what waits for the client beside the write under way
 * @param stalledMillis since when the write under way waits for the client to read; 0 when none does
 * @param behind messages that it has still to be given from the history, over all its channels
 */
public record SessionFigures(
        String session,
        String user,
        Mode mode,
        String address,
        long openMillis,
        Long heardMillis,
        List<String> topics,
        long queueBytes,
        long stalledMillis,
        long behind) {

    /** A write that takes longer than this waits for the client and not for the network. */
    private static final long SLOW_MILLIS = 1_000;

    /** A whole write waits beside the one under way: less is there at any moment of a busy server. */
    private static final long SLOW_BYTES = OutboxQueue.MAX_WRITE_BYTES;

    /** Whether the client reads slower than messages come. */
    public boolean isSlow() {
        return behind > 0 || stalledMillis > SLOW_MILLIS || queueBytes > SLOW_BYTES;
    }
}
