package parley.message;

/**
 * The answer to a publish.
 *
 * @param position null when the message got none ({@code ttl=0})
 * @param online how many sessions were there
 * @param stored where the message is kept
 * @param duplicate whether this is the stored answer to an earlier publish with the same idempotency key
 */
public record Receipt(String id, Channel channel, Position position, int online, Stored stored, boolean duplicate) {

    /** Where a message is kept when its receipt is given. */
    public enum Stored {
        DISK("disk"),
        MEMORY("memory"),
        NO("no");

        private final String word;

        Stored(String word) {
            this.word = word;
        }
    }

    public String json() {
        return new Json.Out()
                .put("id", id)
                .put("channel", channel.toString())
                .raw("position", position == null ? "null" : Json.quote(position.toString()))
                .put("online", online)
                .put("stored", stored.word)
                .put("duplicate", duplicate)
                .end();
    }
}
