package parley.session;

import parley.message.Channel;
import parley.message.Position;

/**
 * What a model knows of a published message. Its body starts with {@code m<serial>;}.
 *
 * @param position null when it was for who was online only
 * @param expires in the station's time
 */
record Published(int serial, Channel channel, Position position, String collapse, String exclude, long expires) {

    static String body(int serial, String filler) {
        return "m" + serial + ";" + filler;
    }

    /** The serial of the message in a text as it went over the wire. */
    static int serial(String text) {
        int start = text.startsWith("{") ? text.indexOf("\"body\":\"m") + 9 : 1;
        int end = text.indexOf(';', start);
        if (start < 1 || end < 0) {
            throw new AssertionError("no message of the model: " + text);
        }
        return Integer.parseInt(text.substring(start, end));
    }

    boolean excludes(String session) {
        return session.equals(exclude);
    }
}
