package parley.socket;

import java.io.IOException;
import java.net.InetAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.server.Request;
import parley.auth.Visitors;
import parley.message.Problem;

/**
 * Tells the {@link Visitors} of every connection and of its end: Jetty calls once for each that was let in, either {@link
 * #onAcceptFailed} or {@link #onClosed}.
 */
public final class Doors implements SelectorManager.AcceptListener {

    private final Visitors visitors;
    private final ConcurrentHashMap<SelectableChannel, InetAddress> forwarded =
            new ConcurrentHashMap<>(); // from proxies

    public Doors(Visitors visitors) {
        this.visitors = visitors;
    }

    /** Whether to listen to a new connection; one that is not is closed. */
    boolean letIn(SocketChannel line) {
        InetAddress peer = peer(line);
        if (visitors.came(peer)) {
            return true;
        }
        try (line) {
            line.setOption(StandardSocketOptions.SO_LINGER, 0); // a reset: nothing of it stays in the kernel
        } catch (IOException broken) {
            // it is gone already
        }
        visitors.left(peer);
        return false;
    }

    @Override
    public void onAcceptFailed(SelectableChannel channel, Throwable cause) {
        onClosed(channel);
    }

    @Override
    public void onClosed(SelectableChannel channel) {
        visitors.left(peer(channel));
        InetAddress client = forwarded.remove(channel);
        if (client != null) {
            visitors.release(client);
        }
    }

    /** Known even when the channel is closed; null when the peer left before it was accepted. */
    private static InetAddress peer(SelectableChannel channel) {
        return ((SocketChannel) channel).socket().getInetAddress();
    }

    /**
     * Whether the client of a request may stay, with a session. From then on a proxy's connection counts as this
     * client's.
     *
     * @throws Problem 503 or 429, see {@link Visitors#requireRoom}
     */
    void requireRoom(Request request) throws Problem {
        InetAddress client = Callers.of(request).address();
        SelectableChannel channel = channel(request);
        if (channel != null && client != null && !client.equals(peer(channel))) {
            visitors.hold(client);
            InetAddress before = forwarded.put(channel, client);
            if (before != null) {
                visitors.release(before);
            }
            if (!channel.isOpen() && forwarded.remove(channel, client)) { // its end came before this
                visitors.release(client);
            }
        }
        try {
            visitors.requireRoom(client);
        } catch (Problem refused) {
            if (channel != null && client != null && forwarded.remove(channel, client)) {
                visitors.release(client);
            }
            throw refused;
        }
    }

    private static SelectableChannel channel(Request request) {
        Object transport = request.getConnectionMetaData().getConnection().getEndPoint();
        while (transport instanceof EndPoint line) { // TLS stands before the line
            transport = line.getTransport();
        }
        return transport instanceof SelectableChannel channel ? channel : null;
    }
}
