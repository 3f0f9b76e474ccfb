package parley.socket;

import java.util.List;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import parley.message.Problem;

/**
 * Refuses requests that Jetty takes and that a proxy before us may take otherwise, or that only an attacker sends: two
 * readings of one request are how guards are passed.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9112">RFC 9112</a>
 */
public final class StrictRequests extends Handler.Wrapper {

    /** Browsers and proxies send thirty at most. Beyond it: 431. */
    private static final int MAX_HEADERS = 100;

    /** {@code .} or {@code ..} as a segment: clients resolve them before they send. Encoded ones are refused by Jetty. */
    private static final Pattern DOT_SEGMENT = Pattern.compile("/\\.{1,2}(/|$)");

    /** An encoded slash, or parameters of a segment; in a user's id they are for the handshake to refuse. */
    private static final Pattern AMBIGUOUS = Pattern.compile("(?i)%2f|;");

    public StrictRequests(Handler handler) {
        super(handler);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        try {
            requirePlainPath(request);
            requirePlainHeaders(request.getHeaders());
        } catch (Problem problem) {
            Answers.refuse(request, response, callback, problem);
            return true;
        }
        return super.handle(request, response, callback);
    }

    private static void requirePlainPath(Request request) throws Problem {
        String raw = request.getHttpURI().getPathQuery();
        String path = request.getHttpURI().getPath();
        if (path == null) {
            return; // OPTIONS *, which nobody answers
        }
        if (raw.indexOf('\ufffd') >= 0) { // what Jetty makes of bytes that are no UTF-8
            throw Problem.bad("bad_uri", "The URI is not UTF-8; percent-encode it.");
        }
        if (path.indexOf('.') < 0 && path.indexOf(';') < 0 && path.indexOf('%') < 0) {
            return; // nearly all of them
        }
        boolean user = Handshake.PATH.matcher(path).matches();
        if (DOT_SEGMENT.matcher(path).find() || !user && AMBIGUOUS.matcher(path).find()) {
            throw Problem.bad("bad_uri", "The path must not hold '.' or '..' as a segment, ';', or an encoded slash.");
        }
    }

    private static void requirePlainHeaders(HttpFields headers) throws Problem {
        if (headers.size() > MAX_HEADERS) {
            throw new Problem(431, "too_many_headers", "A request has at most " + MAX_HEADERS + " header lines.");
        }
        List<String> codings = headers.getValuesList(HttpHeader.TRANSFER_ENCODING);
        if (!codings.isEmpty() && !(codings.size() == 1 && "chunked".equalsIgnoreCase(codings.get(0)))) {
            throw new Problem(501, "bad_transfer_encoding", "The only Transfer-Encoding that is read here is chunked.");
        }
    }
}
