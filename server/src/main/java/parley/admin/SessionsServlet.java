package parley.admin;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import parley.auth.Authenticator;
import parley.auth.GuardedServlet;
import parley.message.Json;
import parley.message.Problem;
import parley.session.SessionFigures;

/**
 * {@code GET /socket/sessions?query=&slow=true&after=&limit=}: the sessions of this server, by user, as they stood a second
 * ago at most. {@code query} is part of a user, a session id, an address or a topic; {@code next} of one answer is the
 * {@code after} of the next.
 */
public final class SessionsServlet extends GuardedServlet {

    private static final long serialVersionUID = 1;

    private final transient Snapshots snapshots;

    /** @param threads where answers are written that come later than their request */
    public SessionsServlet(Snapshots snapshots, Authenticator authenticator, Executor threads) {
        super(authenticator, Authenticator.Access.ADMINISTER, threads, "GET");
        this.snapshots = snapshots;
    }

    @Override
    protected void answer(HttpServletRequest request, HttpServletResponse response) throws IOException, Problem {
        int limit = HistoryServlet.limit(parameter(request, "limit"));
        Predicate<SessionFigures> wanted = wanted(parameter(request, "query"));
        if ("true".equals(parameter(request, "slow"))) {
            wanted = wanted.and(SessionFigures::isSlow);
        }
        Snapshot snapshot = snapshots.latest();
        Rows<SessionFigures> page = Rows.of(
                snapshot.sessions(), wanted, begun(parameter(request, "after")), SessionsServlet::cursor, limit);
        List<String> rows = page.rows().stream()
                .map(session -> json(session, snapshot.wallMillis()))
                .toList();
        reply(request, response, CompletableFuture.completedFuture(Answer.json(200, page.json("sessions", rows))));
    }

    private static Predicate<SessionFigures> wanted(String query) {
        if (query == null || query.isBlank()) {
            return session -> true;
        }
        String part = query.strip().toLowerCase(Locale.ROOT);
        return session -> has(session.user(), part)
                || has(session.session(), part)
                || has(session.address(), part)
                || session.topics().stream().anyMatch(topic -> has(topic, part));
    }

    static boolean has(String text, String part) {
        return text != null && text.toLowerCase(Locale.ROOT).contains(part);
    }

    /** User and session; neither has a slash. */
    private static String cursor(SessionFigures session) {
        return Snapshot.userOf(session) + "/" + session.session();
    }

    /** Whether a session comes after this cursor; it need not be there any more. */
    private static Predicate<SessionFigures> begun(String after) throws Problem {
        if (after == null) {
            return session -> true;
        }
        int slash = after.indexOf('/');
        if (slash < 0) {
            throw Problem.bad("bad_value", "'after' is the 'next' of the answer before.");
        }
        String user = after.substring(0, slash);
        String id = after.substring(slash + 1);
        return session -> {
            int byUser = Snapshot.userOf(session).compareTo(user);
            return byUser > 0 || byUser == 0 && session.session().compareTo(id) > 0;
        };
    }

    private static String json(SessionFigures session, long wallMillis) {
        return new Json.Out()
                .put("session", session.session())
                .put("user", session.user())
                .put("mode", session.mode().toString().toLowerCase(Locale.ROOT))
                .put("address", session.address())
                .put("since", wallMillis - session.openMillis())
                .putNullable("heard", session.heardMillis())
                .raw("topics", Json.arrayOf(session.topics().stream().map(Json::quote)))
                .put("queue", session.queueBytes())
                .put("stalled", session.stalledMillis())
                .put("behind", session.behind())
                .put("slow", session.isSlow())
                .end();
    }
}
