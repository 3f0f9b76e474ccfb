package parley.auth;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.message.Problem;

/**
 * An HTTP end point for back ends: who may call it, with which method, how an answer is sent that comes later, and what
 * a refusal looks like.
 */
public abstract class GuardedServlet extends HttpServlet {

    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(GuardedServlet.class);

    /** Characters that surely fit into Jetty's buffer of 32 KiB, which is sent without anybody waiting for it. */
    private static final int SMALL_CHARS = 8 << 10;

    /**
     * What to send back.
     *
     * @param retryAfter seconds; 0 for none
     */
    public record Answer(int status, String type, String text, int retryAfter) {
        public Answer(int status, String type, String text) {
            this(status, type, text, 0);
        }

        boolean isSmall() {
            return text.length() <= SMALL_CHARS;
        }

        public static Answer json(int status, String json) {
            return new Answer(status, "application/json", json + "\n");
        }

        /** What a failure of any kind means to the caller. */
        public static Answer of(Throwable failure) {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            if (!(cause instanceof Problem)) {
                LOG.error("a request failed", cause);
            }
            Problem problem = cause instanceof Problem known
                    ? known
                    : new Problem(500, "internal", "The server failed; its log says why.");
            return new Answer(
                    problem.status(), "application/problem+json", problem.json() + "\n", problem.retryAfterSeconds());
        }
    }

    /** The name of the caller's key, as an attribute of his request. */
    private static final String CREDENTIAL = "parley.credential";

    private final transient Authenticator authenticator;
    private final Authenticator.Access access;
    private final transient Executor threads;
    private final List<String> methods;

    /**
     * @param access what the end point does, which decides who needs a key
     * @param threads where answers are written that come later than their request
     * @param methods those that do something; any other is a 405
     */
    protected GuardedServlet(
            Authenticator authenticator, Authenticator.Access access, Executor threads, String... methods) {
        this.authenticator = authenticator;
        this.access = access;
        this.threads = threads;
        this.methods = List.of(methods);
    }

    /** Answers an allowed request, now or with {@link #reply}. */
    protected abstract void answer(HttpServletRequest request, HttpServletResponse response)
            throws IOException, Problem;

    @Override
    protected final void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            request.setAttribute(CREDENTIAL, authenticator.backEnd(caller(request), access));
            if (!methods.contains(request.getMethod())) {
                response.setHeader("Allow", String.join(", ", methods));
                throw new Problem(405, "bad_method", "Use " + String.join(" or ", methods) + ".");
            }
            answer(request, response);
        } catch (Problem | RuntimeException failure) {
            write(response, Answer.of(failure));
        }
    }

    /** The values of a query's parameter, or null; a 400 when an escape is malformed or is not UTF-8. */
    protected static String[] parameters(HttpServletRequest request, String name) throws Problem {
        try {
            return request.getParameterValues(name);
        } catch (RuntimeException malformed) { // the container's own, which only it may know
            throw Problem.bad("bad_query", "The query must be percent-encoded UTF-8.");
        }
    }

    /** The first of them, or null. */
    protected static String parameter(HttpServletRequest request, String name) throws Problem {
        String[] values = parameters(request, name);
        return values == null ? null : values[0];
    }

    /** By which key the caller of an allowed request was let in, or {@link Authenticator#KEYLESS}. */
    protected static String credential(HttpServletRequest request) {
        return (String) request.getAttribute(CREDENTIAL);
    }

    private static Caller caller(HttpServletRequest request) {
        return Caller.of(
                name -> Collections.list(request.getHeaders(name)),
                address(request.getRemoteAddr()),
                address(request.getLocalAddr()),
                request.isSecure());
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal); // no name: nothing is looked up
        } catch (UnknownHostException none) {
            return null;
        }
    }

    /** Sends an answer that is there, or will be; a failed stage carries a {@link Problem}, or a bug. */
    protected final void reply(HttpServletRequest request, HttpServletResponse response, CompletionStage<Answer> answer)
            throws IOException {
        CompletableFuture<Answer> future = answer.toCompletableFuture();
        if (future.isDone()) {
            Answer ready = future.handle((answered, failure) -> failure == null ? answered : Answer.of(failure))
                    .join();
            if (ready.isSmall()) {
                write(response, ready);
            } else {
                end(request.startAsync(), ready);
            }
        } else {
            replyLater(request.startAsync(), future);
        }
    }

    /** The same for a request whose servlet has returned already. */
    protected final void replyLater(AsyncContext context, CompletionStage<Answer> answer) {
        context.setTimeout(0); // whoever owes the answer has a time limit of his own
        answer.whenCompleteAsync(
                (ready, failure) -> end(context, failure == null ? ready : Answer.of(failure)), threads);
    }

    /** Sends an answer and ends the request. */
    protected static void end(AsyncContext context, Answer answer) {
        try {
            if (!answer.isSmall()) {
                new LargeAnswer(context, answer).start();
                return;
            }
            write((HttpServletResponse) context.getResponse(), answer);
        } catch (IOException gone) {
            LOG.debug("the caller has left before his answer");
        }
        context.complete();
    }

    /** Writes an answer as fast as its caller reads it, and waits for him on no thread. */
    private static final class LargeAnswer implements WriteListener {
        private final AsyncContext context;
        private final ServletOutputStream out;
        private final byte[] bytes;
        private int written;

        LargeAnswer(AsyncContext context, Answer answer) throws IOException {
            HttpServletResponse response = (HttpServletResponse) context.getResponse();
            this.context = context;
            this.bytes = answer.text().getBytes(StandardCharsets.UTF_8);
            this.out = response.getOutputStream();
            head(response, answer);
        }

        void start() {
            context.setTimeout(0); // Jetty's idle timeout ends a caller who does not read at all
            out.setWriteListener(this);
        }

        @Override
        public void onWritePossible() throws IOException {
            while (out.isReady()) {
                if (written == bytes.length) {
                    context.complete();
                    return;
                }
                int piece = Math.min(SMALL_CHARS, bytes.length - written);
                out.write(bytes, written, piece);
                written += piece;
            }
        }

        @Override
        public void onError(Throwable gone) {
            context.complete();
        }
    }

    private static void write(HttpServletResponse response, Answer answer) throws IOException {
        head(response, answer);
        // no Content-Length: with it Jetty would take this for the last write and block until the caller reads
        response.getOutputStream().write(answer.text().getBytes(StandardCharsets.UTF_8));
    }

    private static void head(HttpServletResponse response, Answer answer) {
        response.setStatus(answer.status());
        response.setContentType(answer.type());
        response.setHeader("Cache-Control", "no-store");
        if (answer.status() == 401) {
            response.setHeader("WWW-Authenticate", Authenticator.CHALLENGE);
        }
        if (answer.retryAfter() > 0) {
            response.setIntHeader("Retry-After", answer.retryAfter());
        }
    }
}
