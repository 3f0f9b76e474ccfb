package parley.socket;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import parley.auth.Authenticator;
import parley.message.Problem;

/** HTTP answers of the handlers that stand before the servlets. */
public final class Answers {

    /** No browser takes an answer for something else than we say, and no page elsewhere can have it in its process. */
    private static final HttpFields HEADERS = HttpFields.from(
            new PreEncodedHttpField("X-Content-Type-Options", "nosniff"),
            new PreEncodedHttpField("Cross-Origin-Resource-Policy", "same-origin"));

    private Answers() {}

    /** Puts what every answer says into {@code headers}. */
    public static Request protect(Request request, HttpFields.Mutable headers) {
        HEADERS.forEach(headers::put);
        return request;
    }

    /** Ends the request with {@code application/problem+json}. */
    public static void refuse(Request request, Response response, Callback callback, Problem problem) {
        response.setStatus(problem.status());
        HEADERS.forEach(response.getHeaders()::put); // some were reset on their way here
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/problem+json");
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        if (problem.status() == 401) {
            response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, Authenticator.CHALLENGE);
        }
        if (problem.retryAfterSeconds() > 0) {
            response.getHeaders().put(HttpHeader.RETRY_AFTER, problem.retryAfterSeconds());
            response.getHeaders().put(HttpHeader.CONNECTION, "close"); // there are too many as it is
        }
        ByteBuffer body = ByteBuffer.wrap((problem.json() + "\n").getBytes(StandardCharsets.UTF_8));
        response.write(true, "HEAD".equals(request.getMethod()) ? null : body, callback);
    }
}
