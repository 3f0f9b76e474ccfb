package parley.bench;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/** Takes WebSocket frames of a server (RFC 6455, section 5) out of bytes as they come. */
final class FrameReader {

    /** Whole messages and control frames, in the order in which they came. */
    interface Handler {
        /** Text or binary, put together from its fragments. Valid only during the call. */
        void message(byte[] bytes, int from, int to);

        /** @param opCode 8, 9 or 10 */
        void control(int opCode, byte[] payload);
    }

    /** What came is not WebSocket. */
    static final class Malformed extends RuntimeException {
        private static final long serialVersionUID = 1;

        Malformed(String message) {
            super(message, null, false, false);
        }
    }

    private final Handler handler;
    private ByteArrayOutputStream fragments; // null when no message has begun

    FrameReader(Handler handler) {
        this.handler = handler;
    }

    /** Handles the whole frames in [from, to); returns where the first one begins that is not whole. */
    int read(byte[] bytes, int from, int to) {
        int at = from;
        while (to - at >= 2) {
            int first = bytes[at];
            int second = bytes[at + 1];
            if ((first & 0x70) != 0 || second < 0) {
                throw new Malformed("the server sent a frame with reserved bits or a mask");
            }
            int header = second == 126 ? 4 : second == 127 ? 10 : 2;
            if (to - at < header) {
                break;
            }
            long length =
                    second == 126 ? unsigned(bytes, at + 2, 2) : second == 127 ? unsigned(bytes, at + 2, 8) : second;
            if (length < 0 || length > Load.MOST_BYTES) {
                throw new Malformed("the server sent a frame of " + length + " bytes");
            }
            int payload = at + header;
            if (to - payload < length) {
                break;
            }
            at = payload + (int) length;
            frame(first, bytes, payload, at);
        }
        return at;
    }

    private static long unsigned(byte[] bytes, int from, int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value = value << 8 | bytes[from + i] & 0xff;
        }
        return value;
    }

    private void frame(int first, byte[] bytes, int from, int to) {
        int opCode = first & 15;
        boolean last = first < 0; // its high bit, in a byte
        if (opCode >= 8) {
            handler.control(opCode, Arrays.copyOfRange(bytes, from, to));
        } else if (opCode != 0 && last) {
            handler.message(bytes, from, to);
        } else {
            if (fragments == null) {
                fragments = new ByteArrayOutputStream();
            }
            fragments.write(bytes, from, to - from);
            if (last) {
                byte[] whole = fragments.toByteArray();
                fragments = null;
                handler.message(whole, 0, whole.length);
            }
        }
    }
}
