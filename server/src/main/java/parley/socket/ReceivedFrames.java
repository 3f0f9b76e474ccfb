package parley.socket;

import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import parley.session.ClientSession;
import parley.session.Disconnect;

/**
 * Sees every frame on its way to the Jakarta endpoint: each is a sign of life, a PING is answered by the outbox (the
 * container would make a write of its own for each), a PONG confirms, a binary one is refused. The Jakarta API tells an
 * endpoint neither of a PING nor of the pieces of a long message.
 */
final class ReceivedFrames implements FrameHandler {

    /** Of one message, empty ones too; a text of 64 KiB comes in 64 pieces. Beyond it: 4000. */
    static final int MAX_PIECES = 1_000;

    private final FrameHandler endpointHandler;
    private final SocketEndpoint endpoint;
    private CoreSession core; // set by onOpen, before any frame
    private int pieces; // of the message that is not whole yet; for one frame at a time

    ReceivedFrames(FrameHandler endpointHandler, SocketEndpoint endpoint) {
        this.endpointHandler = endpointHandler;
        this.endpoint = endpoint;
    }

    @Override
    public void onOpen(CoreSession coreSession, Callback callback) {
        core = coreSession;
        endpointHandler.onOpen(coreSession, callback);
    }

    @Override
    public void onFrame(Frame frame, Callback callback) {
        ClientSession session = endpoint.session();
        session.heard();
        if (session.isFlooding() && frame.getOpCode() != OpCode.CLOSE
                || isControl(frame) && !session.admitControlFrame()) {
            callback.succeeded(); // and nothing more is asked for: what it goes on to send stays with its sender
            return;
        }
        switch (frame.getOpCode()) {
            case OpCode.PING -> {
                session.pinged(BufferUtil.toArray(frame.getPayload()));
                callback.succeeded();
                core.demand();
            }
            case OpCode.PONG -> {
                session.ponged(BufferUtil.toString(frame.getPayload(), StandardCharsets.ISO_8859_1));
                callback.succeeded();
                core.demand();
            }
            case OpCode.BINARY -> {
                session.close(Disconnect.UNSUPPORTED);
                callback.succeeded();
                core.demand();
            }
            case OpCode.TEXT, OpCode.CONTINUATION -> {
                if (isTorn(frame, session)) {
                    session.close(Disconnect.BAD_REQUEST, "a message has at most " + MAX_PIECES + " pieces");
                    callback.succeeded();
                    core.demand();
                } else {
                    endpointHandler.onFrame(frame, callback);
                }
            }
            default -> endpointHandler.onFrame(frame, callback);
        }
    }

    /** Whether the frame's message has come in more pieces than anybody needs. */
    private boolean isTorn(Frame frame, ClientSession session) {
        if (!frame.isFin() && ++pieces == 1) {
            session.messageBegan();
        } else if (frame.isFin() && pieces > 0 && pieces <= MAX_PIECES) {
            pieces = 0;
            session.messageEnded();
        }
        return pieces > MAX_PIECES;
    }

    private static boolean isControl(Frame frame) {
        return frame.getOpCode() == OpCode.PING || frame.getOpCode() == OpCode.PONG;
    }

    @Override
    public void onError(Throwable cause, Callback callback) {
        endpointHandler.onError(cause, callback);
    }

    @Override
    public void onClosed(CloseStatus closeStatus, Callback callback) {
        endpointHandler.onClosed(closeStatus, callback);
        ClientSession session = endpoint.session();
        if (session != null) {
            session.close(Disconnect.GONE);
        }
    }
}
