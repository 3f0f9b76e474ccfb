package parley.socket;

import jakarta.websocket.server.ServerContainer;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.pathmap.RegexPathSpec;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeRequest;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeResponse;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;
import parley.auth.Authenticator;
import parley.auth.Caller;
import parley.auth.Identity;
import parley.auth.UserId;
import parley.auth.Visitors;
import parley.message.Channel;
import parley.message.Problem;
import parley.session.Disconnect;
import parley.session.Mode;
import parley.session.SessionRegistry;
import parley.session.SessionSettings;
import parley.session.Since;

/**
 * Decides who may open a WebSocket: path, Host, Origin, subprotocol, whether there is room. Stands in front of the
 * Jakarta container, so that any letter case of the path works, refusals are real HTTP statuses, and no servlet objects
 * are made for a connection. Stateless but for the drain flag.
 */
public final class Handshake extends WebSocketNegotiator.AbstractNegotiator {

    /** Where clients connect, in any letter case: the seeds write {@code /webSocket/10086} too. */
    static final Pattern PATH = Pattern.compile("^/(?i:websocket)/((?s).*)$");

    public static final RegexPathSpec PATH_SPEC = new RegexPathSpec(PATH.pattern());

    static final String V1 = "parley.v1";
    static final String PLAIN = "parley.plain";
    static final String NOW = "now";

    /** Of one message from a client; more closes with 1009. */
    private static final int MAX_MESSAGE_BYTES = 64 << 10;

    /** Pooled, not per connection: frames up to a quarter of it are gathered into one write. */
    private static final int OUTPUT_BUFFER_BYTES = 16 << 10;

    /** A connection that was let in. */
    record Admission(InetAddress client, Identity identity, Mode mode, Map<Channel, Since> starts, boolean reads) {}

    private final Authenticator authenticator;
    private final SessionRegistry registry;
    private final Doors doors;
    private final Endpoints endpoints;
    private volatile boolean draining;

    public Handshake(Authenticator authenticator, SessionRegistry registry, Doors doors, ServerContainer container) {
        this.authenticator = authenticator;
        this.registry = registry;
        this.doors = doors;
        this.endpoints = new Endpoints(container);
        setIdleTimeout(Duration.ZERO); // our heartbeat judges by what was received
        setInputBufferSize(1024);
        setOutputBufferSize(OUTPUT_BUFFER_BYTES);
        setMaxTextMessageSize(MAX_MESSAGE_BYTES);
        setMaxBinaryMessageSize(MAX_MESSAGE_BYTES);
        setMaxFrameSize(0); // frames are handed over in pieces as they come, so this bounds nothing that is not
    }

    /** From now on nobody is let in. */
    public void drain() {
        draining = true;
    }

    @Override
    public FrameHandler negotiate(ServerUpgradeRequest request, ServerUpgradeResponse response, Callback callback) {
        try {
            StrictHandshake.require(request.getHeaders());
        } catch (Problem problem) {
            Answers.refuse(request, response, callback, problem);
            return null;
        }
        boolean v1 = request.getSubProtocols().contains(V1);
        try {
            Admission admission = admit(request, v1);
            response.setExtensions(List.of());
            if (!request.getSubProtocols().isEmpty()) {
                response.setAcceptedSubProtocol(v1 ? V1 : PLAIN);
            }
            return endpoints.frameHandler(new SocketEndpoint(registry, admission));
        } catch (Problem problem) {
            if (v1 && isUri(request)) { // a browser cannot read the status of a handshake, but it can read a close code
                response.setExtensions(List.of());
                response.setAcceptedSubProtocol(V1);
                Scheduler scheduler =
                        request.getConnectionMetaData().getConnector().getScheduler();
                return new Refusal(disconnect(problem), problem.detail(), scheduler);
            }
            Answers.refuse(request, response, callback, problem);
            return null;
        }
    }

    /** Jetty upgrades nothing else. */
    private static boolean isUri(Request request) {
        try {
            request.getHttpURI().toURI();
            return true;
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }

    private Admission admit(ServerUpgradeRequest request, boolean v1) throws Problem {
        if (draining) {
            throw new Problem(503, "restarting", "The server restarts; come back soon.");
        }
        doors.requireRoom(request);
        Caller caller = Callers.of(request);
        authenticator.requirePage(caller);
        List<String> offers = request.getSubProtocols();
        if (!offers.isEmpty() && !v1 && !offers.contains(PLAIN)) {
            throw Problem.bad("bad_subprotocol", "The subprotocol must be " + V1 + ", " + PLAIN + " or none.");
        }
        Fields query = query(request);
        Identity identity = authenticator.user(caller, keyOf(request), query.getValuesOrEmpty("token"), offers);
        boolean reads = !NOW.equals(query.getValue("since"));
        registry.requireRoom(identity);
        return new Admission(caller.address(), identity, v1 ? Mode.V1 : Mode.PLAIN, starts(identity, query), reads);
    }

    /** What stands in the path behind {@code /websocket/}: a user id, or a token. */
    static String keyOf(Request request) throws Problem {
        String raw = request.getHttpURI().getPath();
        String path = request.getHttpURI().getDecodedPath();
        Matcher matcher = PATH.matcher(path == null ? "" : path);
        if (raw == null || raw.indexOf(';') >= 0 || !matcher.matches()) {
            throw Problem.bad("bad_user", "Connect to /websocket/{userId}; ';' is not allowed in it.");
        }
        return matcher.group(1);
    }

    static Fields query(Request request) throws Problem {
        Problem malformed = Problem.bad("bad_query", "The query is not percent-encoded UTF-8.");
        if (!isUri(request)) {
            throw malformed;
        }
        try {
            return Request.extractQueryParameters(request);
        } catch (IllegalArgumentException notUtf8) {
            throw malformed;
        }
    }

    /** The user's own channel from {@code ?since=}, everyone, and each {@code ?topic=}. */
    static Map<Channel, Since> starts(Identity identity, Fields query) throws Problem {
        Map<Channel, Since> starts = new LinkedHashMap<>();
        String since = query.getValue("since");
        starts.put(new Channel.User(identity.user()), since == null ? Since.INBOX : Since.parse(since));
        starts.put(Channel.EVERYONE, Since.NOW);
        for (String topic : query.getValuesOrEmpty("topic")) {
            Channel channel = new Channel.Topic(UserId.topic(topic));
            identity.require(channel);
            starts.put(channel, Since.NOW);
        }
        if (starts.size() > SessionSettings.TOPICS + 2) {
            throw Problem.bad("too_many_topics", "A session has at most " + SessionSettings.TOPICS + " topics.");
        }
        return starts;
    }

    private static Disconnect disconnect(Problem problem) {
        return switch (problem.status()) {
            case 401 -> Disconnect.UNAUTHORIZED;
            case 403, 421 -> Disconnect.FORBIDDEN;
            case 429 -> Disconnect.TOO_MANY_CONNECTIONS;
            case 503 -> problem.code().equals(Visitors.FULL) ? Disconnect.TOO_MANY_CONNECTIONS : Disconnect.RESTARTING;
            default -> Disconnect.BAD_REQUEST;
        };
    }
}
