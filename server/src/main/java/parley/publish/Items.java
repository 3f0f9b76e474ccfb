package parley.publish;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.broker.Broker;
import parley.message.Problem;
import parley.message.Receipt;

/** Publishes the items of a batch, each for itself: a bad one is told so in its own answer, and the others go on. */
final class Items {

    private static final Logger LOG = LoggerFactory.getLogger(Items.class);

    private final Broker broker;
    private final Quota quota;
    private final Map<String, List<String>> query;
    private final String credential;
    private long receiptsLeft; // for one thread at a time

    /**
     * @param query parameters that hold for all items, unless one says otherwise
     * @param credential whose idempotency keys the items have
     * @param mostReceipts of all items together
     */
    Items(Broker broker, Quota quota, Map<String, List<String>> query, String credential, long mostReceipts)
            throws Problem {
        if (query.containsKey("idempotencyKey")) {
            throw Problem.bad("bad_value", "A batch has no idempotency key; give each of its items one.");
        }
        this.broker = broker;
        this.quota = quota;
        this.query = query;
        this.credential = credential;
        this.receiptsLeft = mostReceipts;
    }

    /** Publishes one JSON object; completes with the JSON object that answers it, {@code status} first. Never fails. */
    CompletableFuture<String> publish(String item) {
        try {
            PublishRequest wanted = quota.read(query, PublishRequest.Kind.JSON, item, credential);
            receiptsLeft -= wanted.publication().drafts().size();
            if (receiptsLeft < 0) {
                throw quota.tooManyReceipts();
            }
            return broker.publish(wanted.publication())
                    .handle((published, failure) ->
                            failure == null ? answer(published, wanted.several()) : refusal(failure))
                    .toCompletableFuture();
        } catch (Problem problem) {
            return CompletableFuture.completedFuture(problem.json());
        }
    }

    private static String answer(List<Receipt> receipts, boolean several) {
        int status = PublishServlet.status(receipts);
        String members = several
                ? "\"receipts\":" + receipts.stream().map(Receipt::json).collect(Collectors.joining(",", "[", "]}"))
                : receipts.get(0).json().substring(1);
        return "{\"status\":" + status + "," + members;
    }

    private static String refusal(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof Problem problem) {
            return problem.json();
        }
        LOG.error("an item of a batch failed", cause);
        return new Problem(500, "internal", "The server failed; its log says why.").json();
    }
}
