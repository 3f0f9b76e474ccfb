package parley.socket;

import java.util.List;

/**
 * Where the server listens.
 *
 * @param host a name or address of this machine; 0.0.0.0 or :: for all of them
 * @param port 0 for any free one
 * @param tls null for plain HTTP
 * @param trustedProxies addresses and ranges of addresses of our own reverse proxies; none without one
 */
public record ServerSettings(String host, int port, TlsSettings tls, List<String> trustedProxies) {

    /**
     * The ranges, when they are some.
     *
     * @throws IllegalArgumentException naming the one that is neither an address nor a range
     */
    public static List<String> proxies(List<String> ranges) {
        new TrustedProxies(ranges, null);
        return ranges;
    }
}
