package parley.bench;

import java.util.function.IntFunction;

/** One request for all messages: NDJSON both ways, a line for each message and a line for each receipt. */
final class StreamPublisher extends Publisher {

    /** The size of a chunk, which is known only when it is sent. */
    private static final byte[] SIZE = ascii("00000000\r\n");

    private static final byte[] END_OF_LINE = ascii("\"}\n");
    private static final byte[] CRLF = ascii("\r\n");

    private final byte[] head;
    private final IntFunction<byte[]> lines;
    private boolean answering; // the head of the answer has come
    private final StringBuilder line = new StringBuilder();

    /**
     * @param head of the POST, blank line included
     * @param lines for each user the line up to where its message, a JSON string, begins
     */
    StreamPublisher(Load load, int index, int depth, Listener listener, byte[] head, IntFunction<byte[]> lines) {
        super(load, index, depth, listener);
        this.head = head;
        this.lines = lines;
    }

    @Override
    void connected() {
        send(head, head.length);
        super.connected();
    }

    @Override
    void write(int user, byte[] message) {
        if (batched() == 0) {
            append(SIZE);
        }
        append(lines.apply(user));
        append(message);
        append(END_OF_LINE);
    }

    /** What was added is one chunk. */
    @Override
    void flush() {
        if (batched() > 0) {
            put(0, ascii(String.format("%08x", batched() - SIZE.length)));
            append(CRLF);
            super.flush();
        }
    }

    @Override
    int received(byte[] bytes, int length) {
        int at = 0;
        if (!answering) {
            HttpHead answer = HttpHead.read(bytes, 0, length);
            if (answer == null) {
                return 0;
            }
            if (answer.status() != 200) {
                end(answer.refusal(length));
                return length;
            }
            answering = true;
            at = answer.end;
        }
        while (isOpen()) {
            int data = Chunks.data(bytes, at, length);
            if (data < 0) {
                break;
            }
            int end = data + Chunks.size(bytes, at);
            if (end + 2 > length) {
                break;
            }
            for (int i = data; i < end; i++) {
                receipt(bytes[i]);
            }
            at = end + 2;
            if (end == data) {
                end("the server ended the stream");
            }
        }
        flush();
        return at;
    }

    private void receipt(byte next) {
        if (next != '\n') {
            line.append((char) next);
            return;
        }
        String refusal = line.indexOf("\"status\":2") >= 0 ? null : line.toString();
        line.setLength(0);
        answered(refusal);
    }
}
