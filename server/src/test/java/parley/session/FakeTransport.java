package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import parley.message.Json;
import parley.message.Problem;

/**
 * A line to nobody: records what it is given as readable lines, and completes writes inline until told to
 * {@link #stall}. A whole text is a line as it stands, a piece of one is {@code [0..65536 of 200000]}, then there are
 * {@code PING payload}, {@code PONG payload}, {@code CLOSE 4101 sentence} and {@code ABORT}. Whoever breaks the Transport's contract finds it
 * in {@link #assertExhausted}. All methods may be called from any thread.
 */
final class FakeTransport implements Transport {

    /** Tells a test what comes, on the thread that brings it. */
    interface Listener {
        default void handed(List<Frame> frames) {}

        default void taken(List<Frame> frames) {}

        default void ended() {}
    }

    static final Listener NOBODY = new Listener() {};

    private final Listener listener;
    private final Executor completer;

    // all guarded by this
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private final List<String> violations = new ArrayList<>();
    private final ArrayDeque<Integer> writeSizes = new ArrayDeque<>(); // bytes of text in each write
    private boolean stalled;
    private boolean quiet; // nobody reads the lines
    private Done underWay;
    private List<Frame> framesUnderWay;
    private int nextByte; // of a text that comes in pieces
    private boolean closed;
    private boolean aborted;
    private int writes;

    FakeTransport() {
        this(NOBODY);
    }

    FakeTransport(Listener listener) {
        this(listener, Runnable::run);
    }

    /** @param completer runs what completes a write that does not stall */
    FakeTransport(Listener listener, Executor completer) {
        this.listener = listener;
        this.completer = completer;
    }

    /** A transport that keeps no lines, for tests that look at frames only. */
    static FakeTransport quiet(Listener listener) {
        return quiet(listener, Runnable::run);
    }

    static FakeTransport quiet(Listener listener, Executor completer) {
        FakeTransport transport = new FakeTransport(listener, completer);
        transport.quiet = true;
        return transport;
    }

    @Override
    public void write(List<Frame> frames, Done done) {
        synchronized (this) {
            if (underWay != null) {
                violations.add("a second write before the first was done");
            }
            if (frames.isEmpty()) {
                violations.add("an empty write");
            }
            writes++;
            int size = 0;
            for (Frame frame : frames) {
                size += record(frame);
            }
            if (!quiet) {
                writeSizes.add(size);
            }
            underWay = done;
            framesUnderWay = List.copyOf(frames);
        }
        listener.handed(frames);
        completer.execute(() -> finishUnlessStalled(done));
    }

    private void finishUnlessStalled(Done done) {
        synchronized (this) {
            if (stalled || underWay != done) {
                return;
            }
        }
        finish(null);
    }

    /** Bytes of text in the frame. */
    private int record(Frame frame) {
        if (closed) {
            violations.add("a frame after the close");
        }
        if (frame instanceof Pong pong) {
            line("PONG " + new String(pong.payload(), StandardCharsets.US_ASCII));
            return 0;
        }
        if (frame instanceof Ping ping) {
            line("PING " + ping.payload());
            return 0;
        }
        Text text = (Text) frame;
        if (text.from() != nextByte) {
            violations.add("a piece from " + text.from() + " where " + nextByte + " is next");
        }
        nextByte = text.last() ? 0 : text.to();
        if (!text.first() || !text.last()) {
            line("[" + text.from() + ".." + text.to() + " of " + text.out().bytes().length + "]");
        } else if (!quiet) {
            line(read(text.out()));
        }
        return text.to() - text.from();
    }

    private void line(String line) {
        if (!quiet) {
            lines.add(line);
        }
    }

    static String read(Outgoing out) {
        String prefix = out.kind() == Outgoing.Kind.START ? "START " + out.channel() + " " + out.position() : "";
        return prefix + new String(out.bytes(), StandardCharsets.UTF_8);
    }

    /** From now on writes are not done until {@link #complete}, {@link #fail} or {@link #flow}. */
    synchronized void stall() {
        stalled = true;
    }

    /** Writes are done at once again, the one under way too. */
    void flow() {
        boolean waits;
        synchronized (this) {
            stalled = false;
            waits = underWay != null;
        }
        if (waits) {
            finish(null);
        }
    }

    /** The write under way is done; later ones still stall. */
    void complete() {
        assertTrue(waits(), "no write is under way");
        finish(null);
    }

    /** The write under way fails. */
    void fail(Throwable cause) {
        assertTrue(waits(), "no write is under way");
        finish(cause);
    }

    private void finish(Throwable cause) {
        Done done;
        List<Frame> frames;
        synchronized (this) {
            done = underWay;
            frames = framesUnderWay;
            underWay = null;
            framesUnderWay = null;
        }
        if (done == null) {
            return;
        }
        if (cause == null) {
            listener.taken(frames);
        }
        done.written(cause);
    }

    /** Whether a write is under way. */
    synchronized boolean waits() {
        return underWay != null;
    }

    @Override
    public void close(int code, String reason) {
        synchronized (this) {
            if (closed) {
                violations.add("a second close");
            }
            if (underWay != null) {
                violations.add("a close during a write");
            }
            closed = true;
            line("CLOSE " + code + " " + reason);
        }
        listener.ended();
    }

    @Override
    public void abort() {
        synchronized (this) {
            if (aborted) {
                return;
            }
            aborted = true;
            closed = true;
            line("ABORT");
        }
        listener.ended();
    }

    synchronized boolean ended() {
        return closed;
    }

    synchronized int writes() {
        return writes;
    }

    /** The bytes of text in the oldest write that was not looked at. */
    synchronized int nextWriteSize() {
        Integer size = writeSizes.poll();
        assertNotNull(size, "no write came");
        return size;
    }

    /** The oldest line that was not looked at. */
    synchronized String next() {
        String line = lines.poll();
        assertNotNull(line, "nothing came");
        return line;
    }

    /** The next line, which is a JSON frame of this type. */
    Json.Fields next(String type) {
        String line = next();
        try {
            Json.Fields fields = Json.object(line);
            assertEquals(type, fields.text("type"), line);
            return fields;
        } catch (Problem problem) {
            throw new AssertionError("expected a " + type + " and got: " + line, problem);
        }
    }

    /** The next lines are these. */
    void expect(String... expected) {
        for (String line : expected) {
            assertEquals(line, next());
        }
    }

    /** All lines that were not looked at. */
    synchronized List<String> rest() {
        List<String> rest = List.copyOf(lines);
        lines.clear();
        return rest;
    }

    /** Nothing came that the test did not look at, and nobody broke the contract. */
    synchronized void assertExhausted() {
        assertEquals(List.of(), violations);
        assertEquals(List.of(), List.copyOf(lines));
    }
}
