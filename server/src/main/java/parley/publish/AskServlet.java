package parley.publish;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import parley.auth.Authenticator;
import parley.broker.Broker;
import parley.broker.Delays;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Problem;

/**
 * {@code GET|POST /socket/ask?userId=&message=&wait=5s}: asks a page something and prints its reply bare. Takes the
 * parameters of a publish; the target is one user.
 */
public final class AskServlet extends BodyServlet {

    private static final long serialVersionUID = 1;

    /** Without {@code wait}: longer than any page needs that is awake. */
    private static final long DEFAULT_WAIT_MILLIS = 5_000;

    private final transient Broker broker;
    private final transient Quota quota;

    /**
     * @param threads where answers are written that come later than their request
     * @param delays when a body must be whole
     */
    public AskServlet(Broker broker, Quota quota, Authenticator authenticator, Executor threads, Delays delays) {
        super(authenticator, Authenticator.Access.PUBLISH, threads, delays, "GET", "POST");
        this.broker = broker;
        this.quota = quota;
    }

    @Override
    protected CompletionStage<Answer> answer(HttpServletRequest request, byte[] body) throws Problem {
        PublishRequest wanted = read(quota, request, body);
        List<Draft> drafts = wanted.publication().drafts();
        if (drafts.size() > 1 || !(drafts.get(0).channel() instanceof Channel.User user)) {
            throw Problem.bad("bad_target", "Ask one user: 'userId=42'.");
        }
        long wait = wanted.publication().waitMillis();
        return broker.ask(user, drafts.get(0).body(), drafts.get(0).flag(), wait == 0 ? DEFAULT_WAIT_MILLIS : wait)
                .thenApply(AskServlet::bare);
    }

    private static Answer bare(Body reply) {
        return new Answer(200, reply.json() ? "application/json" : "text/plain;charset=utf-8", reply.content());
    }
}
