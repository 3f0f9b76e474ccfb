package parley.socket;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import parley.auth.Authenticator;
import parley.message.Problem;

/** HTTP answers of the handlers that stand before the servlets. */
public final class Answers {

    private Answers() {}

    /** Ends the request with {@code application/problem+json}. */
    public static void refuse(Request request, Response response, Callback callback, Problem problem) {
        response.setStatus(problem.status());
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
