package parley.session;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import parley.broker.Broker;

/**
 * Makes a broker's answers come when the test says so, as those of a database or of Redis do. The question itself is put
 * to the real broker either when it is asked or when it is answered, which are both right. For one thread, once it is
 * {@link #late}.
 */
final class LateBroker {

    private record Owed(String question, CompletionStage<?> asked, Method method, Object[] arguments, Answer answer) {}

    private static final class Answer extends CompletableFuture<Object> {}

    private final Broker real;
    private final Broker broker;
    private final List<Owed> owed = new ArrayList<>();
    private boolean late;
    private boolean early; // questions are put when they are asked
    private int pages;

    LateBroker(Broker real) {
        this.real = real;
        this.broker = (Broker) Proxy.newProxyInstance(
                Broker.class.getClassLoader(), new Class<?>[] {Broker.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("page")) {
                        pages++;
                    }
                    return late && method.getReturnType() == CompletionStage.class
                            ? owe(method, arguments)
                            : call(method, arguments);
                });
    }

    Broker broker() {
        return broker;
    }

    /** The broker whose answers are never late. */
    Broker real() {
        return real;
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private Answer owe(Method method, Object[] arguments) throws Throwable {
        String question = method.getName()
                + Arrays.stream(arguments).map(argument -> " " + argument).collect(Collectors.joining());
        boolean watch = method.getName().equals("watch"); // a channel is held from the call on
        CompletionStage<?> asked = early || watch ? (CompletionStage<?>) call(method, arguments) : null;
        Answer answer = new Answer();
        owed.add(new Owed(question, asked, method, arguments, answer));
        return answer;
    }

    /** From now on answers wait for {@link #answer}, and say how it is then. */
    void late() {
        late = true;
    }

    boolean isLate() {
        return late;
    }

    /** Whether answers that wait say how it was when they were asked for. */
    void early(boolean yes) {
        early = yes;
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
        give(owed.remove(0));
    }

    void answerAny(RandomGenerator random) {
        give(owed.remove(random.nextInt(owed.size())));
    }

    private void give(Owed question) {
        CompletionStage<?> asked = question.asked;
        try {
            asked = asked == null ? (CompletionStage<?>) call(question.method, question.arguments) : asked;
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
        asked.thenAccept(question.answer::complete);
    }

    /** Gives all answers, and those to the questions that follow. */
    void answerAll() {
        while (!owed.isEmpty()) {
            answer();
        }
    }

    /** The oldest answer that is owed will never come. */
    void refuse(Throwable failure) {
        owed.remove(0).answer.completeExceptionally(failure);
    }

    /** How many pages were asked for. */
    int pages() {
        return pages;
    }
}
