package parley.socket;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Requests run on the selector's thread, and Jetty reads a connection until nothing is left on it: a caller who always
 * has the next request ready would keep the thread from all others. When his turn is over, his next request goes on on
 * another thread, and the selector sees to the others.
 */
public final class FairTurns extends Handler.Wrapper {

    /** What one connection may use up without a break: some forty publishes, a delay that nobody notices. */
    private static final long TURN_NANOS = 1_000_000;

    /** Of one thread: whose requests it has run last, without a break, and for how long. */
    private static final class Turn {
        private Connection whose;
        private long nanos;
    }

    private final Executor threads;
    private final ThreadLocal<Turn> turns = ThreadLocal.withInitial(Turn::new);

    public FairTurns(Handler handler, Executor threads) {
        super(handler);
        this.threads = threads;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Turn turn = turns.get();
        Connection connection = request.getConnectionMetaData().getConnection();
        if (turn.whose != connection) {
            turn.whose = connection;
            turn.nanos = 0;
        } else if (turn.nanos > TURN_NANOS) {
            turn.nanos = 0;
            try {
                threads.execute(() -> goOn(request, response, callback));
                return true;
            } catch (RejectedExecutionException stopping) {
                // then there is nobody to be fair to
            }
        }
        long start = System.nanoTime();
        try {
            return super.handle(request, response, callback);
        } finally {
            turn.nanos += System.nanoTime() - start;
        }
    }

    private void goOn(Request request, Response response, Callback callback) {
        try {
            if (!getHandler().handle(request, response, callback)) {
                Response.writeError(request, response, callback, HttpStatus.NOT_FOUND_404);
            }
        } catch (Exception failure) {
            Response.writeError(request, response, callback, failure);
        }
    }
}
