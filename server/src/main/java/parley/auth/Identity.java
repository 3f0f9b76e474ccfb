package parley.auth;

import parley.message.Channel;
import parley.message.Problem;

/**
 * Whose connection it is, and what it may.
 *
 * @param user canonical id, or null for a back end that listens to the events
 * @param topics that it may subscribe and send to
 * @param expires when it must prove itself anew, in wall-clock milliseconds
 */
public record Identity(String user, TopicGrants topics, long expires) {

    private static final long NEVER = Long.MAX_VALUE;

    public static final Identity BACK_END = new Identity(null, TopicGrants.NONE, NEVER);

    /** A user who is believed what he says. */
    public static Identity open(String user) {
        return new Identity(user, TopicGrants.ALL, NEVER);
    }

    public boolean everExpires() {
        return expires != NEVER;
    }

    /** Whether it may get a channel's messages, and their history. */
    public boolean mayRead(Channel channel) {
        if (channel instanceof Channel.Topic topic) {
            return topics.cover(topic.name());
        }
        if (channel instanceof Channel.User own) {
            return own.id().equals(user);
        }
        return (channel instanceof Channel.Events) == (user == null);
    }

    /** @throws Problem 403 {@code forbidden} unless it may read, and to a topic send */
    public void require(Channel channel) throws Problem {
        if (!mayRead(channel)) {
            throw new Problem(403, "forbidden", "The token does not cover this: its 'topics' name what it may.");
        }
    }
}
