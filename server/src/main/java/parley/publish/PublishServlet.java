package parley.publish;

import jakarta.servlet.http.HttpServletRequest;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import parley.auth.BrowserGuard;
import parley.broker.Broker;
import parley.message.Problem;
import parley.message.Receipt;

/** {@code GET|POST /socket/publish}: one HTTP request in, one message out, and a receipt. */
public final class PublishServlet extends BodyServlet {

    private static final long serialVersionUID = 1;

    private final transient Broker broker;

    /** @param threads where answers are written that come later than their request */
    public PublishServlet(Broker broker, BrowserGuard guard, Executor threads) {
        super(guard, threads, "GET", "POST");
        this.broker = broker;
    }

    @Override
    protected CompletableFuture<Answer> answer(HttpServletRequest request, byte[] body) throws Problem {
        PublishRequest wanted = read(request, body);
        return broker.publish(wanted.publication())
                .thenApply(receipts -> answer(receipts, wanted.several()))
                .toCompletableFuture();
    }

    /** 200 when somebody was there, 202 when the message waits for whoever comes. */
    private static Answer answer(List<Receipt> receipts, boolean several) {
        int status = receipts.stream().anyMatch(receipt -> receipt.online() > 0) ? 200 : 202;
        return new Answer(
                status,
                several
                        ? receipts.stream().map(Receipt::json).collect(Collectors.joining(",", "[", "]"))
                        : receipts.get(0).json());
    }

    private static PublishRequest read(HttpServletRequest request, byte[] body) throws Problem {
        Map<String, List<String>> query = Parameters.decode(request.getQueryString());
        String key = request.getHeader("Idempotency-Key");
        if (key != null) {
            query.put("idempotencyKey", List.of(key));
        }
        PublishRequest.Kind kind = request.getMethod().equals("GET") ? PublishRequest.Kind.NONE : kind(request);
        return PublishRequest.parse(query, kind, utf8(body));
    }

    private static PublishRequest.Kind kind(HttpServletRequest request) throws Problem {
        if (request.getContentType() == null) {
            return PublishRequest.Kind.TEXT;
        }
        String[] type = request.getContentType()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[\\s\"]", "")
                .split(";");
        for (int i = 1; i < type.length; i++) {
            if (type[i].startsWith("charset=") && !type[i].equals("charset=utf-8")) {
                throw new Problem(415, "bad_charset", "The body must be UTF-8.");
            }
        }
        return switch (type.length == 0 ? "" : type[0]) {
            case "application/x-www-form-urlencoded" -> PublishRequest.Kind.FORM;
            case "application/json" -> PublishRequest.Kind.JSON;
            case "text/plain" -> PublishRequest.Kind.TEXT;
            default ->
                throw new Problem(
                        415,
                        "bad_media_type",
                        "The Content-Type must be application/x-www-form-urlencoded, application/json or text/plain.");
        };
    }

    private static String utf8(byte[] body) throws Problem {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
        } catch (CharacterCodingException e) {
            throw Problem.bad("bad_utf8", "The body is not UTF-8.");
        }
    }
}
