package parley.admin;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import parley.auth.Authenticator;
import parley.auth.GuardedServlet;
import parley.auth.UserId;
import parley.broker.Broker;
import parley.message.Channel;
import parley.message.Json;
import parley.message.Message;
import parley.message.Position;
import parley.message.Problem;
import parley.message.ServerFrame;
import parley.message.Standing;
import parley.session.Since;

/**
 * {@code GET /socket/history?userId=|topic=|all=true&since=&limit=}: what a channel keeps, oldest first; {@code position}
 * of one answer is the {@code since} of the next. {@code DELETE} drops all of it.
 */
public final class HistoryServlet extends GuardedServlet {

    private static final long serialVersionUID = 1;

    private static final int DEFAULT_LIMIT = 100;

    /** Messages of one answer; there is always a next one. */
    private static final int MAX_LIMIT = 1_000;

    /** Of all bodies in one answer, about: a page more may come. */
    private static final long MAX_CHARS = 4 << 20;

    private final transient Broker broker;

    /** @param threads where answers are written that come later than their request */
    public HistoryServlet(Broker broker, Authenticator authenticator, Executor threads) {
        super(authenticator, Authenticator.Access.ADMINISTER, threads, "GET", "DELETE");
        this.broker = broker;
    }

    @Override
    protected void answer(HttpServletRequest request, HttpServletResponse response) throws IOException, Problem {
        reply(request, response, json(request).thenApply(json -> Answer.json(200, json)));
    }

    private CompletionStage<String> json(HttpServletRequest request) throws Problem {
        Channel channel = channel(request);
        if (request.getMethod().equals("DELETE")) {
            return broker.clear(channel)
                    .thenApply(count -> new Json.Out()
                            .put("channel", channel.toString())
                            .put("deleted", count)
                            .end());
        }
        String since = parameter(request, "since");
        Position after = since == null ? null : Position.parse(since);
        if (since != null && after == null) {
            throw Problem.bad("bad_position", "'since' is a position like k3Zq81Ab-42.");
        }
        int limit = limit(parameter(request, "limit"));
        return broker.standing(channel).thenCompose(standing -> read(channel, after, standing, limit));
    }

    private static Channel channel(HttpServletRequest request) throws Problem {
        String user = one(request, "userId");
        String topic = one(request, "topic");
        boolean all = "true".equals(parameter(request, "all"));
        if ((user == null ? 0 : 1) + (topic == null ? 0 : 1) + (all ? 1 : 0) != 1) {
            throw Problem.bad("no_target", "Say whose history: 'userId=42', 'topic=news' or 'all=true'.");
        }
        if (all) {
            return Channel.EVERYONE;
        }
        return user == null ? new Channel.Topic(UserId.topic(topic)) : new Channel.User(UserId.user(user));
    }

    /** The one value, or null: what is deleted must not be a matter of the order of two. */
    private static String one(HttpServletRequest request, String name) throws Problem {
        String[] values = parameters(request, name);
        if (values != null && values.length > 1) {
            throw Problem.bad("two_targets", "One history at a time: '" + name + "' is given twice.");
        }
        return values == null ? null : values[0];
    }

    static int limit(String text) throws Problem {
        if (text == null) {
            return DEFAULT_LIMIT;
        }
        if (!text.matches("\\d{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MAX_LIMIT) {
            throw Problem.bad("bad_value", "'limit' is a number from 1 to " + MAX_LIMIT + ".");
        }
        return Integer.parseInt(text);
    }

    /** Where reading begins, and what is missing before it: after the position, as for a session that resumes there. */
    private static ServerFrame.Start start(Standing standing, Position after) {
        Position beforeAll = new Position(standing.epoch(), standing.oldest() - 1);
        return new Since.After(after == null ? beforeAll : after).in(standing);
    }

    private CompletionStage<String> read(Channel channel, Position after, Standing standing, int limit) {
        ServerFrame.Start start = start(standing, after);
        List<Message> messages = new ArrayList<>();
        return more(channel, start.position(), standing.top(), limit, messages)
                .thenApply(end -> new Json.Out()
                        .put("channel", channel.toString())
                        .raw(
                                "messages",
                                Json.arrayOf(messages.stream()
                                        .map(message -> new ServerFrame.Delivery(message, false).json())))
                        .put("position", end)
                        .putNullable("missed", start.missed())
                        .put("newest", new Position(standing.epoch(), standing.top()))
                        .end());
    }

    /** Pages until there is enough; completes with where it got to. */
    private CompletionStage<Position> more(
            Channel channel, Position after, long newest, int limit, List<Message> messages) {
        long size = messages.stream()
                .mapToLong(message -> message.body().content().length())
                .sum();
        if (messages.size() >= limit || after.offset() >= newest || size > MAX_CHARS) {
            return CompletableFuture.completedFuture(after);
        }
        return broker.page(channel, after, newest).thenCompose(page -> {
            Position end = new Position(page.epoch(), page.through());
            for (Message message : page.messages()) {
                if (messages.size() == limit) {
                    return CompletableFuture.completedFuture(end);
                }
                messages.add(message);
                end = message.position();
            }
            return messages.size() == limit
                    ? CompletableFuture.completedFuture(end)
                    : more(channel, new Position(page.epoch(), page.through()), newest, limit, messages);
        });
    }
}
