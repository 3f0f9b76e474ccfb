package parley.socket;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * A stream of publications (NDJSON) may be quiet: one connection can carry a publisher's whole life. So Jetty's idle
 * timeout does not count while one is open; each line that was begun has its own time limit.
 */
public final class QuietPublishers extends Handler.Wrapper {

    private static final String NDJSON = "application/x-ndjson";

    /** Whoever says nothing for a day is not there any more. */
    private static final long QUIET_MILLIS = 24 * 3_600_000L;

    public QuietPublishers(Handler handler) {
        super(handler);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        if (type != null && type.regionMatches(true, 0, NDJSON, 0, NDJSON.length())) {
            EndPoint line = request.getConnectionMetaData().getConnection().getEndPoint();
            long usual = line.getIdleTimeout();
            line.setIdleTimeout(QUIET_MILLIS);
            Request.addCompletionListener(request, failure -> line.setIdleTimeout(usual));
        }
        return super.handle(request, response, callback);
    }
}
