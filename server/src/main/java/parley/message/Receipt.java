package parley.message;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The answer to a publish.
 *
 * @param position null when the message got none ({@code ttl=0})
 * @param online how many sessions were there
 * @param stored where the message is kept
 * @param acked how many sessions have handled it so far; null when nobody waited for that
 * @param duplicate whether this is the stored answer to an earlier publish with the same idempotency key
 */
public record Receipt(
        String id, Channel channel, Position position, int online, Stored stored, Integer acked, boolean duplicate) {

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
        Json.Out out = new Json.Out()
                .put("id", id)
                .put("channel", channel.toString())
                .raw("position", position == null ? "null" : Json.quote(position.toString()))
                .put("online", online)
                .put("stored", stored.word);
        if (acked != null) {
            out.put("acked", acked);
        }
        return out.put("duplicate", duplicate).end();
    }

    public Receipt withAcked(int count) {
        return new Receipt(id, channel, position, online, stored, count, duplicate);
    }

    /** The answer to a repetition. */
    public Receipt asDuplicate() {
        return new Receipt(id, channel, position, online, stored, acked, true);
    }

    /** Receipts as text that {@link #fromText} reads. */
    public static String toText(List<Receipt> receipts) {
        return receipts.stream().map(Receipt::json).collect(Collectors.joining("\n"));
    }

    public static List<Receipt> fromText(String text) {
        try {
            List<Receipt> receipts = new ArrayList<>();
            for (String line : text.split("\n")) {
                Json.Fields fields = Json.object(line);
                String position = fields.text("position");
                receipts.add(new Receipt(
                        fields.text("id"),
                        Channel.parse(fields.text("channel")),
                        position == null ? null : Position.parse(position),
                        Integer.parseInt(fields.raw("online")),
                        Stored.valueOf(fields.text("stored").toUpperCase(Locale.ROOT)),
                        null,
                        false));
            }
            return receipts;
        } catch (Problem e) {
            throw new IllegalArgumentException("not receipts", e);
        }
    }
}
