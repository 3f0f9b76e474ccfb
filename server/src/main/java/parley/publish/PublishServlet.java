package parley.publish;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import parley.auth.Authenticator;
import parley.broker.Broker;
import parley.broker.Delays;
import parley.message.Json;
import parley.message.Problem;
import parley.message.Receipt;

/** {@code GET|POST /socket/publish}: one HTTP request in, one message out, and a receipt. */
public final class PublishServlet extends BodyServlet {

    private static final long serialVersionUID = 1;

    private static final String NDJSON = "application/x-ndjson";

    private final transient Broker broker;
    private final transient Quota quota;
    private final transient Delays delays;
    private final transient Executor threads;

    /**
     * @param threads where answers are written that come later than their request
     * @param delays when a line that was begun must be whole
     */
    public PublishServlet(Broker broker, Quota quota, Authenticator authenticator, Executor threads, Delays delays) {
        super(authenticator, Authenticator.Access.PUBLISH, threads, delays, "GET", "POST");
        this.broker = broker;
        this.quota = quota;
        this.delays = delays;
        this.threads = threads;
    }

    @Override
    protected void answer(HttpServletRequest request, HttpServletResponse response) throws IOException, Problem {
        String type = request.getHeader("Content-Type");
        if (request.getMethod().equals("POST")
                && type != null
                && type.regionMatches(true, 0, NDJSON, 0, NDJSON.length())) {
            Items items = new Items(broker, quota, query(request), credential(request), Long.MAX_VALUE);
            response.setContentType(NDJSON);
            response.setHeader("Cache-Control", "no-store");
            PublishStream stream = new PublishStream(request.startAsync(), items, delays, threads);
            threads.execute(stream::start); // it may read for ever; this thread has others to serve
        } else {
            super.answer(request, response);
        }
    }

    @Override
    protected CompletionStage<Answer> answer(HttpServletRequest request, byte[] body) throws Problem {
        if (kind(request) == PublishRequest.Kind.JSON && body.length > 0 && Json.first(utf8(body)) == '[') {
            return batch(new Items(broker, quota, query(request), credential(request), Quota.MAX_RECEIPTS), utf8(body));
        }
        PublishRequest wanted = read(quota, request, body);
        return broker.publish(wanted.publication()).thenApply(receipts -> answer(receipts, wanted.several()));
    }

    /** 200 once it parsed: each item's own status stands in its answer. */
    private static CompletionStage<Answer> batch(Items items, String array) throws Problem {
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (String item : Json.array(array)) {
            answers.add(items.publish(item));
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .thenApply(nothing -> Answer.json(
                        200, answers.stream().map(CompletableFuture::join).collect(Collectors.joining(",", "[", "]"))));
    }

    private static Answer answer(List<Receipt> receipts, boolean several) {
        return Answer.json(
                status(receipts),
                several
                        ? receipts.stream().map(Receipt::json).collect(Collectors.joining(",", "[", "]"))
                        : receipts.get(0).json());
    }

    /** 200 when somebody was there, 202 when the message waits for whoever comes. */
    static int status(List<Receipt> receipts) {
        return receipts.stream().anyMatch(receipt -> receipt.online() > 0) ? 200 : 202;
    }
}
