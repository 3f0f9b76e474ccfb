package parley.broker;

import java.util.List;
import java.util.concurrent.CompletionStage;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.Publication;
import parley.message.Receipt;
import parley.message.Standing;

/**
 * Orders messages per channel, remembers them, and carries them to the sessions. All methods may be called from any
 * thread and return at once. A failed stage carries a {@link parley.message.Problem}.
 */
public interface Broker extends AutoCloseable {

    /**
     * The sessions of this server. Implemented by {@code session.SessionRegistry}, so that the broker does not know
     * sessions exist.
     */
    interface Sink {
        /**
         * Offers a message to all sessions of its channel. Memory only; a channel's messages with a position come in
         * order, never two at a time, under the channel's lock.
         *
         * @param kept whether {@link Broker#page} can give it back to who cannot take it now
         * @param waiting joined by every session that takes the message and can ack it; null when nobody waits
         */
        Delivery deliver(Message message, boolean kept, Waiting waiting);

        /**
         * Puts a question to all sessions of a user that can answer.
         *
         * @return how many those are
         */
        int ask(Channel.User user, String ask, Body body, String flag);

        /** Closes all sessions of a user with 4008; answers how many there were. */
        int disconnect(Channel.User user, String reason);

        /** Where each session of the channel stands in it. */
        List<Fates.Receiver> receivers(Channel channel);

        /** How many sessions the channel has here. */
        int online(Channel channel);

        /**
         * Users with at least one session here, in the order of their ids.
         *
         * @param after only ids above this one; null for the first
         */
        List<String> users(String after, int limit);
    }

    /** What is left to do for a delivered message once the channel is unlocked. */
    interface Delivery {
        /** How many sessions were there. */
        int online();

        /** Writes what became ready to be written; to be called once, without a lock. */
        void flush();
    }

    /** Once, before any other call. */
    void start(Sink sink);

    /** Gives the messages their places, keeps and delivers them; one receipt for each, in order. */
    CompletionStage<List<Receipt>> publish(Publication publication);

    /** Publishes one message for which nobody waits. */
    default CompletionStage<Receipt> publish(Draft draft) {
        return publish(Publication.of(draft)).thenApply(receipts -> receipts.get(0));
    }

    /** How the channel stands now. */
    CompletionStage<Standing> standing(Channel channel);

    /**
     * Sessions of this server need the channel; to be called for each, with as many {@link #unwatch}, but none for a call
     * that failed.
     *
     * @return how the channel stands at a moment from which on all messages reach the sink
     */
    CompletionStage<Standing> watch(Channel channel);

    void unwatch(Channel channel);

    /** What follows {@code after}, up to {@code newest}; see {@link parley.history.History#page}. */
    CompletionStage<Page> page(Channel channel, Position after, long newest);

    /** Drops all that is kept for the channel; answers how many messages went. */
    CompletionStage<Integer> clear(Channel channel);

    /**
     * Closes all sessions of a user with 4008.
     *
     * @param reason for the human who reads the close frame
     * @return how many there were
     */
    CompletionStage<Integer> disconnect(Channel.User user, String reason);

    /** A session of the user has handled everything up to {@code position}: his cursor rises. */
    void acked(Channel.User user, Position position);

    /**
     * Asks a user something; the first reply wins. Nothing is stored.
     *
     * @return fails with 404 when no session of his can answer, with 504 when none does in time
     */
    CompletionStage<Body> ask(Channel.User user, Body body, String flag, long waitMillis);

    /** A session of {@code user} replies. Harmless when nobody waits for it any more. */
    void reply(String ask, String user, Body body);

    /** What became of messages and sessions of this server lately. */
    Fates fates();

    /** Where each session of the channel stands in it. */
    CompletionStage<List<Fates.Receiver>> receivers(Channel channel);

    /** How many sessions the channel has anywhere. */
    CompletionStage<Integer> online(Channel channel);

    /** Users that are online anywhere; see {@link Sink#users}. */
    CompletionStage<List<String>> users(String after, int limit);

    @Override
    void close();
}
