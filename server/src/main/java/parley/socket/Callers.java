package parley.socket;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Request;
import parley.auth.Caller;

/** Who is at the other end of a request that no servlet answers, or of a line. */
final class Callers {

    private Callers() {}

    static Caller of(Request request) {
        ConnectionMetaData connection = request.getConnectionMetaData();
        return Caller.of(
                request.getHeaders()::getValuesList,
                address(connection.getRemoteSocketAddress()),
                address(connection.getLocalSocketAddress()),
                request.isSecure());
    }

    private static InetAddress address(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? inet.getAddress() : null;
    }

    /** The literal address, without a look-up; null when the line has none. */
    static String hostOf(InetAddress address) {
        return address == null ? null : address.getHostAddress();
    }
}
