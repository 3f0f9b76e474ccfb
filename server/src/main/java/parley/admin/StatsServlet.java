package parley.admin;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import parley.auth.Authenticator;
import parley.auth.GuardedServlet;

/** {@code GET /socket/stats}: the figures of this server, once. {@code /socket/events?stats=true} goes on telling them. */
public final class StatsServlet extends GuardedServlet {

    private static final long serialVersionUID = 1;

    private final transient Snapshots snapshots;

    /** @param threads where answers are written that come later than their request */
    public StatsServlet(Snapshots snapshots, Authenticator authenticator, Executor threads) {
        super(authenticator, Authenticator.Access.ADMINISTER, threads, "GET");
        this.snapshots = snapshots;
    }

    @Override
    protected void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        reply(request, response, CompletableFuture.completedFuture(Answer.json(200, snapshots.json())));
    }
}
