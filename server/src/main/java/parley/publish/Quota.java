package parley.publish;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import parley.auth.RateLimiter;
import parley.message.Problem;
import parley.message.Time;
import parley.metrics.Limit;
import parley.metrics.Metrics;

/** How much may be published at once, and how fast by one publisher. Thread-safe. */
public final class Quota {

    /** Users of one message: each is a receipt of its own. More are several requests, a topic or a stream. Beyond it: 400. */
    static final int MAX_USERS = 1_000;

    /**
     * Receipts of one array, which are held until the last is there: 2 MB. A stream has no such bound. Beyond it: the
     * item's answer is a 400.
     */
    static final int MAX_RECEIPTS = 10_000;

    private final int perSecond;
    private final Metrics metrics;
    private final Time time;
    private final Map<String, RateLimiter> byCredential = new ConcurrentHashMap<>(); // one for each key that there is

    /** @param perSecond messages of one credential, four times as many at once; 0 for any number */
    public Quota(int perSecond, Metrics metrics, Time time) {
        this.perSecond = perSecond;
        this.metrics = metrics;
        this.time = time;
    }

    /**
     * Reads a request, see {@link PublishRequest#parse}, and takes its messages out of the publisher's.
     *
     * @throws Problem also 400 for too many users, and 429
     */
    PublishRequest read(Map<String, List<String>> query, PublishRequest.Kind kind, String body, String credential)
            throws Problem {
        PublishRequest wanted;
        try {
            wanted = PublishRequest.parse(query, kind, body, credential);
        } catch (Problem problem) {
            if (problem.code().equals(PublishRequest.TOO_MANY_USERS)) {
                metrics.limited(Limit.TARGETS);
            }
            throw problem;
        }
        requireRate(credential, wanted.publication().drafts().size());
        return wanted;
    }

    private void requireRate(String credential, int messages) throws Problem {
        if (perSecond == 0) {
            return;
        }
        RateLimiter limiter = byCredential.computeIfAbsent(
                credential, unknown -> new RateLimiter(perSecond, 4 * perSecond, time.millis()));
        if (!limiter.take(messages, time.millis())) {
            metrics.limited(Limit.PUBLISHES);
            throw new Problem(
                            429,
                            "too_many_messages",
                            "More than " + perSecond + " messages per second; --publish-rate sets how many.")
                    .retryAfter(limiter.millisToNext(time.millis()));
        }
    }

    /** One array's receipts. */
    Problem tooManyReceipts() {
        metrics.limited(Limit.TARGETS);
        return Problem.bad(
                "too_many_items",
                "An array gets at most " + MAX_RECEIPTS + " receipts; send a stream, application/x-ndjson.");
    }
}
