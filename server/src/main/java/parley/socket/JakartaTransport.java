package parley.socket;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.OpCode;
import parley.session.Transport;

/** Writes WebSocket frames, payloads shared, all but the last frame of a write batched into one. */
final class JakartaTransport implements Transport {

    private final CoreSession core;

    JakartaTransport(CoreSession core) {
        this.core = core;
    }

    @Override
    public void write(List<Frame> frames, Done done) {
        int last = frames.size() - 1;
        for (int i = 0; i < last; i++) {
            core.sendFrame(frame(frames.get(i)), Callback.NOOP, true);
        }
        core.sendFrame(frame(frames.get(last)), Callback.from(() -> done.written(null), done::written), false);
    }

    private static org.eclipse.jetty.websocket.core.Frame frame(Frame frame) {
        if (frame instanceof Text text) {
            ByteBuffer payload = ByteBuffer.wrap(text.out().bytes(), text.from(), text.to() - text.from());
            byte opCode = text.first() ? OpCode.TEXT : OpCode.CONTINUATION;
            return new org.eclipse.jetty.websocket.core.Frame(opCode, text.last(), payload.slice());
        }
        ByteBuffer payload = ByteBuffer.wrap(((Ping) frame).payload().getBytes(StandardCharsets.US_ASCII));
        return new org.eclipse.jetty.websocket.core.Frame(OpCode.PING, true, payload);
    }

    @Override
    public String address() {
        return hostOf(core.getRemoteAddress());
    }

    /** The literal address, without a look-up; null when the line has none. */
    static String hostOf(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.getAddress() != null
                ? inet.getAddress().getHostAddress()
                : null;
    }

    @Override
    public void close(int code, String reason) {
        core.close(code, reason, Callback.NOOP);
    }

    @Override
    public void abort() {
        core.abort();
    }
}
