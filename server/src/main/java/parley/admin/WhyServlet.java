package parley.admin;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import parley.auth.Authenticator;
import parley.auth.GuardedServlet;
import parley.auth.UserId;
import parley.broker.Broker;
import parley.broker.Fates;
import parley.message.Channel;
import parley.message.Json;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Standing;

/**
 * What happened. {@code GET /socket/message?id=}: how far a message came, in one word and session by session.
 * {@code GET /socket/why?userId=}: how a user's sessions and inbox stand, and what befell him lately.
 */
public final class WhyServlet extends GuardedServlet {

    private static final long serialVersionUID = 1;

    /** Lines of one user's past: as many as a person reads. */
    private static final int RECENT = 50;

    private final transient Broker broker;

    /** @param threads where answers are written that come later than their request */
    public WhyServlet(Broker broker, Authenticator authenticator, Executor threads) {
        super(authenticator, Authenticator.Access.ADMINISTER, threads, "GET");
        this.broker = broker;
    }

    @Override
    protected void answer(HttpServletRequest request, HttpServletResponse response) throws IOException, Problem {
        CompletionStage<String> json = request.getServletPath().equals("/socket/message")
                ? message(parameter(request, "id"))
                : user(parameter(request, "userId"));
        reply(request, response, json.thenApply(text -> Answer.json(200, text)));
    }

    private CompletionStage<String> message(String id) throws Problem {
        if (id == null) {
            throw Problem.bad("no_target", "Say which message: 'id=...', as in its receipt.");
        }
        Fates.Published published = broker.fates().published(id);
        if (published == null) {
            throw new Problem(404, "unknown_message", "It is not among the last " + Fates.KEPT + " messages here.");
        }
        return kept(published)
                .thenCombine(
                        broker.receivers(published.channel()),
                        (kept, receivers) -> new Trace(published, kept, receivers, broker.fates()).json());
    }

    /** Whether the history still has it: it may be gone, by its own ttl, while older ones are kept. */
    private CompletionStage<Boolean> kept(Fates.Published published) {
        Position position = published.position();
        if (position == null) {
            return CompletableFuture.completedFuture(false);
        }
        Position before = new Position(position.epoch(), position.offset() - 1);
        return broker.page(published.channel(), before, position.offset())
                .thenApply(page -> page.messages().stream()
                        .anyMatch(message -> message.position().equals(position)));
    }

    private CompletionStage<String> user(String userId) throws Problem {
        if (userId == null) {
            throw Problem.bad("no_target", "Say who: 'userId=42'.");
        }
        String user = UserId.user(userId);
        Channel channel = new Channel.User(user);
        return broker.standing(channel)
                .thenCombine(
                        broker.receivers(channel),
                        (standing, receivers) -> new Json.Out()
                                .put("user", user)
                                .put("online", receivers.size())
                                .raw("inbox", inbox(standing))
                                .raw(
                                        "sessions",
                                        Json.arrayOf(receivers.stream().map(receiver -> receiver(receiver, standing))))
                                .raw(
                                        "recent",
                                        Json.arrayOf(
                                                broker.fates().latest(fate -> user.equals(fate.user()), RECENT).stream()
                                                        .map(WhyServlet::fate)))
                                .end());
    }

    private static String inbox(Standing standing) {
        long read = standing.cursor() == null ? 0 : standing.cursor();
        long unread = standing.top() - Math.max(read, standing.oldest() - 1);
        return new Json.Out()
                .put("newest", new Position(standing.epoch(), standing.top()))
                .putNullable("read", standing.cursor())
                .put("oldest", standing.oldest())
                .put("unread", Math.max(0, unread))
                .end();
    }

    private static String receiver(Fates.Receiver receiver, Standing standing) {
        return new Json.Out()
                .put("session", receiver.session())
                .put("mode", receiver.mode().toLowerCase(Locale.ROOT))
                .put("behind", Math.max(0, standing.top() - receiver.offered()))
                .put("offered", receiver.offered())
                .put("written", receiver.written())
                .put("acked", receiver.acked())
                .end();
    }

    static String fate(Fates.Fate fate) {
        Json.Out out = new Json.Out()
                .put("time", fate.wallMillis())
                .put("session", fate.session())
                .put("user", fate.user());
        if (fate instanceof Fates.Closed closed) {
            out.put("what", "closed").put("code", closed.code());
        } else if (fate instanceof Fates.Slow slow) {
            out.put("what", "slow").put("channel", slow.channel().toString()).put("position", slow.position());
        } else if (fate instanceof Fates.Gap gap) {
            out.put("what", "gap")
                    .put("channel", gap.channel().toString())
                    .putNullable("missed", gap.missed())
                    .put("position", gap.position());
        }
        return out.end();
    }
}
