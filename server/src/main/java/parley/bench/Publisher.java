package parley.bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A connection that publishes over HTTP: keep-alive, with several requests on their way when told so. Answers come in
 * the order of the requests.
 */
abstract class Publisher extends Line {

    interface Listener {
        /** The connection is there, and can be published on. */
        void ready(Publisher publisher);

        /**
         * A request was answered.
         *
         * @param due when it had to be sent
         * @param refusal null when it was accepted
         */
        void answered(Publisher publisher, long due, String refusal);

        void lost(Publisher publisher, String why);
    }

    /** Number of this publisher, from 0. */
    final int index;

    final Listener listener;
    private final long[] dues; // of the requests under way, a ring
    private int first;
    private int underWay;
    private byte[] batch = new byte[4096];
    private int batched;

    Publisher(Load load, int index, int depth, Listener listener) {
        super(load);
        this.index = index;
        this.listener = listener;
        dues = new long[depth];
    }

    /** Adds a request to what {@link #flush} sends. */
    final void publish(int user, byte[] message, long due) {
        dues[(first + underWay++) % dues.length] = due;
        write(user, message);
    }

    abstract void write(int user, byte[] message);

    /** How many requests may be added. */
    final int room() {
        return isOpen() ? dues.length - underWay : 0;
    }

    final int underWay() {
        return underWay;
    }

    final void append(byte[] bytes) {
        if (batch.length - batched < bytes.length) {
            batch = Arrays.copyOf(batch, 2 * (batched + bytes.length));
        }
        System.arraycopy(bytes, 0, batch, batched, bytes.length);
        batched += bytes.length;
    }

    /** Overwrites what was added. */
    final void put(int at, byte[] bytes) {
        System.arraycopy(bytes, 0, batch, at, bytes.length);
    }

    final int batched() {
        return batched;
    }

    /** Sends what was added, in one write. */
    void flush() {
        if (batched > 0) {
            int length = batched;
            batched = 0;
            send(batch, length);
        }
    }

    final void answered(String refusal) {
        if (underWay == 0) {
            end("the server answered what was not asked");
            return;
        }
        long due = dues[first];
        first = (first + 1) % dues.length;
        underWay--;
        listener.answered(this, due, refusal);
    }

    @Override
    void connected() {
        listener.ready(this);
    }

    @Override
    final void ended(String why) {
        listener.lost(this, why);
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
