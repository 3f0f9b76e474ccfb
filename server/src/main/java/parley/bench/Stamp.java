package parley.bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * How a message of a run is marked: {@code bench-RUN-PUBLISHER-NUMBER-TIME.}, the figures in hexadecimal, filled up to
 * the wanted size. The mark is found wherever a server's framing puts it. Not thread-safe: it holds what was found last.
 */
final class Stamp {

    /** The length of a mark, so no message is shorter. */
    static final int LENGTH = 48;

    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] VALUES = new byte[128];
    private static final int PUBLISHER_DIGITS = 4;
    private static final int NUMBER_DIGITS = 10;
    private static final int TIME_DIGITS = 16;

    static {
        for (byte i = 0; i < DIGITS.length; i++) {
            VALUES[DIGITS[i]] = i;
        }
    }

    private final String run;
    private final byte[] head;
    private final byte[] message;

    /** Set by {@link #find}. */
    int publisher;

    long number;
    long time;

    /**
     * @param run any number; marks of other runs are not found
     * @param size bytes of a message, {@link #LENGTH} at least
     */
    Stamp(int run, int size) {
        this.run = String.format("%08x", run);
        head = ("bench-" + this.run + '-').getBytes(StandardCharsets.US_ASCII);
        message = new byte[size];
        Arrays.fill(message, (byte) 'x');
        System.arraycopy(head, 0, message, 0, head.length);
    }

    /** As it stands in the marks; good for names of users. */
    String run() {
        return run;
    }

    int size() {
        return message.length;
    }

    /** The message with this mark; the array is used again by the next call. */
    byte[] message(int publisher, long number, long time) {
        int at = hex(head.length, publisher, PUBLISHER_DIGITS, '-');
        at = hex(at, number, NUMBER_DIGITS, '-');
        hex(at, time, TIME_DIGITS, '.');
        return message;
    }

    private int hex(int at, long value, int digits, char end) {
        for (int i = 0; i < digits; i++) {
            message[at + i] = DIGITS[(int) (value >>> 4 * (digits - 1 - i)) & 15];
        }
        message[at + digits] = (byte) end;
        return at + digits + 1;
    }

    /** Reads the first mark in [from, to); returns where it ends, or -1 when there is none. */
    int find(byte[] bytes, int from, int to) {
        for (int at = from; at <= to - LENGTH; at++) {
            if (bytes[at] == 'b'
                    && bytes[at + LENGTH - 1] == '.'
                    && Arrays.equals(bytes, at, at + head.length, head, 0, head.length)) {
                int next = at + head.length;
                publisher = (int) value(bytes, next, PUBLISHER_DIGITS);
                next += PUBLISHER_DIGITS + 1;
                number = value(bytes, next, NUMBER_DIGITS);
                next += NUMBER_DIGITS + 1;
                time = value(bytes, next, TIME_DIGITS);
                return at + LENGTH;
            }
        }
        return -1;
    }

    private static long value(byte[] bytes, int from, int digits) {
        long value = 0;
        for (int i = 0; i < digits; i++) {
            value = value << 4 | VALUES[bytes[from + i] & 127];
        }
        return value;
    }
}
