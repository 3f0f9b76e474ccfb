package parley.history;

import java.util.List;
import java.util.concurrent.CompletionStage;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Publication;
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

    /** Messages to be appended together, all or none, and who is told what becomes of them. */
    interface Append {
        /** At least one; all have a retention (none is {@link Draft#liveOnly}). */
        List<Draft> drafts();

        /** The id of the message that the draft of this index becomes. */
        String id(int index);

        /**
         * What to keep in the same commit, so that a repetition can be answered after a restart; null for nothing. Called
         * before the commit, without a lock, with the positions that the messages are about to get.
         */
        Remembered remember(List<Position> positions);

        /**
         * A message has its place. Called under its channel's lock, in the order of the offsets: memory only.
         *
         * @param kept whether {@link #page} can give it back
         */
        void placed(int index, Message message, boolean kept);

        /** All are stored as they will be; called without a lock, on the thread that called {@code placed}. */
        void done(Receipt.Stored stored);

        /** None has a place; instead of {@code placed} and {@code done}. */
        void failed(Problem why);
    }

    /**
     * The answer to a publication with an idempotency key.
     *
     * @param wallMillis when it was given
     */
    record Remembered(Publication.Key key, String answer, long wallMillis) {}

    void append(Append what);

    /** What was remembered under this directory in earlier processes, oldest first; empty for a history on the heap. */
    List<Remembered> remembered();

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

    /** Keeps the channel's entry from being forgotten, until {@link #release} was called as often; how it stands then. */
    CompletionStage<Standing> hold(Channel channel);

    void release(Channel channel);

    /** Drops all that the channel keeps, which then counts as missed; offsets go on. Answers how many messages went. */
    CompletionStage<Integer> clear(Channel channel);

    /** The user has read up to {@code position}: his cursor rises to it; it never falls, and ignores another epoch. */
    void read(Channel.User user, Position position);

    /** Drops what is too old and forgets idle entries; to be called every few seconds. */
    void expire();

    @Override
    void close();
}
