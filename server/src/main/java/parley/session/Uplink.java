package parley.session;

import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.auth.RateLimiter;
import parley.auth.UserId;
import parley.broker.Broker;
import parley.message.Body;
import parley.message.Channel;
import parley.message.ClientFrame;
import parley.message.Draft;
import parley.message.Problem;
import parley.message.Receipt;
import parley.message.Time;
import parley.metrics.Limit;
import parley.metrics.Metrics;

/** Where clients' messages go: to a user, a topic, everyone, or, addressed to nobody, to the back ends. */
final class Uplink {

    private static final Logger LOG = LoggerFactory.getLogger(Uplink.class);

    private final SessionRegistry registry;
    private final Broker broker;
    private final SessionSettings limits;
    private final Time time;
    private final Metrics metrics;

    Uplink(SessionRegistry registry, Broker broker, SessionSettings limits, Metrics metrics, Time time) {
        this.registry = registry;
        this.broker = broker;
        this.limits = limits;
        this.metrics = metrics;
        this.time = time;
    }

    /** A bucket for one session's messages. */
    RateLimiter newLimiter() {
        return new RateLimiter(limits.messagesPerSecond(), limits.burst(), time.millis());
    }

    /** Takes a token for a message, or for a frame that does nothing; without one the session is closed. */
    boolean admit(ClientSession session, RateLimiter limiter) {
        if (limiter.take(time.millis())) {
            return true;
        }
        registry.flooded(
                session, Limit.MESSAGES, "more than " + limits.messagesPerSecond() + " messages per second: slow down");
        return false;
    }

    /** Passes on the answer to a question. */
    void reply(ClientSession from, ClientFrame.Reply reply) {
        broker.reply(reply.ask(), from.identity().user(), reply.body());
    }

    /**
     * Publishes in the name of the session's user.
     *
     * @param reception as the client wrote it; null or empty for the back ends
     * @throws Problem {@code bad_reception}, or {@code forbidden}: everyone, and topics that the token does not cover
     */
    CompletionStage<Receipt> send(ClientSession from, String reception, String flag, Body body) throws Problem {
        metrics.sent.increment();
        String user = from.identity().user();
        if (reception == null || reception.isEmpty()) {
            LOG.info(
                    "message from user {} for the back ends: {} characters",
                    user,
                    body.content().length());
            return broker.publish(Draft.of(Channel.EVENTS, user, null, flag, body));
        }
        Channel channel = UserId.reception(reception);
        if (channel instanceof Channel.Everyone && !limits.clientBroadcast()) {
            throw new Problem(403, "forbidden", "Clients may not send to everyone; --client-broadcast allows it.");
        }
        if (channel instanceof Channel.Topic) {
            from.identity().require(channel);
        }
        return broker.publish(Draft.of(channel, user, reception, flag, body));
    }
}
