package parley.auth;

import java.util.List;

/**
 * Which names and origins are ours beside the obvious ones.
 *
 * @param host the address the server is bound to
 * @param allowHosts further names in the Host header, without port
 * @param allowOrigins further origins of pages, such as {@code https://example.com}; {@code *} for any, {@code null} for
 *     file pages
 */
public record GuardSettings(String host, List<String> allowHosts, List<String> allowOrigins) {

    public GuardSettings {
        // an origin has no path, but people copy one out of the address bar
        allowOrigins = allowOrigins.stream()
                .map(origin -> origin.endsWith("/") ? origin.substring(0, origin.length() - 1) : origin)
                .toList();
    }
}
