package parley.socket;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import parley.message.Channel;
import parley.message.Position;
import parley.session.ClientSession;
import parley.session.Disconnect;
import parley.session.Outgoing;
import parley.session.Transport;

/** One event stream: turns texts into events and writes them. Called by the session's Outbox alone, one write at a time. */
final class EventLine implements Transport {

    /** A listener has nothing to say; whoever says more than this is not one. */
    private static final int MAX_IGNORED_BYTES = 64 << 10;

    private final Request request;
    private final Response response;
    private final Callback callback;
    private final Map<Channel, Position> positions = new LinkedHashMap<>(4); // what was written
    private ByteBuffer rest; // of a long event that goes out in pieces
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
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        for (int i = 0; i < frames.size(); i++) {
            Frame frame = frames.get(i);
            if (isStart(frame) && i + 1 < frames.size() && isStart(frames.get(i + 1))) {
                positions.put(
                        ((Text) frame).out().channel(), ((Text) frame).out().position());
            } else if (frame instanceof Text text) {
                add(text, out);
            } else {
                out.writeBytes(utf8(":\n\n"));
            }
        }
        response.write(
                false,
                ByteBuffer.wrap(out.toByteArray()),
                Callback.from(() -> done.written(null), failure -> done.written(failure)));
    }

    private static boolean isStart(Frame frame) {
        return frame instanceof Text text && text.out().kind() == Outgoing.Kind.START;
    }

    private void add(Text text, ByteArrayOutputStream out) {
        if (text.first() && text.last()) {
            out.writeBytes(event(text.out()));
            return;
        }
        if (text.first()) {
            rest = ByteBuffer.wrap(event(text.out()));
        }
        byte[] piece = new byte[text.last() ? rest.remaining() : text.to() - text.from()];
        rest.get(piece);
        out.writeBytes(piece);
    }

    private byte[] event(Outgoing text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(text.bytes().length + 128);
        if (text.kind() == Outgoing.Kind.GAP) {
            out.writeBytes(utf8("event: gap\n"));
        }
        if (text.position() != null) {
            positions.put(text.channel(), text.position());
            out.writeBytes(utf8("id: " + EventId.print(positions) + "\n"));
        }
        if (text.kind() != Outgoing.Kind.START) {
            data(text.bytes(), out);
        }
        out.write('\n');
        return out.toByteArray();
    }

    /** Each line of the text as a {@code data} field; a client joins them with line feeds. */
    private static void data(byte[] bytes, ByteArrayOutputStream out) {
        int start = 0;
        for (int i = 0; i <= bytes.length; i++) {
            if (i == bytes.length || bytes[i] == '\n' || bytes[i] == '\r') {
                out.writeBytes(utf8("data: "));
                out.write(bytes, start, i - start);
                out.write('\n');
                if (i + 1 < bytes.length && bytes[i] == '\r' && bytes[i + 1] == '\n') {
                    i++;
                }
                start = i + 1;
            }
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String address() {
        return JakartaTransport.hostOf(request.getConnectionMetaData().getRemoteSocketAddress());
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
