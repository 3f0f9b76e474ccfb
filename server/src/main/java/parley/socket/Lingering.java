package parley.socket;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Lets a caller read his answer though he is still sending: a connection that is closed with unread bytes is reset, and
 * the answer is lost with it. So what is left of a body is read and thrown away once the answer is written, for a moment
 * and up to a bound. Whoever refuses early needs to do nothing for it.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9112#section-9.6">RFC 9112, section 9.6</a>
 */
public final class Lingering extends Handler.Wrapper {

    /** Long enough to notice an answer, too short to hold many connections. Beyond it: reset. */
    private static final long MILLIS = 1_000;

    /** What a fast caller sends in that time. Beyond it: reset. */
    private static final long MAX_BYTES = 16 << 20;

    public Lingering(Handler handler) {
        super(handler);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        HttpFields headers = request.getHeaders();
        boolean body = headers.contains(HttpHeader.CONTENT_LENGTH) || headers.contains(HttpHeader.TRANSFER_ENCODING);
        if (!body || headers.contains(HttpHeader.EXPECT)) { // who asks before he sends, does not send after a refusal
            return super.handle(request, response, callback);
        }
        Sending sending = new Sending(request, callback);
        if (!super.handle(sending, response, sending)) {
            Response.writeError(sending, response, sending, HttpStatus.NOT_FOUND_404);
        }
        return true;
    }

    /** A request that somebody may still be sending: reads the rest of its body once it is answered, then ends it. */
    private static final class Sending extends Request.Wrapper implements Callback {

        private final Callback callback;
        private final AtomicBoolean ended = new AtomicBoolean();
        private Runnable demanded; // what the servlet wants to be told; guarded by this
        private boolean demanding; // guarded by this
        private boolean answered; // guarded by this
        private volatile Scheduler.Task timer;
        private long discarded; // for one thread at a time

        Sending(Request request, Callback callback) {
            super(request);
            this.callback = callback;
        }

        /** Jetty would give the body up here, and the connection, unless all of it has come. */
        @Override
        public boolean consumeAvailable() {
            return true;
        }

        /** There can be one demand at a time, and when the answer is written a servlet's may still be open. */
        @Override
        public void demand(Runnable available) {
            synchronized (this) {
                demanded = available;
                demanding = true;
            }
            super.demand(Invocable.from(Invocable.getInvocationType(available), this::available));
        }

        private void available() {
            Runnable next;
            synchronized (this) {
                demanding = false;
                next = answered ? this::discard : demanded;
            }
            next.run();
        }

        @Override
        public void succeeded() {
            boolean first;
            synchronized (this) {
                answered = true;
                first = !demanding;
            }
            if (first) {
                discard();
            } else {
                startTimer();
            }
        }

        @Override
        public void failed(Throwable failure) {
            if (ended.compareAndSet(false, true)) {
                callback.failed(failure);
            }
        }

        @Override
        public InvocationType getInvocationType() {
            return callback.getInvocationType();
        }

        private void discard() {
            for (Content.Chunk chunk = read(); chunk != null; chunk = read()) {
                discarded += chunk.remaining();
                boolean last = chunk.isLast() || Content.Chunk.isFailure(chunk);
                chunk.release();
                if (last || discarded > MAX_BYTES) {
                    end();
                    return;
                }
            }
            startTimer();
            if (!ended.get()) {
                demand(this::discard);
            }
        }

        private void startTimer() {
            if (timer == null) {
                Scheduler scheduler = getConnectionMetaData().getConnector().getScheduler();
                timer = scheduler.schedule(this::end, MILLIS, TimeUnit.MILLISECONDS);
            }
        }

        private void end() {
            if (ended.compareAndSet(false, true)) {
                if (timer != null) {
                    timer.cancel();
                }
                callback.succeeded();
            }
        }
    }
}
