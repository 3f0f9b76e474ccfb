package parley.auth;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import parley.message.Problem;

/**
 * Keeps pages on other sites from using the visitor's browser against a server that asks for no key: Host, Origin and
 * the browser's own words about where a request comes from. Stateless; never throws anything but a Problem.
 *
 * @see <a href="https://www.w3.org/TR/fetch-metadata/">Fetch Metadata</a>
 */
public final class BrowserGuard {

    private static final Pattern PORT = Pattern.compile("\\d{0,5}");
    private static final Pattern LOOPBACK =
            Pattern.compile("localhost|[a-z0-9.-]+\\.localhost|127(\\.\\d{1,3}){3}|\\[::1]");

    private static final List<String> FORWARDING = List.of(
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Port",
            "X-Forwarded-Proto",
            "X-Forwarded-Server",
            "X-Forwarded-Prefix",
            "X-Real-IP",
            "Via");

    /** Names of all addresses at once, which is none: a browser takes them for this machine and says nothing of itself. */
    private static final List<String> WILDCARDS = List.of("0.0.0.0", "::", "[::]");

    private final GuardSettings settings;

    public BrowserGuard(GuardSettings settings) {
        this.settings = settings;
    }

    /**
     * Whether someone without a key may publish, administrate, or read an inbox over plain HTTP.
     *
     * @throws Problem 421 for a foreign Host, 401 when a key is needed, 403 for a page on another site
     */
    public void requireLocal(Caller caller) throws Problem {
        requireHost(caller);
        if (!isLocal(caller)) {
            throw new Problem(
                    401,
                    "key_required",
                    "Without a key this works only on the server's own machine, from a loopback address to a loopback"
                            + " address, and not through a proxy.");
        }
        List<String> site = caller.header("Sec-Fetch-Site");
        if (!site.isEmpty() && !site.equals(List.of("same-origin"))
                || !caller.header("Sec-Purpose").isEmpty()
                || !caller.header("Purpose").isEmpty()
                || !sameOrigin(caller, caller.header("Origin"))
                || !sameOrigin(caller, caller.header("Referer"))) {
            throw new Problem(
                    403, "foreign_site", "A browser says that a page elsewhere made this request; only our own may.");
        }
    }

    /** Whether the caller is on this machine, as far as anybody can see: no proxy says that it passes him on. */
    boolean isLocal(Caller caller) {
        for (String name : FORWARDING) {
            if (!caller.header(name).isEmpty()) {
                return false;
            }
        }
        return caller.loopback();
    }

    /** @throws Problem 421 when the Host header names none of our names */
    public void requireHost(Caller caller) throws Problem {
        List<String> values = caller.header("Host");
        String host = values.size() == 1 ? hostOf(values.get(0)) : null;
        if (host == null || !isOurs(host)) {
            throw new Problem(
                    421, "foreign_host", "The Host header names another server; --allow-host adds a name to ours.");
        }
    }

    /**
     * For a client that came by TLS, a page that came without it is of another origin, because anybody on the way may
     * have written it.
     *
     * @throws Problem 403 when a page of an origin that is not ours opens a WebSocket
     */
    public void requireOrigin(Caller caller) throws Problem {
        List<String> origins = caller.header("Origin");
        boolean same = sameOrigin(caller, origins) && !(caller.secure() && isPlainHttp(origins));
        if (!same && !isAllowed(origins) && !bothLoopback(caller, origins)) {
            throw new Problem(
                    403, "foreign_origin", "Pages of this origin may not connect; --allow-origin adds an origin.");
        }
    }

    private boolean isOurs(String host) {
        return LOOPBACK.matcher(host).matches()
                || !WILDCARDS.contains(host)
                        && (host.equalsIgnoreCase(settings.host())
                                || host.equalsIgnoreCase("[" + settings.host() + "]"))
                || settings.allowHosts().stream().anyMatch(host::equalsIgnoreCase);
    }

    /** Whether there is no such header, or it names host and port of the request; {@code Origin} or {@code Referer}. */
    private static boolean sameOrigin(Caller caller, List<String> urls) {
        if (urls.isEmpty()) {
            return true;
        }
        URI url = urls.size() == 1 ? parse(urls.get(0)) : null;
        List<String> hosts = caller.header("Host");
        if (url == null || hosts.size() != 1) {
            return false;
        }
        String host = hosts.get(0).toLowerCase(Locale.ROOT);
        return withPort(host, url).equals(withPort(authority(url), url));
    }

    private static boolean isPlainHttp(List<String> origins) {
        return !origins.isEmpty() && origins.get(0).toLowerCase(Locale.ROOT).startsWith("http:");
    }

    private boolean isAllowed(List<String> origins) {
        return origins.size() == 1
                && settings.allowOrigins().stream()
                        .anyMatch(allowed -> allowed.equals("*") || allowed.equalsIgnoreCase(origins.get(0)));
    }

    /** A front-end's development server on the same machine may have any port. */
    private static boolean bothLoopback(Caller caller, List<String> origins) {
        List<String> hosts = caller.header("Host");
        URI origin = origins.size() == 1 ? parse(origins.get(0)) : null;
        String host = hosts.size() == 1 ? hostOf(hosts.get(0)) : null;
        return origin != null
                && host != null
                && LOOPBACK.matcher(host).matches()
                && LOOPBACK.matcher(origin.getHost().toLowerCase(Locale.ROOT)).matches();
    }

    private static URI parse(String url) {
        try {
            URI uri = new URI(url);
            boolean web = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
            return web && uri.getHost() != null && uri.getUserInfo() == null ? uri : null;
        } catch (URISyntaxException | NumberFormatException notAnOrigin) {
            return null; // the latter is not declared: Java's reader of [::1.2.3.4] lets it out
        }
    }

    private static String authority(URI url) {
        return url.getHost().toLowerCase(Locale.ROOT) + (url.getPort() < 0 ? "" : ":" + url.getPort());
    }

    /** The authority with the port that the URL's scheme stands for, unless it has one. */
    private static String withPort(String authority, URI url) {
        int standard = url.getScheme().equalsIgnoreCase("https") ? 443 : 80;
        return authority.lastIndexOf(':') > authority.lastIndexOf(']') ? authority : authority + ':' + standard;
    }

    /** The name in a Host header, lower case, without port; null when it is not of that form. */
    private static String hostOf(String header) {
        String host = header.toLowerCase(Locale.ROOT);
        int colon = host.lastIndexOf(':');
        if (colon > host.lastIndexOf(']')) {
            if (!PORT.matcher(host.substring(colon + 1)).matches()) {
                return null;
            }
            host = host.substring(0, colon);
        }
        return host.isEmpty() ? null : host;
    }
}
