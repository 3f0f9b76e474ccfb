package parley.auth;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.message.Problem;

/** An HTTP end point for back ends: who may call it, with which method, and what a refusal looks like. */
public abstract class GuardedServlet extends HttpServlet {

    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(GuardedServlet.class);

    private final transient BrowserGuard guard;
    private final List<String> methods;

    /** @param methods those that do something; any other is a 405 */
    protected GuardedServlet(BrowserGuard guard, String... methods) {
        this.guard = guard;
        this.methods = List.of(methods);
    }

    /** Answers an allowed request, now or later. */
    protected abstract void answer(HttpServletRequest request, HttpServletResponse response)
            throws IOException, Problem;

    @Override
    protected final void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            guard.requireLocal(name -> Collections.list(request.getHeaders(name)), isLoopback(request));
            if (!methods.contains(request.getMethod())) {
                response.setHeader("Allow", String.join(", ", methods));
                throw new Problem(405, "bad_method", "Use " + String.join(" or ", methods) + ".");
            }
            answer(request, response);
        } catch (Problem problem) {
            refuse(response, problem);
        } catch (RuntimeException bug) {
            refuse(response, bug);
        }
    }

    private static boolean isLoopback(HttpServletRequest request) {
        try { // both are literal addresses: nothing is looked up
            return InetAddress.getByName(request.getRemoteAddr()).isLoopbackAddress()
                    && InetAddress.getByName(request.getLocalAddr()).isLoopbackAddress();
        } catch (UnknownHostException noAddress) {
            return false;
        }
    }

    /** Sends a JSON answer. */
    protected static void send(HttpServletResponse response, int status, String json) throws IOException {
        write(response, status, "application/json", json + "\n");
    }

    /** Sends what a failure of any kind means to the caller. */
    protected static void refuse(HttpServletResponse response, Throwable failure) throws IOException {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof Problem problem) {
            write(response, problem.status(), "application/problem+json", problem.json() + "\n");
        } else {
            LOG.error("a request failed", cause);
            Problem problem = new Problem(500, "internal", "The server failed; its log says why.");
            write(response, 500, "application/problem+json", problem.json() + "\n");
        }
    }

    /** Sends an answer as it stands. */
    protected static void write(HttpServletResponse response, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        response.setContentType(type);
        response.setHeader("Cache-Control", "no-store");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
