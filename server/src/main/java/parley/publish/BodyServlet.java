package parley.publish;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import parley.auth.Authenticator;
import parley.auth.GuardedServlet;
import parley.broker.Delays;
import parley.message.Problem;

/** A servlet whose requests have a bounded body and whose answers may come later. Never blocks a thread on either. */
abstract class BodyServlet extends GuardedServlet {

    private static final long serialVersionUID = 1;

    /** Of a body: 1 MiB, the longest message. Beyond it: 413. */
    static final int MAX_BODY_BYTES = 1 << 20;

    /** For a whole body: whoever is slower is not publishing. Beyond it: 408. */
    private static final int BODY_MILLIS = 10_000;

    private static final Pattern BLANKS_AND_QUOTES = Pattern.compile("[\\s\"]");

    private final transient Executor threads;
    private final transient Delays delays;

    /**
     * @param threads where answers are written that come later than their request
     * @param delays when a body must be whole
     */
    BodyServlet(
            Authenticator authenticator,
            Authenticator.Access access,
            Executor threads,
            Delays delays,
            String... methods) {
        super(authenticator, access, threads, methods);
        this.threads = threads;
        this.delays = delays;
    }

    /** Does what the request asks for. A failed stage carries a {@link Problem}, or a bug. */
    protected abstract CompletionStage<Answer> answer(HttpServletRequest request, byte[] body) throws Problem;

    @Override
    protected void answer(HttpServletRequest request, HttpServletResponse response) throws IOException, Problem {
        long length = request.getMethod().equals("GET") ? 0 : request.getContentLengthLong();
        if (length > MAX_BODY_BYTES) {
            throw tooLarge();
        }
        ServletInputStream in = request.getInputStream();
        if (length >= 0 && (length == 0 || in.available() >= length)) {
            byte[] body = in.readNBytes((int) length); // it is here already: this does not block
            reply(request, response, answer(request, body));
        } else {
            AsyncContext context = request.startAsync();
            context.setTimeout(0); // the container's timer cannot be taken back once the body is here
            in.setReadListener(new Reader(context));
        }
    }

    /** What a request asks for, in its query and its body. */
    static PublishRequest read(Quota quota, HttpServletRequest request, byte[] body) throws Problem {
        return quota.read(query(request), kind(request), utf8(body), credential(request));
    }

    /** The query's parameters, and the {@code Idempotency-Key} header as one of them. */
    static Map<String, List<String>> query(HttpServletRequest request) throws Problem {
        Map<String, List<String>> query = Parameters.decode(request.getQueryString());
        String key = request.getHeader("Idempotency-Key");
        if (key != null) {
            query.put("idempotencyKey", List.of(key));
        }
        return query;
    }

    static PublishRequest.Kind kind(HttpServletRequest request) throws Problem {
        if (request.getMethod().equals("GET")) {
            return PublishRequest.Kind.NONE;
        }
        // not getContentType, which throws for a charset that Java does not know
        String header = request.getHeader("Content-Type");
        if (header == null) {
            return PublishRequest.Kind.TEXT;
        }
        String[] type = header.toLowerCase(Locale.ROOT).split(";");
        for (int i = 1; i < type.length; i++) {
            String parameter = BLANKS_AND_QUOTES.matcher(type[i]).replaceAll("");
            if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8")) {
                throw new Problem(415, "bad_charset", "The body must be UTF-8.");
            }
        }
        return switch (type.length == 0 ? "" : type[0].strip()) {
            case "application/x-www-form-urlencoded" -> PublishRequest.Kind.FORM;
            case "application/json" -> PublishRequest.Kind.JSON;
            case "text/plain" -> PublishRequest.Kind.TEXT;
            default ->
                throw new Problem(
                        415,
                        "bad_media_type",
                        "The Content-Type must be application/x-www-form-urlencoded, application/json, application/x-ndjson or text/plain.");
        };
    }

    static String utf8(byte[] body) throws Problem {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
        } catch (CharacterCodingException e) {
            throw Problem.bad("bad_utf8", "The body is not UTF-8.");
        }
    }

    private static Problem tooLarge() {
        return new Problem(413, "too_large", "A body has at most " + MAX_BODY_BYTES + " bytes.");
    }

    /** Collects a body that comes in pieces. */
    private final class Reader implements ReadListener {
        private final AsyncContext context;
        private final Runnable timer; // cancels the time-out
        private final AtomicBoolean ended = new AtomicBoolean();
        private final ByteArrayOutputStream body = new ByteArrayOutputStream(); // for one thread at a time

        Reader(AsyncContext context) {
            this.context = context;
            this.timer = delays.after(BODY_MILLIS, () -> threads.execute(this::late));
        }

        private void late() {
            refuseWith(new Problem(408, "too_late", "The body did not come within 10 seconds."));
        }

        @Override
        public void onDataAvailable() throws IOException {
            ServletInputStream in = context.getRequest().getInputStream();
            byte[] piece = new byte[8192];
            while (!ended.get() && in.isReady() && !in.isFinished()) {
                int read = Math.max(0, in.read(piece));
                if (body.size() + read > MAX_BODY_BYTES) {
                    refuseWith(tooLarge());
                } else {
                    body.write(piece, 0, read);
                }
            }
        }

        @Override
        public void onAllDataRead() {
            if (isFirstEnd()) {
                try {
                    replyLater(context, answer((HttpServletRequest) context.getRequest(), body.toByteArray()));
                } catch (Problem | RuntimeException failure) {
                    end(context, Answer.of(failure));
                }
            }
        }

        @Override
        public void onError(Throwable failure) {
            refuseWith(Problem.bad("bad_body", "The body broke off, or is not what its header says."));
        }

        private void refuseWith(Problem problem) {
            if (isFirstEnd()) {
                end(context, Answer.of(problem));
            }
        }

        private boolean isFirstEnd() {
            timer.run();
            return ended.compareAndSet(false, true);
        }
    }
}
