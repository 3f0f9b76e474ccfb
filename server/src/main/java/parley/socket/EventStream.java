package parley.socket;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import parley.auth.BrowserGuard;
import parley.auth.Identity;
import parley.auth.UserId;
import parley.message.Channel;
import parley.message.Position;
import parley.message.Problem;
import parley.session.ClientSession;
import parley.session.Disconnect;
import parley.session.Mode;
import parley.session.Outgoing;
import parley.session.SessionRegistry;
import parley.session.Since;
import parley.session.Transport;

/**
 * The smallest client: {@code curl -N} or EventSource. {@code GET /websocket/{userId}} without an upgrade gives the
 * user's messages, {@code GET /socket/events} what back ends listen to, both as {@code text/event-stream} that
 * {@code Last-Event-ID} resumes.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">Server-sent events</a>
 */
public final class EventStream extends Handler.Wrapper {

    private static final String EVENTS_PATH = "/socket/events";

    /** All positions travel in each event's id. */
    private static final int MAX_TOPICS = 8;

    private final BrowserGuard guard;
    private final SessionRegistry registry;
    private volatile boolean draining;

    public EventStream(BrowserGuard guard, SessionRegistry registry) {
        this.guard = guard;
        this.registry = registry;
    }

    /** From now on nobody is let in. */
    public void drain() {
        draining = true;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String path = request.getHttpURI().getCanonicalPath();
        boolean events = EVENTS_PATH.equals(path);
        if (!events && (path == null || !Handshake.PATH.matcher(path).matches())) {
            return super.handle(request, response, callback);
        }
        try {
            requireStream(request, response);
            Fields query = Handshake.query(request);
            Identity identity = events ? Identity.BACK_END : new Identity(Handshake.userOf(request));
            Map<Channel, Since> starts = events ? eventStarts(query) : userStarts(identity.user(), query);
            resume(request.getHeaders().get("Last-Event-ID"), starts);
            boolean json = events || "v1".equals(query.getValue("format"));
            boolean reads = !Handshake.NOW.equals(query.getValue("since"));
            open(request, response, callback, identity, json ? Mode.STREAM_V1 : Mode.STREAM, starts, reads);
        } catch (Problem problem) {
            Answers.refuse(request, response, callback, problem);
        }
        return true;
    }

    private void requireStream(Request request, Response response) throws Problem {
        if (draining) {
            throw new Problem(503, "restarting", "The server restarts; come back soon.");
        }
        if (!request.getMethod().equals("GET")) {
            response.getHeaders().put(HttpHeader.ALLOW, "GET");
            throw new Problem(405, "bad_method", "Only GET works here.");
        }
        if (request.getHeaders().contains(HttpHeader.UPGRADE, "websocket")) {
            response.getHeaders().put("Sec-WebSocket-Version", "13");
            throw new Problem(426, "bad_upgrade", "This is no WebSocket handshake of version 13 (RFC 6455).");
        }
        guard.requireLocal(request.getHeaders()::getValuesList, isLoopback(request));
    }

    private static boolean isLoopback(Request request) {
        return isLoopback(request.getConnectionMetaData().getRemoteSocketAddress())
                && isLoopback(request.getConnectionMetaData().getLocalSocketAddress());
    }

    private static boolean isLoopback(SocketAddress address) {
        return address instanceof InetSocketAddress inet
                && inet.getAddress() != null
                && inet.getAddress().isLoopbackAddress();
    }

    private static Map<Channel, Since> userStarts(String user, Fields query) throws Problem {
        Map<Channel, Since> starts = Handshake.starts(user, query);
        if (starts.size() > MAX_TOPICS + 2) {
            throw Problem.bad("too_many_topics", "A stream has at most " + MAX_TOPICS + " topics.");
        }
        return starts;
    }

    private static Map<Channel, Since> eventStarts(Fields query) throws Problem {
        String since = query.getValue("since");
        Since start = since == null ? Since.NOW : Since.parse(since);
        if (start == Since.INBOX) {
            throw Problem.bad("bad_position", "The events have no inbox; 'since' is now or a position.");
        }
        Map<Channel, Since> starts = new LinkedHashMap<>();
        starts.put(Channel.EVENTS, start);
        return starts;
    }

    /** Moves the starts of those channels that the event id names; it beats {@code ?since=}. */
    private static void resume(String eventId, Map<Channel, Since> starts) throws Problem {
        if (eventId == null || eventId.isEmpty()) {
            return;
        }
        Problem malformed = Problem.bad("bad_position", "The Last-Event-ID is not one that this server gave.");
        String pairs;
        try {
            pairs = new String(Base64.getUrlDecoder().decode(eventId), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException notBase64) {
            throw malformed;
        }
        for (String pair : pairs.split("\n")) {
            int equals = pair.lastIndexOf('=');
            Channel channel = equals < 0 ? null : Channel.parse(pair.substring(0, equals));
            Position position = equals < 0 ? null : Position.parse(pair.substring(equals + 1));
            if (channel == null || position == null) {
                throw malformed;
            }
            if (channel instanceof Channel.Topic topic) {
                channel = new Channel.Topic(UserId.topic(topic.name()));
            }
            starts.computeIfPresent(channel, (known, since) -> new Since.After(position));
        }
    }

    private void open(
            Request request,
            Response response,
            Callback callback,
            Identity identity,
            Mode mode,
            Map<Channel, Since> starts,
            boolean reads) {
        response.setStatus(200);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream;charset=utf-8");
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        response.getHeaders().put("X-Accel-Buffering", "no"); // nginx would hold events back
        Line line = new Line(request, response, callback);
        request.addIdleTimeoutListener(timeout -> false); // our heartbeat judges
        ClientSession session = registry.open(identity, mode, line, starts, reads);
        line.session = session;
        request.addFailureListener(failure -> session.close(Disconnect.GONE));
    }

    /** One stream. Called by the session's Outbox alone, one write at a time. */
    private static final class Line implements Transport {

        private final Request request;
        private final Response response;
        private final Callback callback;
        private final Map<Channel, Position> positions = new LinkedHashMap<>(4); // what was written
        private ByteBuffer rest; // of a long event that goes out in pieces
        private volatile ClientSession session;
        private volatile boolean ended;

        Line(Request request, Response response, Callback callback) {
            this.request = request;
            this.response = response;
            this.callback = callback;
        }

        @Override
        public void write(List<Frame> frames, Done done) {
            ByteArrayOutputStream out = new ByteArrayOutputStream(512);
            for (Frame frame : frames) {
                if (frame instanceof Text text) {
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
                out.writeBytes(utf8("id: " + eventId() + "\n"));
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

        private String eventId() {
            StringBuilder pairs = new StringBuilder();
            positions.forEach((channel, position) -> pairs.append(pairs.isEmpty() ? "" : "\n")
                    .append(channel)
                    .append('=')
                    .append(position));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(utf8(pairs.toString()));
        }

        private static byte[] utf8(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public void close(int code, String reason) {
            if (!ended) {
                ended = true;
                response.write(true, null, callback);
                gone();
            }
        }

        @Override
        public void abort() {
            if (!ended) {
                ended = true;
                request.getConnectionMetaData().getConnection().getEndPoint().close();
                callback.failed(new EofException("aborted"));
            }
        }

        private void gone() {
            ClientSession opened = session;
            if (opened != null) {
                opened.close(Disconnect.GONE);
            }
        }
    }
}
