package parley.publish;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import parley.auth.BrowserGuard;
import parley.broker.Broker;
import parley.message.Problem;
import parley.message.Receipt;

/** {@code GET|POST /socket/publish}: one HTTP request in, one message out, and a receipt. */
public final class PublishServlet extends BodyServlet {

    private static final long serialVersionUID = 1;

    private final transient Broker broker;

    /** @param threads where answers are written that come later than their request */
    public PublishServlet(Broker broker, BrowserGuard guard, Executor threads) {
        super(guard, threads, "GET", "POST");
        this.broker = broker;
    }

    @Override
    protected CompletionStage<Answer> answer(HttpServletRequest request, byte[] body) throws Problem {
        PublishRequest wanted = read(request, body);
        return broker.publish(wanted.publication()).thenApply(receipts -> answer(receipts, wanted.several()));
    }

    /** 200 when somebody was there, 202 when the message waits for whoever comes. */
    private static Answer answer(List<Receipt> receipts, boolean several) {
        int status = receipts.stream().anyMatch(receipt -> receipt.online() > 0) ? 200 : 202;
        return Answer.json(
                status,
                several
                        ? receipts.stream().map(Receipt::json).collect(Collectors.joining(",", "[", "]"))
                        : receipts.get(0).json());
    }
}
