package parley.publish;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import parley.auth.Authenticator;
import parley.auth.UserId;
import parley.broker.Broker;
import parley.broker.Delays;
import parley.message.Channel;
import parley.message.Json;
import parley.message.Problem;

/** {@code POST /socket/disconnect?userId=&reason=}: closes all sessions of a user with 4008; they stay away. */
public final class DisconnectServlet extends BodyServlet {

    private static final long serialVersionUID = 1;

    /** What fits into a close frame, whatever the characters. */
    private static final int MAX_REASON_CHARS = 40;

    private final transient Broker broker;

    /**
     * @param threads where answers are written that come later than their request
     * @param delays when a body must be whole
     */
    public DisconnectServlet(Broker broker, Authenticator authenticator, Executor threads, Delays delays) {
        super(authenticator, Authenticator.Access.ADMINISTER, threads, delays, "POST");
        this.broker = broker;
    }

    @Override
    protected CompletionStage<Answer> answer(HttpServletRequest request, byte[] body) throws Problem {
        Map<String, List<String>> query = Parameters.decode(request.getQueryString());
        query.putAll(Parameters.decode(utf8(body)));
        String user = UserId.user(one(query, "userId"));
        String reason = query.containsKey("reason") ? one(query, "reason") : "disconnected by the operator";
        if (reason.length() > MAX_REASON_CHARS) {
            throw Problem.bad("bad_value", "'reason' has at most " + MAX_REASON_CHARS + " characters.");
        }
        return broker.disconnect(new Channel.User(user), reason)
                .thenApply(count -> Answer.json(
                        200,
                        new Json.Out()
                                .put("userId", user)
                                .put("disconnected", count)
                                .end()));
    }

    private static String one(Map<String, List<String>> query, String name) throws Problem {
        List<String> values = query.getOrDefault(name, List.of());
        if (values.size() != 1) {
            throw Problem.bad("no_target", "Say whom: 'userId=42', and why, if you like: 'reason=...'.");
        }
        return values.get(0);
    }
}
