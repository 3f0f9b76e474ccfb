package parley.socket;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import parley.auth.Authenticator;
import parley.auth.Caller;
import parley.auth.Identity;
import parley.message.Channel;
import parley.message.Problem;
import parley.session.ClientSession;
import parley.session.Disconnect;
import parley.session.Mode;
import parley.session.SessionRegistry;
import parley.session.Since;

/**
 * The smallest client: {@code curl -N} or EventSource. {@code GET /websocket/{userId}} without an upgrade gives the
 * user's messages, {@code GET /socket/events} what back ends listen to, both as {@code text/event-stream} that
 * {@code Last-Event-ID} resumes. {@code GET /socket/events?stats=true} also tells how the server stands: the console.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">Server-sent events</a>
 */
public final class EventStream extends Handler.Wrapper {

    private static final String EVENTS_PATH = "/socket/events";

    /** All positions travel in each event's id. */
    private static final int MAX_TOPICS = 8;

    private final Authenticator authenticator;
    private final SessionRegistry registry;
    private final Doors doors;
    private final Consumer<ClientSession> viewers;
    private volatile boolean draining;

    /** @param viewers told of each stream that asks for the figures of the server */
    public EventStream(
            Authenticator authenticator, SessionRegistry registry, Doors doors, Consumer<ClientSession> viewers) {
        this.authenticator = authenticator;
        this.registry = registry;
        this.doors = doors;
        this.viewers = viewers;
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
            Identity identity = identity(request, query, events);
            registry.requireRoom(identity);
            Map<Channel, Since> starts = events ? eventStarts(query) : userStarts(identity, query);
            resume(request.getHeaders().get("Last-Event-ID"), starts);
            boolean json = events || "v1".equals(query.getValue("format"));
            boolean reads = !Handshake.NOW.equals(query.getValue("since"));
            Mode mode = json ? Mode.STREAM_V1 : Mode.STREAM;
            ClientSession session = open(request, response, callback, identity, mode, starts, reads);
            if (events && wantsStats(query)) {
                viewers.accept(session);
            }
        } catch (Problem problem) {
            Answers.refuse(request, response, callback, problem);
        }
        return true;
    }

    private Identity identity(Request request, Fields query, boolean events) throws Problem {
        Caller caller = Callers.of(request);
        if (events) {
            authenticator.backEnd(
                    caller, wantsStats(query) ? Authenticator.Access.ADMINISTER : Authenticator.Access.PUBLISH);
            return Identity.BACK_END;
        }
        authenticator.requireListener(caller);
        return authenticator.user(caller, Handshake.keyOf(request), query.getValuesOrEmpty("token"), List.of());
    }

    private static boolean wantsStats(Fields query) {
        return "true".equals(query.getValue("stats"));
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
        doors.requireRoom(request);
    }

    private static Map<Channel, Since> userStarts(Identity identity, Fields query) throws Problem {
        Map<Channel, Since> starts = Handshake.starts(identity, query);
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
        EventId.parse(eventId)
                .forEach((channel, position) ->
                        starts.computeIfPresent(channel, (known, since) -> new Since.After(position)));
    }

    private ClientSession open(
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
        response.getHeaders().put(HttpHeader.CONNECTION, "close"); // the line carries nothing after this
        EventLine line = new EventLine(request, response, callback);
        request.addIdleTimeoutListener(timeout -> false); // our heartbeat judges
        ClientSession session = registry.open(identity, mode, line, starts, reads);
        line.opened(session);
        request.addFailureListener(failure -> session.close(Disconnect.GONE));
        line.watchEnd();
        return session;
    }
}
