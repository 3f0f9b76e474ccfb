package parley.bench;

import java.util.function.IntFunction;

/** A request for each message. */
final class RequestPublisher extends Publisher {

    private final IntFunction<byte[]> heads;

    /** @param heads for each user the head of a POST whose body is the message, blank line included */
    RequestPublisher(Load load, int index, int depth, Listener listener, IntFunction<byte[]> heads) {
        super(load, index, depth, listener);
        this.heads = heads;
    }

    @Override
    void write(int user, byte[] message) {
        append(heads.apply(user));
        append(message);
    }

    @Override
    int received(byte[] bytes, int length) {
        int at = 0;
        while (at < length && isOpen()) {
            HttpHead head = HttpHead.read(bytes, at, length);
            int end = head == null ? -1 : bodyEnd(head, bytes, length);
            if (end < 0) {
                break;
            }
            at = end;
            answered(head.status() / 100 == 2 ? null : head.refusal(end));
            if ("close".equalsIgnoreCase(head.header("connection"))) {
                end("the server ends the connection after an answer");
            }
        }
        flush();
        return at;
    }

    /** Where the answer ends, or -1 when not all of it is there. */
    private int bodyEnd(HttpHead head, byte[] bytes, int to) {
        if (head.status() == 204 || head.status() == 304) {
            return head.end;
        }
        String length = head.header("content-length");
        if (length != null) {
            int end = head.end + Integer.parseInt(length);
            return end <= to ? end : -1;
        }
        return Chunks.end(bytes, head.end, to);
    }
}
