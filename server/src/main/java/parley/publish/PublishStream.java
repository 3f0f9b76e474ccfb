package parley.publish;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.broker.Delays;
import parley.message.Problem;

/**
 * One request of NDJSON lines, each published as it comes, and the answer's lines in the same order: one connection can
 * carry a publisher's whole life. Bounded both ways: it stops reading while {@link #MAX_OPEN} receipts are owed, and so
 * a publisher that does not read its receipts is not read either.
 *
 * <p>The container, the history and the timer call in from their own threads; everything happens under this lock, which
 * is held across the container's non-blocking I/O alone.
 */
final class PublishStream implements WriteListener {

    private static final Logger LOG = LoggerFactory.getLogger(PublishStream.class);

    /** Receipts owed at a time: enough to keep a durable history's batches full. */
    private static final int MAX_OPEN = 1_024;

    /** Of one line, as of any other body. Beyond it: the line's answer is a 413, and the stream goes on. */
    private static final int MAX_LINE_BYTES = BodyServlet.MAX_BODY_BYTES;

    /** From the first byte of a line to its end. Beyond it: a 408, and the stream ends. */
    private static final long LINE_MILLIS = 10_000;

    /** Of reading {@link #MAX_OPEN} lines, before another thread goes on. */
    private static final int MAX_TURNS = 4;

    private static final int WRITE_BYTES = 16 << 10;

    private final AsyncContext context;
    private final ServletInputStream in;
    private final ServletOutputStream out;
    private final Items items;
    private final Delays delays;
    private final Executor threads;

    // all guarded by this
    private final ArrayDeque<CompletableFuture<String>> owed = new ArrayDeque<>();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final byte[] piece = new byte[8192];
    private int pieceAt;
    private int pieceEnd;
    private boolean tooLong; // the line that is being read is skipped
    private Runnable lineTimer; // cancels the time-out of the line that has started, or null
    private long linesEnded;
    private boolean unflushed; // answers were written that the container may still hold back
    private boolean inputEnded;
    private boolean ended;

    private final AtomicBoolean wakeAsked = new AtomicBoolean(); // somebody will call proceed

    PublishStream(AsyncContext context, Items items, Delays delays, Executor threads) throws IOException {
        this.context = context;
        this.in = context.getRequest().getInputStream();
        this.out = context.getResponse().getOutputStream();
        this.items = items;
        this.delays = delays;
        this.threads = threads;
    }

    void start() {
        context.setTimeout(0); // each line has its own time limit; the stream has none
        out.setWriteListener(this);
        in.setReadListener(new Input());
    }

    private final class Input implements ReadListener {
        @Override
        public void onDataAvailable() {
            proceed();
        }

        @Override
        public void onAllDataRead() {
            proceed();
        }

        /** What came whole is published and owed its receipt; the rest of the line is not coming. */
        @Override
        public void onError(Throwable failure) {
            LOG.debug("a stream of publications broke off: {}", failure.getMessage());
            synchronized (PublishStream.this) {
                inputEnded = true;
                line.reset();
                if (lineTimer != null) {
                    lineTimer.run();
                    lineTimer = null;
                }
            }
            wake();
        }
    }

    @Override
    public synchronized void onWritePossible() {
        proceed();
    }

    @Override
    public synchronized void onError(Throwable failure) {
        LOG.debug("a stream of publications broke: {}", failure.getMessage());
        end();
    }

    /** Reads and writes as far as it goes without waiting. */
    private synchronized void proceed() {
        wakeAsked.set(false);
        try {
            boolean moved = true;
            for (int turn = 0; moved && !ended; turn++) {
                if (turn == MAX_TURNS) {
                    wake(); // let others have the thread, and the lock
                    return;
                }
                moved = read() | write();
            }
            if (!ended && inputEnded && owed.isEmpty() && out.isReady()) {
                end();
            }
        } catch (IOException broken) {
            onError(broken);
        }
    }

    /** Publishes what can be read, up to the bound of open receipts; true when anything was read. */
    private boolean read() throws IOException {
        boolean any = false;
        while (!inputEnded && owed.size() < MAX_OPEN) {
            if (pieceAt == pieceEnd && !fill()) {
                return any;
            }
            any = true;
            if (!inputEnded) {
                takeLine();
            }
        }
        return any;
    }

    private boolean fill() throws IOException {
        if (in.isFinished()) {
            inputEnded = true;
            endLine();
            return true;
        }
        if (!in.isReady()) {
            return false;
        }
        pieceAt = 0;
        pieceEnd = Math.max(0, in.read(piece));
        return pieceEnd > 0 || in.isFinished();
    }

    private void takeLine() {
        int end = pieceAt;
        while (end < pieceEnd && piece[end] != '\n') {
            end++;
        }
        if (!tooLong) {
            line.write(piece, pieceAt, end - pieceAt);
            if (line.size() > MAX_LINE_BYTES) {
                tooLong = true;
                line.reset();
            }
        }
        pieceAt = end;
        if (end < pieceEnd) {
            pieceAt++;
            endLine();
        } else if (lineTimer == null && (line.size() > 0 || tooLong)) {
            long number = linesEnded;
            lineTimer = delays.after(LINE_MILLIS, () -> threads.execute(() -> lineTooLate(number)));
        }
    }

    private void endLine() {
        linesEnded++;
        if (lineTimer != null) {
            lineTimer.run();
            lineTimer = null;
        }
        if (tooLong) {
            tooLong = false;
            owe(refusal(new Problem(413, "too_large", "A line has at most " + MAX_LINE_BYTES + " bytes.")));
        } else if (line.size() > 0) {
            byte[] bytes = line.toByteArray();
            line.reset();
            try {
                String text = BodyServlet.utf8(bytes);
                if (!text.isBlank()) {
                    owe(items.publish(text));
                }
            } catch (Problem problem) {
                owe(refusal(problem));
            }
        }
    }

    private static CompletableFuture<String> refusal(Problem problem) {
        return CompletableFuture.completedFuture(problem.json());
    }

    private void owe(CompletableFuture<String> answer) {
        owed.add(answer);
        if (!answer.isDone()) {
            answer.thenRun(this::wake);
        }
    }

    /**
     * A receipt is there: go on, on a thread that may write, unless somebody will anyway. Takes no lock, because another
     * stream's publication may have completed this receipt under that stream's lock.
     */
    private void wake() {
        if (wakeAsked.compareAndSet(false, true)) {
            threads.execute(this::proceed);
        }
    }

    private void lineTooLate(long number) {
        synchronized (this) {
            if (ended || inputEnded || number != linesEnded) {
                return; // it ended while this waited for the lock
            }
            lineTimer = null;
            inputEnded = true;
            owe(refusal(new Problem(408, "too_late", "A line did not come whole within 10 seconds.")));
        }
        wake();
    }

    /** Writes the answers that are there, in order; true when any was written. */
    private boolean write() throws IOException {
        boolean any = false;
        while (!owed.isEmpty() && owed.peek().isDone() && out.isReady()) {
            StringBuilder text = new StringBuilder();
            while (!owed.isEmpty() && owed.peek().isDone() && text.length() < WRITE_BYTES) {
                text.append(owed.poll().join()).append('\n');
            }
            out.write(text.toString().getBytes(StandardCharsets.UTF_8));
            any = true;
            unflushed = true;
        }
        if (unflushed && out.isReady()) {
            unflushed = false;
            out.flush();
        }
        return any;
    }

    private void end() {
        if (!ended) {
            ended = true;
            if (lineTimer != null) {
                lineTimer.run();
            }
            context.complete();
        }
    }
}
