package parley.socket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import parley.session.ClientSession;
import parley.session.Disconnect;
import parley.session.Transport;

/** One event stream: writes events, and sees when its client is gone. Called by the session's Outbox alone, one write at a time. */
final class EventLine implements Transport {

    /** A listener has nothing to say; whoever says more than this is not one. */
    private static final int MAX_IGNORED_BYTES = 64 << 10;

    private final Request request;
    private final Response response;
    private final Callback callback;
    private final EventEncoder encoder = new EventEncoder();
    private volatile ClientSession session; // null until the registry has opened it
    private final AtomicBoolean ended = new AtomicBoolean();
    private long ignoredBytes; // for one reader at a time

    EventLine(Request request, Response response, Callback callback) {
        this.request = request;
        this.response = response;
        this.callback = callback;
    }

    @Override
    public void write(List<Frame> frames, Done done) {
        response.write(
                false,
                ByteBuffer.wrap(encoder.encode(frames)),
                Callback.from(() -> done.written(null), failure -> done.written(failure)));
    }

    @Override
    public String address() {
        return Callers.hostOf(Callers.of(request).address());
    }

    @Override
    public void close(int code, String reason) {
        if (ended.compareAndSet(false, true)) {
            response.write(true, null, callback);
            gone();
        }
    }

    @Override
    public void abort() {
        if (ended.compareAndSet(false, true)) {
            endPoint().close();
            callback.failed(new EofException("aborted"));
        }
    }

    void opened(ClientSession opened) {
        session = opened;
        if (ended.get()) {
            gone();
        }
    }

    /**
     * Reads the line on, only to see its end. Jetty does not while it answers, and so a client that left would count
     * as online, and what is written after it as read, until a second write fails.
     */
    void watchEnd() {
        endPoint().tryFillInterested(Callback.from(this::readable, failure -> {
            if (failure instanceof TimeoutException && endPoint().isOpen()) {
                watchEnd(); // quiet is all a listener ever is
            } else {
                gone();
            }
        }));
    }

    private void readable() {
        try {
            ByteBuffer ignored = BufferUtil.allocate(512);
            int read = endPoint().fill(ignored);
            ignoredBytes += Math.max(0, read);
            if (read >= 0 && ignoredBytes <= MAX_IGNORED_BYTES) {
                watchEnd();
                return;
            }
        } catch (IOException broken) {
            // as good as the end
        }
        gone();
        abort();
    }

    private EndPoint endPoint() {
        return request.getConnectionMetaData().getConnection().getEndPoint();
    }

    private void gone() {
        ClientSession opened = session;
        if (opened != null) {
            opened.close(Disconnect.GONE);
        }
    }
}
