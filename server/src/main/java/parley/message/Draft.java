package parley.message;

/**
 * A message as a publisher hands it in, before it has an id and a place.
 *
 * @param retention how long it is kept at most, in milliseconds; null for the channel's own; 0 for not at all: it is
 *     offered to who is online now and has no position
 */
public record Draft(
        Channel channel,
        String sender,
        String reception,
        String flag,
        Body body,
        Long retention,
        String collapse,
        String exclude) {

    /** What a client or the server itself says: nothing but who, to whom and what. */
    public static Draft of(Channel channel, String sender, String reception, String flag, Body body) {
        return new Draft(channel, sender, reception, flag, body, null, null, null);
    }

    public boolean liveOnly() {
        return retention != null && retention == 0;
    }

    public Message at(String id, Position position, long time) {
        return new Message(id, channel, position, time, sender, reception, flag, body, collapse, exclude);
    }
}
