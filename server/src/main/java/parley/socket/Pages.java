package parley.socket;

import java.util.Set;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ResourceHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.resource.ResourceFactory;
import parley.message.Problem;

/** The static pages and the client library, out of the jar, with headers that let them run nothing but themselves. */
public final class Pages extends ResourceHandler {

    private static final String CONSOLE = "/console";

    /** Pages of other origins import the client, too: it is public, and knows nothing. */
    private static final HttpFields FOR_ALL = HttpFields.from(
            new HttpField("Access-Control-Allow-Origin", "*"),
            new HttpField("Cross-Origin-Resource-Policy", "cross-origin"));

    private static final HttpFields HEADERS = HttpFields.from(
            new HttpField(
                    "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                            + " connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
            new HttpField("Referrer-Policy", "same-origin"),
            new HttpField("Cross-Origin-Opener-Policy", "same-origin"));

    /** What works nowhere, whatever the path: TRACE would tell a page what headers a proxy added. */
    private static final Set<String> NOWHERE = Set.of("TRACE", "OPTIONS", "CONNECT");

    public Pages() {
        setBaseResource(ResourceFactory.of(this).newClassLoaderResource("static/"));
        setDirAllowed(false);
        setEtags(true);
        setCacheControl("no-cache"); // a new server brings new pages: let browsers ask
        setWelcomeFiles("index.html");
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (NOWHERE.contains(request.getMethod())) {
            response.getHeaders().put(HttpHeader.ALLOW, "GET, HEAD");
            Answers.refuse(request, response, callback, new Problem(405, "bad_method", "Use GET or HEAD."));
            return true;
        }
        if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
            return false;
        }
        response.getHeaders().add(HEADERS);
        if (Request.getPathInContext(request).startsWith("/client/")) {
            FOR_ALL.forEach(response.getHeaders()::put);
        }
        return super.handle(named(request), response, callback);
    }

    /** A page has a name without a suffix, too. */
    private static Request named(Request request) {
        HttpURI uri = request.getHttpURI();
        return CONSOLE.equals(uri.getCanonicalPath())
                ? Request.serveAs(
                        request, HttpURI.build(uri).path(CONSOLE + ".html").asImmutable())
                : request;
    }

    /** Ends requests that nobody answered, and those that Jetty refused by itself. */
    public static final class Errors implements Request.Handler {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            int status = response.getStatus();
            if (status < 400) { // Jetty also tells a browser by this way that what it has is still fresh
                response.write(true, null, callback);
                return true;
            }
            Answers.refuse(request, response, callback, new Problem(status, "http_" + status, sentence(status)));
            return true;
        }

        private static String sentence(int status) {
            return switch (status) {
                case 400 -> "The request is malformed.";
                case 404 -> "There is nothing here. Publish at /socket/publish, connect to /websocket/{userId}.";
                case 405 -> "This method does nothing here.";
                case 414 -> "The URI is too long: send the message in the body of a POST.";
                case 417 -> "The only expectation that is met here is 100-continue.";
                case 426, 505 -> "Only HTTP/1.1 and HTTP/1.0 are spoken here.";
                case 431 -> "The header is too large: send the message in the body of a POST.";
                default -> status < 500 ? "The request cannot be answered." : "The server failed; its log says why.";
            };
        }
    }
}
