package parley.admin;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import parley.auth.Authenticator;
import parley.auth.GuardedServlet;
import parley.auth.UserId;
import parley.broker.Broker;
import parley.message.Channel;
import parley.message.Json;
import parley.message.Problem;

/**
 * {@code GET /socket/online}: who is there. {@code ?userId=} (repeatable) and {@code ?topic=} ask for some, without them
 * it is all users, a thousand at a time: {@code ?after=} is the {@code next} of the answer before.
 */
public final class OnlineServlet extends GuardedServlet {

    private static final long serialVersionUID = 1;

    /** So that an answer stays small with any number of users. */
    private static final int PAGE = 1_000;

    private final transient Broker broker;

    public OnlineServlet(Broker broker, Authenticator authenticator, Executor threads) {
        super(authenticator, Authenticator.Access.ADMINISTER, threads, "GET");
        this.broker = broker;
    }

    @Override
    protected void answer(HttpServletRequest request, HttpServletResponse response) throws IOException, Problem {
        String[] users = parameters(request, "userId");
        String topic = parameter(request, "topic");
        CompletionStage<String> json;
        if (users != null) {
            Set<String> names = new LinkedHashSet<>(); // of a user who is named twice there is one count
            for (String user : users) {
                names.add(UserId.user(user));
            }
            json = counted(List.copyOf(names), null);
        } else if (topic != null) {
            String name = UserId.topic(topic);
            json = broker.online(new Channel.Topic(name))
                    .thenApply(count -> new Json.Out()
                            .put("topic", name)
                            .put("online", count)
                            .end());
        } else {
            json = broker.users(parameter(request, "after"), PAGE + 1).thenCompose(this::page);
        }
        reply(request, response, json.thenApply(text -> Answer.json(200, text)));
    }

    /** @param users one more than a page when there is a next one */
    private CompletionStage<String> page(List<String> users) {
        boolean more = users.size() > PAGE;
        return counted(more ? users.subList(0, PAGE) : users, more ? users.get(PAGE - 1) : null);
    }

    private CompletionStage<String> counted(List<String> users, String next) {
        List<CompletableFuture<Integer>> counts = new ArrayList<>();
        users.forEach(user -> counts.add(broker.online(new Channel.User(user)).toCompletableFuture()));
        return CompletableFuture.allOf(counts.toArray(CompletableFuture[]::new)).thenApply(nothing -> {
            Json.Out out = new Json.Out();
            for (int i = 0; i < users.size(); i++) {
                out.put(users.get(i), counts.get(i).join());
            }
            return new Json.Out()
                    .raw("users", out.end())
                    .raw("next", next == null ? "null" : Json.quote(next))
                    .end();
        });
    }
}
