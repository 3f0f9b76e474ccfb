package parley.auth;

import java.net.InetAddress;
import java.util.List;
import java.util.function.Function;

/**
 * Whoever is at the other end of a request, before he is known.
 *
 * @param headers all values of a header, by its name in any letter case
 * @param address the other end of the connection; null when there is none any more
 * @param loopback whether both ends of the connection are loopback addresses
 * @param secure whether he came by TLS
 */
public record Caller(Function<String, List<String>> headers, InetAddress address, boolean loopback, boolean secure) {

    /** @param local our end of the connection, or null */
    public static Caller of(
            Function<String, List<String>> headers, InetAddress remote, InetAddress local, boolean secure) {
        boolean loopback = remote != null && remote.isLoopbackAddress() && local != null && local.isLoopbackAddress();
        return new Caller(headers, remote, loopback, secure);
    }

    List<String> header(String name) {
        return headers.apply(name);
    }
}
