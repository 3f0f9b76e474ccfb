package parley.session;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import parley.broker.Broker;
import parley.broker.Fates;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Page;
import parley.message.Position;
import parley.message.Publication;
import parley.message.Receipt;
import parley.message.Standing;

/** A broker whose answers come when the test says so, as those of a database or of Redis do. For one thread. */
final class LateBroker implements Broker {

    private record Answer(String question, Runnable give, CompletableFuture<?> stage) {}

    private final Broker real;
    private final List<Answer> owed = new ArrayList<>();
    private boolean late;
    private int pages;

    LateBroker(Broker real) {
        this.real = real;
    }

    /** From now on answers wait for {@link #answer}. */
    void late() {
        late = true;
    }

    /** From now on answers come at once; those that are owed still wait. */
    void prompt() {
        late = false;
    }

    /** How many answers are owed. */
    int owed() {
        return owed.size();
    }

    /** What the oldest owed answer is to. */
    String question() {
        return owed.get(0).question;
    }

    /** Gives the oldest answer that is owed. */
    void answer() {
        owed.remove(0).give.run();
    }

    void answerAny(RandomGenerator random) {
        owed.remove(random.nextInt(owed.size())).give.run();
    }

    /** Gives all answers, and those to the questions that follow. */
    void answerAll() {
        while (!owed.isEmpty()) {
            answer();
        }
    }

    /** The oldest answer that is owed will never come. */
    void refuse(Throwable failure) {
        owed.remove(0).stage.completeExceptionally(failure);
    }

    /** How many pages were asked for. */
    int pages() {
        return pages;
    }

    private <T> CompletionStage<T> answer(String question, Supplier<CompletionStage<T>> ask) {
        if (!late) {
            return ask.get();
        }
        CompletableFuture<T> stage = new CompletableFuture<>();
        owed.add(new Answer(question, () -> ask.get().thenAccept(stage::complete), stage));
        return stage;
    }

    @Override
    public void start(Sink sink) {
        real.start(sink);
    }

    @Override
    public CompletionStage<List<Receipt>> publish(Publication publication) {
        return answer("publish " + publication.drafts().get(0).channel(), () -> real.publish(publication));
    }

    @Override
    public CompletionStage<Body> ask(Channel.User user, Body body, String flag, long waitMillis) {
        return real.ask(user, body, flag, waitMillis);
    }

    @Override
    public void reply(String ask, String user, Body body) {
        real.reply(ask, user, body);
    }

    @Override
    public Fates fates() {
        return real.fates();
    }

    @Override
    public CompletionStage<List<Fates.Receiver>> receivers(Channel channel) {
        return real.receivers(channel);
    }

    @Override
    public CompletionStage<Integer> clear(Channel channel) {
        return answer("clear", () -> real.clear(channel));
    }

    @Override
    public CompletionStage<Integer> disconnect(Channel.User user, String reason) {
        return real.disconnect(user, reason);
    }

    @Override
    public CompletionStage<Standing> standing(Channel channel) {
        return answer("standing " + channel, () -> real.standing(channel));
    }

    @Override
    public CompletionStage<Standing> watch(Channel channel) {
        if (!late) {
            return real.watch(channel);
        }
        CompletionStage<Standing> now = real.watch(channel); // it is held from the call on
        return answer("watch " + channel, () -> late ? now : real.standing(channel));
    }

    @Override
    public void unwatch(Channel channel) {
        real.unwatch(channel);
    }

    @Override
    public CompletionStage<Page> page(Channel channel, Position after, long newest) {
        pages++;
        return answer("page " + channel + " " + after + " " + newest, () -> real.page(channel, after, newest));
    }

    @Override
    public void acked(Channel.User user, Position position) {
        real.acked(user, position);
    }

    @Override
    public CompletionStage<Integer> online(Channel channel) {
        return real.online(channel);
    }

    @Override
    public CompletionStage<List<String>> users(String after, int limit) {
        return real.users(after, limit);
    }

    @Override
    public void close() {
        real.close();
    }
}
