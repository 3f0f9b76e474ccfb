package parley.socket;

import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.util.Iterator;
import org.eclipse.jetty.ee11.websocket.jakarta.common.JakartaWebSocketSession;
import org.eclipse.jetty.websocket.core.WebSocketCoreSession;
import parley.session.ClientSession;
import parley.session.Disconnect;
import parley.session.SessionRegistry;

/**
 * One WebSocket connection; translates between the container and the SessionRegistry, decides nothing. The Handshake
 * makes one for each connection that it lets in.
 */
@ServerEndpoint("/websocket/{userId}")
public final class SocketEndpoint {

    private final SessionRegistry registry;
    private Handshake.Admission admission; // null once opened
    private volatile ClientSession session; // null until opened

    SocketEndpoint(SessionRegistry registry, Handshake.Admission admission) {
        this.registry = registry;
        this.admission = admission;
    }

    @OnOpen
    public void onOpen(Session socket) {
        JakartaWebSocketSession jetty = (JakartaWebSocketSession) socket;
        ClientSession opened = registry.open(
                admission.identity(),
                admission.mode(),
                new JakartaTransport((WebSocketCoreSession) jetty.getCoreSession(), admission.client()),
                admission.starts(),
                admission.reads());
        admission = null;
        socket.addMessageHandler(String.class, opened::received);
        forgetOthers(jetty.getDecoders().iterator());
        session = opened;
    }

    /** Each session has a list of its own of decoders for all primitive types, 1 KB; the one for texts is taken already. */
    private static void forgetOthers(Iterator<?> decoders) {
        while (decoders.hasNext()) {
            decoders.next();
            decoders.remove();
        }
    }

    /**
     * The client's close frame is here; ours may be stuck behind a write, so that the line has not ended yet. Or the
     * line broke, or the container refused a message.
     */
    @OnClose
    public void onClose(CloseReason reason) {
        ClientSession opened = session;
        if (opened != null) {
            int code = reason.getCloseCode().getCode();
            if (code == Disconnect.GONE.code()) {
                opened.close(Disconnect.GONE);
            } else {
                opened.close(code == Disconnect.TOO_LARGE.code() ? Disconnect.TOO_LARGE : Disconnect.LEFT);
            }
        }
    }

    /** A broken line is ordinary, and {@link #onClose} follows; what went wrong in our own code is logged there. */
    @OnError
    public void onError(Throwable cause) {}

    /** The session, or null before the container opened it. */
    ClientSession session() {
        return session;
    }
}
