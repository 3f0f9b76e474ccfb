package parley.bench;

/** Chunked bodies of HTTP/1.1 (RFC 9112, section 7.1), without trailers. */
final class Chunks {

    private Chunks() {}

    /** Where the data of the chunk at {@code at} begins, or -1 when not all of its first line is there. */
    static int data(byte[] bytes, int at, int to) {
        for (int i = at; i + 1 < to; i++) {
            if (bytes[i] == '\r' && bytes[i + 1] == '\n') {
                return i + 2;
            }
        }
        return -1;
    }

    static int size(byte[] bytes, int at) {
        int size = 0;
        for (int i = at, digit; (digit = Character.digit(bytes[i], 16)) >= 0; i++) {
            size = 16 * size + digit;
        }
        return size;
    }

    /** Where the body that starts at {@code from} ends, or -1 when not all of it is there. */
    static int end(byte[] bytes, int from, int to) {
        int at = from;
        while (true) {
            int data = data(bytes, at, to);
            if (data < 0) {
                return -1;
            }
            int size = size(bytes, at);
            at = data + size + 2;
            if (at > to) {
                return -1;
            }
            if (size == 0) {
                return at;
            }
        }
    }
}
