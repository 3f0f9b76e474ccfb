package parley.socket;

import java.time.Duration;
import org.eclipse.jetty.util.Callback;
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
    private CoreSession core; // set by onOpen, before any frame

    Refusal(Disconnect why, String sentence) {
        this.why = why;
        this.sentence = sentence;
    }

    @Override
    public void onOpen(CoreSession coreSession, Callback callback) {
        core = coreSession;
        core.setIdleTimeout(PATIENCE);
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
