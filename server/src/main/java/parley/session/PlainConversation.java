package parley.session;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import parley.auth.RateLimiter;
import parley.message.Body;
import parley.message.Json;
import parley.message.Problem;
import parley.message.Receipt;
import parley.metrics.Metrics;

/**
 * A plain client: {@code ping} is answered {@code pong}, a JSON object with a {@code reception} is routed, anything else
 * goes to the back ends. It is never told of an error, because it could not tell one from a message.
 */
final class PlainConversation implements Conversation {

    private static final Outgoing PONG =
            new Outgoing(Outgoing.Kind.FRAME, "pong".getBytes(StandardCharsets.UTF_8), null, null, null);

    private final ClientSession session;
    private final Uplink uplink;
    private final Metrics metrics;
    private final RateLimiter limiter;

    PlainConversation(ClientSession session, Uplink uplink, Metrics metrics) {
        this.session = session;
        this.uplink = uplink;
        this.metrics = metrics;
        this.limiter = uplink.newLimiter();
    }

    @Override
    public void received(String text) {
        if (!uplink.admit(session, limiter)) {
            return;
        }
        if (text.equals("ping")) {
            session.send(PONG);
            return;
        }
        try {
            route(text).whenComplete((receipt, failure) -> {
                if (failure != null) {
                    metrics.clientErrors.increment();
                }
            });
        } catch (Problem problem) {
            metrics.clientErrors.increment();
        }
    }

    private CompletionStage<Receipt> route(String text) throws Problem {
        Json.Fields fields = envelope(text);
        if (fields == null) {
            return uplink.send(session, null, null, Body.text(text));
        }
        if (fields.raw("reception") == null) {
            return uplink.send(session, null, null, Body.ofJson(text.strip()));
        }
        String body = fields.raw().getOrDefault("body", "null");
        return uplink.send(session, fields.scalar("reception"), fields.scalar("flag"), Body.ofJson(body));
    }

    /** The members of the JSON object that the text is, or null when it is something else. */
    private static Json.Fields envelope(String text) {
        try {
            return Json.first(text) == '{' ? Json.object(text) : null;
        } catch (Problem justText) {
            return null;
        }
    }
}
