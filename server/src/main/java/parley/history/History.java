package parley.history;

import java.util.concurrent.CompletionStage;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Receipt;
import parley.message.Standing;

/**
 * Gives each channel's messages their places, keeps them, and gives them back in pages. All methods may be called from
 * any thread and return at once; a stage may complete on the calling thread or on a thread of the history's own.
 *
 * <p>Each channel has an entry with a lock. An entry that has no message, is held by nobody and was not mentioned for
 * 24 hours is forgotten; when the channel comes back it has a new epoch.
 */
public interface History extends AutoCloseable {

    /** What becomes of an appended message. Either {@code placed} and then {@code done} is called, or {@code failed}. */
    interface Outcome {
        /**
         * The message has its place. Called under the channel's lock, in the order of the offsets: memory only.
         *
         * @param kept whether {@link #page} can give it back
         */
        void placed(Message message, boolean kept);

        /** As stored as it will be; called without a lock, on the thread that called {@code placed}. */
        void done(Receipt.Stored stored);

        void failed(Problem why);
    }

    /** Appends a message that has a retention (not {@link Draft#liveOnly}). */
    void append(Draft draft, String id, Outcome outcome);

    /** How the channel stands; an unknown channel gets an entry. */
    CompletionStage<Standing> standing(Channel channel);

    /**
     * What follows {@code after}, up to offset {@code newest}: at most {@link #PAGE_MESSAGES} messages or about
     * {@link #PAGE_BYTES}, and at least one if there is any.
     */
    CompletionStage<Page> page(Channel channel, Position after, long newest);

    /** One page: enough to fill a write, little enough to hold in memory for each reconnecting client. */
    int PAGE_MESSAGES = 128;

    int PAGE_BYTES = 256 << 10;

    /** Keeps the channel's entry from being forgotten, until {@link #release} was called as often. */
    void hold(Channel channel);

    void release(Channel channel);

    /** The user has read up to {@code position}: his cursor rises to it; it never falls, and ignores another epoch. */
    void read(Channel.User user, Position position);

    /** Drops what is too old and forgets idle entries; to be called every few seconds. */
    void expire();

    @Override
    void close();
}
