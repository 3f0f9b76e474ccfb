package parley.admin;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import parley.auth.Authenticator;
import parley.auth.GuardedServlet;
import parley.broker.Broker;
import parley.message.Json;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Standing;

/**
 * {@code GET /socket/channels?query=&after=&limit=}: the channels that sessions of this server listen to, by name, with how
 * many they are and how the channel stands. {@code query} is part of the name, {@code topic:} for all topics.
 */
public final class ChannelsServlet extends GuardedServlet {

    private static final long serialVersionUID = 1;

    private final transient Snapshots snapshots;
    private final transient Broker broker;

    /** @param threads where answers are written that come later than their request */
    public ChannelsServlet(Snapshots snapshots, Broker broker, Authenticator authenticator, Executor threads) {
        super(authenticator, Authenticator.Access.ADMINISTER, threads, "GET");
        this.snapshots = snapshots;
        this.broker = broker;
    }

    @Override
    protected void answer(HttpServletRequest request, HttpServletResponse response) throws IOException, Problem {
        int limit = HistoryServlet.limit(parameter(request, "limit"));
        String query = parameter(request, "query");
        String part = query == null ? "" : query.strip().toLowerCase(Locale.ROOT);
        String after = parameter(request, "after");
        Rows<Snapshot.Listened> page = Rows.of(
                snapshots.latest().channels(),
                channel -> SessionsServlet.has(channel.name(), part),
                channel -> after == null || channel.name().compareTo(after) > 0,
                Snapshot.Listened::name,
                limit);
        List<CompletableFuture<String>> rows =
                page.rows().stream().map(this::row).toList();
        CompletionStage<Answer> answer = CompletableFuture.allOf(rows.toArray(CompletableFuture[]::new))
                .thenApply(nothing -> Answer.json(
                        200,
                        page.json(
                                "channels",
                                rows.stream().map(CompletableFuture::join).toList())));
        reply(request, response, answer);
    }

    private CompletableFuture<String> row(Snapshot.Listened listened) {
        return broker.standing(listened.channel())
                .thenApply(standing -> json(listened, standing))
                .toCompletableFuture();
    }

    private static String json(Snapshot.Listened listened, Standing standing) {
        return new Json.Out()
                .put("channel", listened.name())
                .put("sessions", listened.sessions())
                .put("newest", new Position(standing.epoch(), standing.top()))
                .put("oldest", standing.oldest())
                .end();
    }
}
