package parley.auth;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Which names and origins are ours beside the obvious ones.
 *
 * @param host the address the server is bound to
 * @param allowHosts further names in the Host header, without port
 * @param allowOrigins further origins of pages, such as {@code https://example.com}; {@code *} for any, {@code null} for
 *     file pages
 */
public record GuardSettings(String host, List<String> allowHosts, List<String> allowOrigins) {

    private static final Pattern ORIGIN = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]*://[\\x21-\\x7e&&[^/?#@]]+");
    private static final Pattern NAME = Pattern.compile("[^\\s/:@]+|\\[[0-9a-fA-F:.]+]");

    public GuardSettings {
        allowHosts.forEach(GuardSettings::host);
        allowOrigins = allowOrigins.stream().map(GuardSettings::origin).toList();
    }

    /**
     * An origin as browsers send it: without a path, which people copy out of the address bar, and without the port that
     * its scheme has anyway.
     *
     * @throws IllegalArgumentException when no browser sends such a one, so that it would never match
     */
    public static String origin(String text) {
        String origin = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
        if (origin.equals("*") || origin.equals("null")) {
            return origin;
        }
        if (!ORIGIN.matcher(origin).matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no origin as browsers send it: write it like https://example.com.");
        }
        String lower = origin.toLowerCase(Locale.ROOT);
        String usual = lower.startsWith("https://") ? ":443" : lower.startsWith("http://") ? ":80" : "/";
        return lower.endsWith(usual) ? origin.substring(0, origin.length() - usual.length()) : origin;
    }

    /** @throws IllegalArgumentException when it is more than the name in a Host header, and would never match */
    public static String host(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "'" + name + "' is no name of a host: write it without scheme and port, like chat.example.com.");
        }
        return name;
    }
}
