package parley.bench;

import java.nio.charset.StandardCharsets;

/** The head of an HTTP/1.1 answer, read where it lies: valid only as long as the bytes are. */
final class HttpHead {

    /** Of an answer that was not hoped for, as much as fits a line or two. */
    private static final int MOST_REFUSAL = 300;

    private static final String DETAIL = "\"detail\":\"";

    private final byte[] bytes;
    private final int start;

    /** Where the head ends. */
    final int end;

    private HttpHead(byte[] bytes, int start, int end) {
        this.bytes = bytes;
        this.start = start;
        this.end = end;
    }

    /** The head that starts at {@code from}, or null when not all of it is there. */
    static HttpHead read(byte[] bytes, int from, int to) {
        for (int at = from; at + 3 < to; at++) {
            if (bytes[at] == '\r' && bytes[at + 1] == '\n' && bytes[at + 2] == '\r' && bytes[at + 3] == '\n') {
                return new HttpHead(bytes, from, at + 4);
            }
        }
        return null;
    }

    /** 0 when this is not HTTP. */
    int status() {
        int status = 0;
        for (int i = start + 9; i < start + 12; i++) {
            int digit = i < end && bytes[start] == 'H' ? Character.digit(bytes[i], 10) : -1;
            if (digit < 0) {
                return 0;
            }
            status = 10 * status + digit;
        }
        return status;
    }

    /** The value of a header (its name in lower case), or null. */
    String header(String name) {
        for (int line = nextLine(start); line < end - 2; line = nextLine(line)) {
            if (begins(line, name)) {
                int from = line + name.length() + 1;
                return new String(bytes, from, nextLine(line) - from, StandardCharsets.ISO_8859_1).strip();
            }
        }
        return null;
    }

    private int nextLine(int at) {
        int next = at;
        while (bytes[next] != '\n') {
            next++;
        }
        return next + 1;
    }

    private boolean begins(int line, String name) {
        int length = name.length();
        if (line + length >= end || bytes[line + length] != ':') {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (Character.toLowerCase(bytes[line + i]) != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** What an answer that was not hoped for says; {@code to} is how far its body has come. */
    String refusal(int to) {
        String first = new String(bytes, start, nextLine(start) - start, StandardCharsets.ISO_8859_1).strip();
        String body = new String(bytes, end, Math.min(to - end, MOST_REFUSAL), StandardCharsets.UTF_8);
        return first + detail(body);
    }

    /** What a problem (RFC 9457) says should be changed, or nothing. */
    static String detail(String body) {
        int at = body.indexOf(DETAIL);
        if (at < 0) {
            return "";
        }
        int from = at + DETAIL.length();
        int quote = body.indexOf('"', from);
        return ": " + body.substring(from, quote < 0 ? body.length() : quote);
    }
}
