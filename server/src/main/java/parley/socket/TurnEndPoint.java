package parley.socket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * A connection that is read in turns, until it is upgraded. Requests run on the selector's thread, and Jetty reads on for
 * as long as requests with a body end where its buffer does: a caller who sees to that would keep the thread from all
 * others. So a turn ends after a while, and the selector sees to the others first.
 *
 * <p>Jetty writes each answer by itself, and a write costs as much as all the rest of a small request. So what is written
 * in a turn is kept, and leaves at its end or when it becomes too much: requests that come together are answered
 * together. Whoever does not take his answers is not read from.
 *
 * <p>Any thread may write, one at a time, as Jetty has one answer under way for a connection. Nothing is kept while a
 * write is pending.
 */
final class TurnEndPoint extends SocketChannelEndPoint {

    /** A delay that nobody notices. The buffer that is being handled, some eighty requests at most, is not cut short. */
    private static final long TURN_NANOS = 1_000_000;

    /** Some forty answers. */
    private static final int KEPT_BYTES = 8 << 10;

    private final ByteBufferPool pool; // null: nothing is kept
    private volatile boolean upgraded;
    private boolean inTurn; // guarded by this, like all below
    private boolean fresh; // nothing was read yet in this turn
    private long turnEnd;
    private volatile RetainableByteBuffer kept; // null: nothing. Read without the lock where nobody can be adding

    /** @param pool null when answers shall leave one by one: TLS gathers and orders its records by itself */
    TurnEndPoint(
            SocketChannel line, ManagedSelector selector, SelectionKey key, Scheduler scheduler, ByteBufferPool pool) {
        super(line, selector, key, scheduler);
        this.pool = pool;
    }

    @Override
    public void fillInterested(Callback callback) {
        if (flushKept()) {
            super.fillInterested(turn(callback));
        } else {
            afterKept(() -> super.fillInterested(turn(callback)));
        }
    }

    @Override
    public boolean tryFillInterested(Callback callback) {
        if (flushKept()) {
            return super.tryFillInterested(turn(callback));
        }
        afterKept(() -> super.tryFillInterested(turn(callback)));
        return true;
    }

    /** Nothing when the turn is over: then Jetty asks for another. */
    @Override
    public int fill(ByteBuffer buffer) throws IOException {
        return upgraded || isMyTurn() ? super.fill(buffer) : 0;
    }

    @Override
    public void write(Callback callback, ByteBuffer... parts) {
        if (!upgraded && keep(parts)) {
            callback.succeeded();
            return;
        }
        RetainableByteBuffer before = kept == null ? null : take();
        if (before == null) {
            super.write(callback, parts);
            return;
        }
        ByteBuffer[] all = new ByteBuffer[parts.length + 1];
        all[0] = before.getByteBuffer();
        System.arraycopy(parts, 0, all, 1, parts.length);
        super.write(Callback.from(before::release, callback), all);
    }

    @Override
    public void upgrade(Connection next) {
        upgraded = true;
        super.upgrade(next);
    }

    @Override
    protected void doShutdownOutput() {
        afterKept(super::doShutdownOutput);
    }

    @Override
    public void doClose() {
        RetainableByteBuffer left = flushKept() ? null : take();
        if (left != null) {
            left.release();
        }
        super.doClose();
    }

    /** Jetty's work with what came. */
    private final class Turn extends Callback.Nested {
        Turn(Callback callback) {
            super(callback);
        }

        @Override
        public void succeeded() {
            begin();
            try {
                super.succeeded();
            } finally {
                end();
            }
        }
    }

    private Callback turn(Callback callback) {
        return upgraded ? callback : new Turn(callback);
    }

    private synchronized void begin() {
        inTurn = true;
        fresh = true;
        turnEnd = System.nanoTime() + TURN_NANOS;
    }

    private synchronized void end() {
        inTurn = false;
        flushKept();
    }

    private synchronized boolean isMyTurn() {
        boolean mine = fresh || System.nanoTime() - turnEnd < 0;
        fresh = false;
        return mine;
    }

    private synchronized boolean keep(ByteBuffer... parts) {
        int before = kept == null ? 0 : kept.remaining();
        if (!inTurn || pool == null || BufferUtil.remaining(parts) > KEPT_BYTES - before) {
            return false;
        }
        if (kept == null) {
            kept = pool.acquire(KEPT_BYTES, true);
        }
        for (ByteBuffer part : parts) {
            BufferUtil.append(kept.getByteBuffer(), part);
            BufferUtil.clear(part);
        }
        return true;
    }

    private synchronized RetainableByteBuffer take() {
        RetainableByteBuffer taken = kept;
        kept = null;
        return taken;
    }

    /** Whether nothing is kept now. What a caller who is gone has not got is dropped. */
    private boolean flushKept() {
        return kept == null || tryFlush();
    }

    private synchronized boolean tryFlush() {
        try {
            if (kept == null || !flush(kept.getByteBuffer())) {
                return kept == null;
            }
        } catch (IOException gone) {
            // the next read or write tells Jetty so
        }
        take().release();
        return true;
    }

    private void afterKept(Runnable next) {
        RetainableByteBuffer left = flushKept() ? null : take();
        if (left == null) {
            next.run();
        } else {
            Callback then = Callback.from(InvocationType.NON_BLOCKING, next, this::close);
            super.write(Callback.from(left::release, then), left.getByteBuffer());
        }
    }
}
