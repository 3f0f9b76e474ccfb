package parley.socket;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.InetAddressSet;
import parley.message.Problem;

/**
 * Believes our own reverse proxies, and nobody else, what they say of a request: everything behind this sees the client's
 * address as the remote one, and host and scheme as the client asked for them. The client is the rightmost address that
 * is not a trusted proxy's: each proxy appends what it saw, so all that stands left of it may be invented.
 *
 * <p>The forwarding headers stay, so that a forwarded request is never taken for one from this machine.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7239#section-8.1">RFC 7239, section 8.1</a>
 */
public final class TrustedProxies extends Handler.Wrapper {

    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern IPV4_WITH_PORT = Pattern.compile(IPV4 + ":\\d{1,5}");
    private static final Pattern IPV6_IN_BRACKETS = Pattern.compile("\\[[^\\]]*](:\\d{1,5})?");
    /** Some proxies name those of a WebSocket's URL. */
    private static final Map<String, String> SCHEMES =
            Map.of("http", "http", "ws", "http", "https", "https", "wss", "https");

    /** What is known of a client behind proxies; scheme and host are null when no proxy said them. */
    record Client(InetAddress address, String scheme, String host) {}

    /** What one proxy said of whoever asked it; null where it said nothing. */
    private record Hop(String client, String scheme, String host) {}

    private final InetAddressSet proxies = new InetAddressSet();

    /**
     * @param ranges addresses, or ranges of them as {@code 10.0.0.0/8}
     * @throws IllegalArgumentException naming the one that is neither
     */
    public TrustedProxies(List<String> ranges, Handler handler) {
        super(handler);
        for (String range : ranges) {
            String address = range.contains("/") ? range.substring(0, range.indexOf('/')) : range;
            if (address(address) == null || !range.substring(address.length()).matches("(/\\d{1,3})?")) {
                throw notARange(range);
            }
            try {
                proxies.add(range);
            } catch (IllegalArgumentException malformed) {
                throw notARange(range);
            }
        }
    }

    private static IllegalArgumentException notARange(String range) {
        return new IllegalArgumentException(
                "'" + range + "' is neither an address nor a range of addresses like 10.0.0.0/8.");
    }

    /** Whether this is the address of one of them. */
    public boolean includes(InetAddress address) {
        return proxies.test(address);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        SocketAddress peer = request.getConnectionMetaData().getRemoteSocketAddress();
        if (!(peer instanceof InetSocketAddress inet) || !proxies.test(inet.getAddress())) {
            return super.handle(request, response, callback);
        }
        try {
            Client client = client(inet.getAddress(), request.getHeaders()::getValuesList);
            return super.handle(new Forwarded(request, client), response, callback);
        } catch (Problem problem) {
            Answers.refuse(request, response, callback, problem);
            return true;
        }
    }

    /**
     * Whose request it is that a trusted proxy at {@code peer} sent.
     *
     * @param headers all values of a header, by name
     * @throws Problem 400 when the two ways to say it contradict each other: a client may have invented one of them
     */
    Client client(InetAddress peer, Function<String, List<String>> headers) throws Problem {
        List<Hop> standard = standard(headers.apply("Forwarded"));
        List<Hop> usual = usual(headers);
        boolean usualNamesIt = !headers.apply("X-Forwarded-For").isEmpty();
        Client client = client(peer, usualNamesIt || standard.isEmpty() ? usual : standard);
        if (!standard.isEmpty()
                && !client.address().equals(client(peer, standard).address())) {
            throw Problem.bad(
                    "bad_forwarded",
                    "Forwarded and X-Forwarded-For name different clients; the proxy must set both or remove one.");
        }
        return client;
    }

    /** @param hops what each proxy said, the one next to us last */
    private Client client(InetAddress peer, List<Hop> hops) {
        Client client = new Client(peer, null, null);
        for (int i = hops.size() - 1; i >= 0 && proxies.test(client.address()); i--) {
            Hop hop = hops.get(i);
            InetAddress next = address(hop.client());
            client = new Client(
                    next == null ? client.address() : next,
                    hop.scheme() == null ? client.scheme() : hop.scheme(),
                    hop.host() == null ? client.host() : hop.host());
            if (next == null) {
                break; // hidden, or not an address: all that is known is the proxy that said so
            }
        }
        return client;
    }

    /**
     * Of the {@code Forwarded} header. Commas and semicolons in quotes are taken for separators: only what is no address
     * contains them, and an unbalanced quote of a client's must not swallow what the proxy appended.
     */
    private static List<Hop> standard(List<String> values) {
        List<Hop> hops = new ArrayList<>();
        for (String element : elements(values)) {
            String client = null;
            String scheme = null;
            String host = null;
            for (String pair : element.split(";")) {
                String[] words = pair.strip().split("=", 2);
                String value = words.length < 2 ? "" : words[1].strip().replaceAll("^\"|\"$", "");
                switch (words[0].strip().toLowerCase(Locale.ROOT)) {
                    case "for" -> client = value;
                    case "proto" -> scheme = scheme(value);
                    case "host" -> host = value;
                    default -> {}
                }
            }
            hops.add(new Hop(client, scheme, host));
        }
        return hops;
    }

    /** Of {@code X-Forwarded-For}, {@code -Proto} and {@code -Host}; the latter two may have been said once only. */
    private static List<Hop> usual(Function<String, List<String>> headers) {
        List<String> clients = elements(headers.apply("X-Forwarded-For"));
        List<String> schemes = elements(headers.apply("X-Forwarded-Proto"));
        List<String> hosts = elements(headers.apply("X-Forwarded-Host"));
        List<Hop> hops = new ArrayList<>();
        for (int fromRight = Math.max(1, clients.size()) - 1; fromRight >= 0; fromRight--) {
            hops.add(new Hop(
                    fromRight < clients.size() ? clients.get(clients.size() - 1 - fromRight) : null,
                    scheme(fromRight(schemes, fromRight)),
                    fromRight(hosts, fromRight)));
        }
        return clients.isEmpty() && schemes.isEmpty() && hosts.isEmpty() ? List.of() : hops;
    }

    private static String fromRight(List<String> values, int index) {
        return index < values.size() ? values.get(values.size() - 1 - index) : null;
    }

    private static List<String> elements(List<String> values) {
        List<String> elements = new ArrayList<>();
        values.stream()
                .filter(Objects::nonNull)
                .flatMap(value -> Stream.of(value.split(",")))
                .map(String::strip)
                .forEach(elements::add);
        return elements;
    }

    private static String scheme(String said) {
        return said == null ? null : SCHEMES.get(said.toLowerCase(Locale.ROOT));
    }

    /** A literal address, perhaps with a port; null when it is none. Never asks a name server. */
    private static InetAddress address(String said) {
        String literal = said == null ? "" : said;
        if (IPV6_IN_BRACKETS.matcher(literal).matches()) {
            literal = literal.substring(1, literal.indexOf(']'));
        } else if (IPV4_WITH_PORT.matcher(literal).matches()) {
            literal = literal.substring(0, literal.indexOf(':'));
        }
        if (!IPV4.matcher(literal).matches() && !literal.contains(":") || literal.contains("%")) {
            return null;
        }
        try {
            return InetAddress.getByName(literal); // with a colon it is an IPv6 address, or an error
        } catch (UnknownHostException notAnAddress) {
            return null;
        }
    }

    /** The request as the client sent it to the proxy. */
    private static final class Forwarded extends Request.Wrapper {

        private final HttpURI uri;
        private final HttpFields headers;
        private final ConnectionMetaData connection;

        Forwarded(Request request, Client client) {
            super(request);
            uri = client.scheme() == null
                    ? request.getHttpURI()
                    : HttpURI.build(request.getHttpURI())
                            .scheme(client.scheme())
                            .asImmutable();
            headers = client.host() == null
                    ? request.getHeaders()
                    : HttpFields.build(request.getHeaders()).put(HttpHeader.HOST, client.host());
            SocketAddress remote = new InetSocketAddress(client.address(), 0);
            connection = new ConnectionMetaData.Wrapper(request.getConnectionMetaData()) {
                @Override
                public SocketAddress getRemoteSocketAddress() {
                    return remote;
                }
            };
        }

        @Override
        public HttpURI getHttpURI() {
            return uri;
        }

        @Override
        public HttpFields getHeaders() {
            return headers;
        }

        @Override
        public ConnectionMetaData getConnectionMetaData() {
            return connection;
        }

        @Override
        public boolean isSecure() {
            return "https".equals(uri.getScheme());
        }
    }
}
