package parley.auth;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys that somebody else publishes and changes. They are read on a timer, one reading at a time, and never because
 * somebody connects; when a reading fails, the keys that were read before go on. Thread-safe.
 */
final class TokensKeySet implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TokensKeySet.class);

    /** A new key is published well before tokens have it, and a key that was stolen goes soon. */
    static final long PERIOD_MILLIS = 5 * 60_000L;

    /** After a failure; then twice as long each time, up to the period. */
    static final long RETRY_MILLIS = 5_000;

    /** For a whole answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Of a key set; the large ones of cloud providers have 20 KB. */
    static final int MAX_BYTES = 256 << 10;

    /** Keys that a token may make us try, when it names none. */
    static final int MAX_KEYS = 64;

    private final String source;
    private final URI url; // null for a file
    private final Authenticator.Later later;
    private final Runnable changed;
    private final Duration patience;
    private final HttpClient client; // null for a file
    private volatile List<TokensKey> keys; // null before the first reading
    private volatile boolean closed;
    private long retry = RETRY_MILLIS; // for one reading at a time

    /**
     * @param source an http or https URL, or a file
     * @param changed told when there are other keys than before
     */
    TokensKeySet(String source, Authenticator.Later later, Runnable changed) {
        this(source, later, changed, PATIENCE);
    }

    TokensKeySet(String source, Authenticator.Later later, Runnable changed, Duration patience) {
        this.source = source;
        this.patience = patience;
        this.later = later;
        this.changed = changed;
        this.url = source.matches("(?i)https?://.+") ? URI.create(source) : null;
        this.client = url == null
                ? null
                : HttpClient.newBuilder()
                        .connectTimeout(patience)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .build();
    }

    /** Begins. @throws IOException when it is a file that cannot be used */
    void start() throws IOException {
        if (url == null) {
            try {
                take(Files.readString(Path.of(source)));
            } catch (IOException | IllegalArgumentException unusable) {
                throw new IOException("--token-jwks " + source + ": " + unusable.getMessage());
            }
            later.after(PERIOD_MILLIS, this::read);
        } else {
            read();
        }
    }

    /** Null before the first were read. */
    List<TokensKey> keys() {
        return keys;
    }

    private void read() {
        if (closed) {
            return;
        }
        text().thenAccept(this::take).whenComplete((done, failure) -> {
            if (closed) {
                return;
            }
            if (failure == null) {
                retry = RETRY_MILLIS;
                later.after(PERIOD_MILLIS, this::read);
            } else {
                Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
                LOG.warn("the token keys of {} cannot be read; {}: {}", source, standing(), cause.toString());
                later.after(retry, this::read);
                retry = Math.min(PERIOD_MILLIS, 2 * retry);
            }
        });
    }

    private String standing() {
        return keys == null ? "without them nobody gets in by their tokens" : "the old ones go on";
    }

    private CompletableFuture<String> text() {
        if (url == null) {
            try {
                return CompletableFuture.completedFuture(Files.readString(Path.of(source)));
            } catch (IOException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
        HttpRequest request = HttpRequest.newBuilder(url)
                .timeout(patience)
                .header("Accept", "application/json")
                .build();
        CompletableFuture<HttpResponse<byte[]>> answer = client.sendAsync(request, head -> new Bounded());
        // the request's own time-out ends with the headers
        CompletableFuture<String> text =
                answer.thenApply(TokensKeySet::textOf).orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS);
        text.whenComplete((done, failure) -> answer.cancel(true));
        return text;
    }

    private static String textOf(HttpResponse<byte[]> answer) {
        if (answer.statusCode() != 200) {
            throw new IllegalArgumentException("the answer's status is " + answer.statusCode());
        }
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    private void take(String json) {
        List<TokensKey> read = TokensKey.ofSet(json);
        if (read.isEmpty() || read.size() > MAX_KEYS) {
            throw new IllegalArgumentException(
                    read.isEmpty() ? "there is no key in it that checks tokens." : "it has more than 64 keys.");
        }
        if (!read.equals(keys)) {
            LOG.info("{} has {} token keys", source, read.size());
            keys = List.copyOf(read);
            changed.run();
        }
    }

    @Override
    public void close() {
        closed = true;
    }

    /** The bytes of an answer that is not too long. */
    private static final class Bounded implements HttpResponse.BodySubscriber<byte[]> {
        private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(); // signals come one at a time
        private Flow.Subscription subscription;

        @Override
        public CompletionStage<byte[]> getBody() {
            return whole;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> pieces) {
            for (ByteBuffer piece : pieces) {
                if (bytes.size() + piece.remaining() > MAX_BYTES) {
                    subscription.cancel();
                    whole.completeExceptionally(new IOException("it has more than " + MAX_BYTES + " bytes"));
                    return;
                }
                byte[] read = new byte[piece.remaining()];
                piece.get(read);
                bytes.writeBytes(read);
            }
        }

        @Override
        public void onError(Throwable failure) {
            whole.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            whole.complete(bytes.toByteArray());
        }
    }
}
