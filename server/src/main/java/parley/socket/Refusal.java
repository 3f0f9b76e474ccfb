package parley.socket;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import parley.session.Disconnect;

/** A v1 connection that is not let in: it is opened only to be told why, by a close code that a page can read. */
final class Refusal implements FrameHandler {

    /** For the client's own close frame; it has nothing else to say. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Disconnect why;
    private final String sentence;
    private final Scheduler scheduler;
    private CoreSession core; // set by onOpen, before any frame

    Refusal(Disconnect why, String sentence, Scheduler scheduler) {
        this.why = why;
        this.sentence = sentence;
        this.scheduler = scheduler;
    }

    @Override
    public void onOpen(CoreSession coreSession, Callback callback) {
        core = coreSession;
        scheduler.schedule(core::abort, PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        callback.succeeded();
        core.close(why.code(), sentence, Callback.NOOP);
        core.demand();
    }

    @Override
    public void onFrame(Frame frame, Callback callback) {
        callback.succeeded();
        core.demand();
    }

    @Override
    public void onError(Throwable cause, Callback callback) {
        callback.succeeded();
    }

    @Override
    public void onClosed(CloseStatus closeStatus, Callback callback) {
        callback.succeeded();
    }
}
