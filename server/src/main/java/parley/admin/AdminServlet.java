package parley.admin;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import parley.auth.BrowserGuard;
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
public final class AdminServlet extends GuardedServlet {

    private static final long serialVersionUID = 1;

    /** So that an answer stays small with any number of users. */
    private static final int PAGE = 1_000;

    private final transient Broker broker;

    public AdminServlet(Broker broker, BrowserGuard guard) {
        super(guard, "GET");
        this.broker = broker;
    }

    @Override
    protected void answer(HttpServletRequest request, HttpServletResponse response) throws IOException, Problem {
        String[] users = request.getParameterValues("userId");
        String topic = request.getParameter("topic");
        if (users != null) {
            send(response, 200, users(List.of(users), null));
        } else if (topic != null) {
            int online = broker.online(new Channel.Topic(UserId.topic(topic)))
                    .toCompletableFuture()
                    .join();
            send(
                    response,
                    200,
                    new Json.Out().put("topic", topic).put("online", online).end());
        } else {
            List<String> page = broker.users(request.getParameter("after"), PAGE + 1)
                    .toCompletableFuture()
                    .join();
            boolean more = page.size() > PAGE;
            List<String> shown = more ? page.subList(0, PAGE) : page;
            send(response, 200, users(shown, more ? shown.get(PAGE - 1) : null));
        }
    }

    private String users(List<String> names, String next) throws Problem {
        Json.Out users = new Json.Out();
        for (String name : names) {
            String user = UserId.user(name);
            CompletableFuture<Integer> online =
                    broker.online(new Channel.User(user)).toCompletableFuture();
            users.put(user, online.join());
        }
        return new Json.Out()
                .raw("users", users.end())
                .raw("next", next == null ? "null" : Json.quote(next))
                .end();
    }
}
