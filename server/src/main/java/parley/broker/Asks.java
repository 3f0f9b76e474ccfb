package parley.broker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import parley.message.Body;
import parley.message.Problem;

/** Questions to users that wait in {@code curl} for the first reply. Thread-safe. */
final class Asks {

    private record Pending(String user, CompletableFuture<Body> reply) {}

    private final ConcurrentHashMap<String, Pending> pending = new ConcurrentHashMap<>();
    private final Delays delays;

    Asks(Delays delays) {
        this.delays = delays;
    }

    /** Opens a question; it fails with a 504 when the time is up, and is forgotten however it ends. */
    CompletableFuture<Body> open(String ask, String user, long waitMillis) {
        CompletableFuture<Body> reply = new CompletableFuture<>();
        pending.put(ask, new Pending(user, reply));
        Runnable cancel = delays.after(
                waitMillis,
                () -> reply.completeExceptionally(
                        new Problem(504, "no_reply", "Nobody replied in time; 'wait' gives more of it.")));
        reply.whenComplete((body, failure) -> {
            pending.remove(ask);
            cancel.run();
        });
        return reply;
    }

    /** The first reply of the user who was asked wins; late, second and foreign ones change nothing. */
    void reply(String ask, String user, Body body) {
        Pending question = pending.get(ask);
        if (question != null && question.user.equals(user)) {
            question.reply.complete(body);
        }
    }
}
