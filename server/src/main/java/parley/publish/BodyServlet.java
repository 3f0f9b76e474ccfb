package parley.publish;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import parley.auth.BrowserGuard;
import parley.auth.GuardedServlet;
import parley.message.Problem;

/** A servlet whose requests have a bounded body and whose answers may come later. Never blocks a thread on either. */
abstract class BodyServlet extends GuardedServlet {

    private static final long serialVersionUID = 1;

    /** Of a body: 1 MiB, the longest message. Beyond it: 413. */
    static final int MAX_BODY_BYTES = 1 << 20;

    /** For a whole body: whoever is slower is not publishing. Beyond it: 408. */
    private static final int BODY_MILLIS = 10_000;

    /** What to send back. */
    record Answer(int status, String json) {}

    private final transient Executor threads;

    /** @param threads where answers are written that come later than their request */
    BodyServlet(BrowserGuard guard, Executor threads, String... methods) {
        super(guard, methods);
        this.threads = threads;
    }

    /** Does what the request asks for. A failed stage carries a {@link Problem}, or a bug. */
    protected abstract CompletableFuture<Answer> answer(HttpServletRequest request, byte[] body) throws Problem;

    @Override
    protected final void answer(HttpServletRequest request, HttpServletResponse response) throws IOException, Problem {
        long length = request.getMethod().equals("GET") ? 0 : request.getContentLengthLong();
        if (length > MAX_BODY_BYTES) {
            throw tooLarge();
        }
        ServletInputStream in = request.getInputStream();
        if (length >= 0 && (length == 0 || in.available() >= length)) {
            byte[] body = in.readNBytes((int) length); // it is here already: this does not block
            CompletableFuture<Answer> answer = answer(request, body);
            if (answer.isDone()) {
                write(response, answer);
            } else {
                writeLater(request.startAsync(), answer);
            }
        } else {
            AsyncContext context = request.startAsync();
            context.setTimeout(BODY_MILLIS);
            Reader reader = new Reader(context);
            context.addListener(reader);
            in.setReadListener(reader);
        }
    }

    private static Problem tooLarge() {
        return new Problem(413, "too_large", "A body has at most " + MAX_BODY_BYTES + " bytes.");
    }

    private static void write(HttpServletResponse response, CompletableFuture<Answer> answer) throws IOException {
        Answer ready;
        try {
            ready = answer.join();
        } catch (RuntimeException failure) {
            refuse(response, failure);
            return;
        }
        send(response, ready.status(), ready.json());
    }

    private void writeLater(AsyncContext context, CompletableFuture<Answer> answer) {
        context.setTimeout(0); // whoever owes the answer has a time limit of his own
        answer.whenCompleteAsync((ready, failure) -> end(context, response -> write(response, answer)), threads);
    }

    private interface Writing {
        void to(HttpServletResponse response) throws IOException;
    }

    private static void end(AsyncContext context, Writing writing) {
        try {
            writing.to((HttpServletResponse) context.getResponse());
        } catch (IOException gone) {
            // the caller has left: there is nobody to tell
        }
        context.complete();
    }

    /** Collects a body that comes in pieces. */
    private final class Reader implements ReadListener, AsyncListener {
        private final AsyncContext context;
        private final AtomicBoolean ended = new AtomicBoolean();
        private final ByteArrayOutputStream body = new ByteArrayOutputStream(); // for one thread at a time

        Reader(AsyncContext context) {
            this.context = context;
        }

        @Override
        public void onDataAvailable() throws IOException {
            ServletInputStream in = context.getRequest().getInputStream();
            byte[] piece = new byte[8192];
            while (!ended.get() && in.isReady() && !in.isFinished()) {
                int read = in.read(piece);
                if (read > 0) {
                    body.write(piece, 0, read);
                }
                if (body.size() > MAX_BODY_BYTES) {
                    refuseWith(tooLarge());
                }
            }
        }

        @Override
        public void onAllDataRead() {
            if (!ended.compareAndSet(false, true)) {
                return;
            }
            try {
                writeLater(context, answer((HttpServletRequest) context.getRequest(), body.toByteArray()));
            } catch (Problem | RuntimeException failure) {
                end(context, response -> refuse(response, failure));
            }
        }

        @Override
        public void onTimeout(AsyncEvent event) {
            refuseWith(new Problem(408, "too_late", "The body did not come within 10 seconds."));
        }

        private void refuseWith(Problem problem) {
            if (ended.compareAndSet(false, true)) {
                end(context, response -> {
                    response.setHeader("Connection", "close"); // the rest of the body is not read
                    refuse(response, problem);
                });
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (ended.compareAndSet(false, true)) {
                context.complete();
            }
        }

        @Override
        public void onError(AsyncEvent event) {}

        @Override
        public void onComplete(AsyncEvent event) {}

        @Override
        public void onStartAsync(AsyncEvent event) {}
    }
}
