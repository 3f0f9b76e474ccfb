package parley.message;

import java.util.random.RandomGenerator;

/**
 * One message and where it stands. Immutable.
 *
 * @param id UUIDv7 in 26 Crockford characters
 * @param position its place in the channel, or null when it has none ({@code ttl=0}: only for who is online now)
 * @param time milliseconds since 1970 by the wall clock, for showing
 * @param sender the user or back end it came from, or null
 * @param reception whom another client addressed, or null when a back end published it
 * @param flag the application's, or null
 * @param collapse a newer message of the same name replaces this one while it waits for a slow client; or null
 * @param exclude the session that does not get it, or null
 */
public record Message(
        String id,
        Channel channel,
        Position position,
        long time,
        String sender,
        String reception,
        String flag,
        Body body,
        String collapse,
        String exclude) {

    private static final String CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /** What a plain client sees: the text as published, or the seed's envelope when another client sent it. */
    public String plain() {
        return reception == null
                ? body.content()
                : new Json.Out()
                        .put("sender", sender)
                        .put("reception", reception)
                        .raw("body", body.toJson())
                        .put("flag", flag)
                        .end();
    }

    /** A new message id (RFC 9562, version 7): sorts by time, and so reveals it. */
    public static String newId(long wallMillis, RandomGenerator random) {
        long high = wallMillis << 16 | 0x7000 | random.nextInt(0x1000);
        long low = random.nextLong() >>> 2 | 0x8000000000000000L;
        char[] id = new char[26];
        for (int i = 25; i >= 0; i--) {
            id[i] = CROCKFORD.charAt((int) (low & 31));
            low = low >>> 5 | high << 59;
            high >>>= 5;
        }
        return new String(id);
    }
}
