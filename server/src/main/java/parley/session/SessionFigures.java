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

    /** Whether more waits for the client than the write under way. */
    public boolean isSlow() {
        return queueBytes > 0 || behind > 0 || stalledMillis > SLOW_MILLIS;
    }

    /** A write that takes longer than this waits for the client and not for the network. */
    private static final long SLOW_MILLIS = 1_000;
}
