package parley.bench;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What is measured: where its clients connect, and where one publishes. Templates know {@code {i}}, the number of a
 * client, {@code {to}}, who gets a message: the number of a client or {@code all}, and {@code {run}}, other digits for
 * each scenario.
 */
final class Target {

    /** The server cannot be measured; the message says why, and what to change. */
    static final class Unreachable extends Exception {
        private static final long serialVersionUID = 1;

        Unreachable(String message) {
            super(message);
        }
    }

    private static final int PROBE_MILLIS = 5_000;

    private final BenchSettings settings;
    private final URI url;
    private final URI publishUrl;
    private final boolean parley;

    /** @param url of the server: of the settings, or of a server of our own */
    Target(BenchSettings settings, URI url) throws Unreachable {
        this.settings = settings;
        this.url = url;
        parley = List.of("http", "https").contains(String.valueOf(url.getScheme()));
        publishUrl = settings.publishUrl() == null ? url : settings.publishUrl();
        if (!List.of("http", "ws").contains(String.valueOf(url.getScheme())) || url.getHost() == null) {
            throw new Unreachable(
                    url.getScheme() == null || url.getHost() == null
                            ? "--url must be like http://localhost:7777 (a Parley) or ws://host/path (any WebSocket)."
                            : "--url can be http or ws only: TLS is not measured. Measure behind the proxy that ends it.");
        }
    }

    boolean isParley() {
        return parley;
    }

    /** Why a scenario cannot be measured here, or null. */
    String obstacle(BenchSettings.Scenario scenario) {
        return switch (scenario) {
            case CONNECTIONS, ECHO -> null;
            case STREAM, STORM -> parley ? null : "only a Parley can do that";
            default -> parley || settings.publishUrl() != null ? null : "there is no --publish-url";
        };
    }

    /** Host and port, as a user would write them. */
    String name() {
        return url.toString().replace("%7B", "{").replace("%7D", "}");
    }

    InetSocketAddress sockets() throws Unreachable {
        return address(url);
    }

    InetSocketAddress publishing() throws Unreachable {
        return address(publishUrl);
    }

    private static InetSocketAddress address(URI uri) throws Unreachable {
        try {
            return new InetSocketAddress(InetAddress.getByName(uri.getHost()), port(uri));
        } catch (UnknownHostException e) {
            throw new Unreachable("There is no host " + uri.getHost() + ": check the URL.");
        }
    }

    private static int port(URI uri) {
        return uri.getPort() < 0 ? 80 : uri.getPort();
    }

    /**
     * How client {@code index} connects.
     *
     * @param topic whether all clients are to get what is published to all
     * @param inbox whether what was missed is wanted
     */
    SocketClient.Handshake handshake(int index, String run, boolean topic, boolean inbox) {
        String headers = headerLines();
        if (!parley) {
            return new SocketClient.Handshake(host(url), path(url, index, topic, run), headers, null);
        }
        String path = "/websocket/" + user(index, run) + (inbox ? "" : "?since=now");
        if (settings.v1()) {
            String topics = topic ? ",\"topics\":[\"" + topic(run) + "\"]" : "";
            String hello = "{\"type\":\"hello\"" + topics + "}";
            return new SocketClient.Handshake(
                    host(url), path, headers + "Sec-WebSocket-Protocol: parley.v1\r\n", hello);
        }
        return new SocketClient.Handshake(host(url), topic ? path + "&topic=" + topic(run) : path, headers, null);
    }

    /** The head of a POST that publishes {@code bytes} of text to client {@code index}, or with -1 to all. */
    byte[] publishHead(int index, String run, int bytes) {
        String path = settings.publishUrl() != null
                ? path(publishUrl, Math.max(0, index), index < 0, run)
                : "/socket/publish?" + (index < 0 ? "topic=" + topic(run) : "userId=" + user(index, run));
        return head(path, "text/plain", "Content-Length: " + bytes);
    }

    /** The head of a POST of NDJSON that does not end. */
    byte[] streamHead() {
        return head("/socket/publish", "application/x-ndjson", "Transfer-Encoding: chunked");
    }

    /** A line of it, up to where the message begins. */
    byte[] streamLine(int index, String run) {
        return Publisher.ascii("{\"userId\":\"" + user(index, run) + "\",\"message\":\"");
    }

    private byte[] head(String path, String type, String length) {
        return Publisher.ascii("POST " + path + " HTTP/1.1\r\nHost: " + host(publishUrl) + "\r\nContent-Type: " + type
                + "\r\n" + length + "\r\n" + headerLines() + "\r\n");
    }

    private String headerLines() {
        StringBuilder lines = new StringBuilder();
        settings.headers().forEach(line -> lines.append(line).append("\r\n"));
        return lines.toString();
    }

    /** What client {@code index} sends to get {@code {msg}} back. */
    String echo(int index, String run) {
        String type = settings.v1() ? "\"type\":\"send\"," : "";
        String envelope = "{" + type + "\"reception\":\"" + user(index, run) + "\",\"body\":\"{msg}\"}";
        String standard = parley ? envelope : "{msg}";
        return settings.echo() == null ? standard : fill(settings.echo(), index, false, run);
    }

    private static String path(URI template, int index, boolean all, String run) {
        String path = template.getRawPath();
        String query = template.getRawQuery();
        String whole = (path == null || path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query);
        return fill(whole.replace("%7B", "{").replace("%7D", "}"), index, all, run);
    }

    private static String fill(String template, int index, boolean all, String run) {
        String number = Integer.toString(index);
        return template.replace("{i}", number)
                .replace("{to}", all ? "all" : number)
                .replace("{run}", run);
    }

    private static String user(int index, String run) {
        return "bench." + run + "." + index;
    }

    private static String topic(String run) {
        return "bench." + run;
    }

    private static String host(URI uri) {
        return uri.getPort() < 0 ? uri.getHost() : uri.getHost() + ":" + uri.getPort();
    }

    /**
     * Publishes one message on a Parley, to see whether we may.
     *
     * @return whether it keeps messages
     * @throws Unreachable when we may not
     */
    boolean probe() throws Unreachable {
        try {
            URI uri = URI.create("http://" + host(url) + "/socket/publish?userId=bench.probe");
            HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
            connection.setConnectTimeout(PROBE_MILLIS);
            connection.setReadTimeout(PROBE_MILLIS);
            connection.setRequestProperty("Content-Type", "text/plain");
            for (String line : settings.headers()) {
                String[] parts = line.split(":", 2);
                connection.setRequestProperty(parts[0].strip(), parts[1].strip());
            }
            connection.setDoOutput(true);
            connection.getOutputStream().write('x');
            int status = connection.getResponseCode();
            String body = new String(
                    (status < 400 ? connection.getInputStream() : connection.getErrorStream()).readNBytes(4096),
                    StandardCharsets.UTF_8);
            if (status / 100 != 2) {
                throw new Unreachable(
                        "The server at " + name() + " refuses to publish: " + status + HttpHead.detail(body)
                                + (status == 404 ? " Is it a Parley? --url ws://... measures any WebSocket." : ""));
            }
            return !body.contains("\"stored\":\"no\"");
        } catch (IOException e) {
            throw nobodyThere(e.getMessage());
        }
    }

    Unreachable nobodyThere(String why) {
        return new Unreachable("No server answers at " + name() + " (" + why
                + "): start one there, or leave --url out to measure a server of its own.");
    }
}
