package parley.socket;

import java.util.BitSet;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Percent-encodes what browsers leave bare in a URL though RFC 3986 does not allow it: {@code new
 * WebSocket('.../websocket/auth0|123')} sends the bar as it is. Without this such an id would be a 400 to whoever did not
 * think of {@code encodeURIComponent}.
 *
 * @see <a href="https://url.spec.whatwg.org/#path-percent-encode-set">what browsers do encode</a>
 */
public final class BrowserUris extends Handler.Wrapper {

    /** Visible ASCII that RFC 3986 knows nowhere in a path or query, or not bare. */
    private static final BitSet BARE = new BitSet();

    static {
        "|[]^`{}\"<>".chars().forEach(BARE::set);
    }

    public BrowserUris(Handler handler) {
        super(handler);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String bare = request.getHttpURI().getPathQuery();
        if (bare == null || !hasBare(bare)) {
            return super.handle(request, response, callback);
        }
        HttpURI encoded =
                HttpURI.build(request.getHttpURI()).pathQuery(encode(bare)).asImmutable();
        return super.handle(
                new Request.Wrapper(request) {
                    @Override
                    public HttpURI getHttpURI() {
                        return encoded;
                    }
                },
                response,
                callback);
    }

    private static boolean hasBare(String uri) {
        for (int i = 0; i < uri.length(); i++) {
            if (BARE.get(uri.charAt(i))) {
                return true;
            }
        }
        return false;
    }

    private static String encode(String bare) {
        StringBuilder encoded = new StringBuilder(bare.length() + 16);
        bare.chars().forEach(c -> {
            if (BARE.get(c)) {
                encoded.append(String.format("%%%02X", c));
            } else {
                encoded.append((char) c);
            }
        });
        return encoded.toString();
    }
}
