package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who may publish, and read an inbox over plain HTTP: with and without keys, from three places, by six callers; the 36
 * cases of the security checklist, 1.2. Each place is a real one: its server is bound there, and the request takes that
 * way. What real browsers send is in {@code client-js/test/browser/attacks.test.js}.
 */
class CrossSiteTest {

    private static final String KEY = "a-key-that-no-page-knows";

    /** Where the caller is, as the server sees it. */
    private enum Place {
        LOOPBACK,
        LAN,
        PROXIED
    }

    /** What comes from where, in the words of the one who sends it. */
    private enum Caller {
        CURL("GET", ""),
        IMG(
                "GET",
                "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: no-cors|Sec-Fetch-Dest: image|Referer: https://evil.test/"),
        FORM("POST", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Origin: https://evil.test"),
        FETCH("POST", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: no-cors|Origin: https://evil.test"),
        ADDRESS_BAR("GET", "Sec-Fetch-Site: none|Sec-Fetch-Mode: navigate|Sec-Fetch-User: ?1"),
        REBINDING("GET", "Host: evil.test|Sec-Fetch-Site: same-origin|Referer: http://evil.test/");

        final String method;
        final List<String> signals;

        Caller(String method, String signals) {
            this.method = method;
            this.signals = signals.isEmpty() ? List.of() : List.of(signals.split("\\|"));
        }

        /** To a name without TLS a browser says nothing of itself that a page could not keep to itself. */
        List<String> signals(Place place) {
            return place != Place.LAN
                    ? signals
                    : signals.stream()
                            .filter(signal -> signal.startsWith("Host"))
                            .toList();
        }
    }

    /** The statuses for the callers in their order. A name that is not ours matters only where no key proves the caller. */
    private static final String MATRIX = """
            without LOOPBACK 202 403 403 403 403 421
            without LAN      401 401 401 401 401 421
            without PROXIED  401 401 401 401 401 421
            with    LOOPBACK 202 401 401 401 401 401
            with    LAN      202 401 401 401 401 401
            with    PROXIED  202 401 401 401 401 401
            """;

    static Stream<Arguments> matrix() {
        return MATRIX.lines()
                .map(line -> line.split(" +"))
                .flatMap(row -> Stream.of(Caller.values())
                        .map(caller -> Arguments.of(
                                row[0].equals("with"),
                                Place.valueOf(row[1]),
                                caller,
                                Integer.parseInt(row[2 + caller.ordinal()]))));
    }

    private static final Map<Place, ServerFixture> KEYED = new EnumMap<>(Place.class);
    private static final Map<Place, ServerFixture> KEYLESS = new EnumMap<>(Place.class);

    @AfterAll
    static void stop() {
        KEYED.values().stream().distinct().forEach(ServerFixture::close);
        KEYLESS.values().stream().distinct().forEach(ServerFixture::close);
    }

    @ParameterizedTest(name = "{0} key, {1}, {2}: {3}")
    @MethodSource("matrix")
    void matrix(boolean keyed, Place place, Caller caller, int status) throws Exception {
        assumeTrue(place != Place.LAN || lan() != null, "this machine has no address but loopback ones");
        ServerFixture server = (keyed ? KEYED : KEYLESS).computeIfAbsent(place, absent -> start(keyed, place));
        List<String> lines = new ArrayList<>(caller.signals(place));
        if (caller != Caller.REBINDING) {
            lines.add("Host: " + address(place).getHostAddress() + ":" + server.port());
        }
        if (keyed && caller == Caller.CURL) { // nobody else knows it
            lines.add("X-Api-Key: " + KEY);
        }
        if (place == Place.PROXIED) {
            lines.add("X-Forwarded-For: 203.0.113.7");
        }
        String user = keyed + "-" + caller;
        assertEquals(
                status, status(server, place, caller.method, "/socket/publish?userId=" + user + "&message=x", lines));
        int listening = status == 202 ? 200 : status;
        assertEquals(listening, status(server, place, "GET", "/websocket/" + user + "?since=now", lines));
        assertEquals(status == 202 ? List.of("x") : List.of(), inbox(server, place, user));
    }

    private static ServerFixture start(boolean keyed, Place place) {
        String host = address(place).getHostAddress();
        return keyed
                ? ServerFixture.start("--host", host, "--publish-key", "shop:" + KEY)
                : ServerFixture.start("--host", host);
    }

    private static int status(ServerFixture server, Place place, String method, String path, List<String> lines)
            throws IOException {
        try (RawSocket line = open(server, place)) {
            line.request(method, path, lines.toArray(String[]::new));
            return line.readHead().status();
        }
    }

    /** What a client finds in the user's inbox. */
    private static List<String> inbox(ServerFixture server, Place place, String user) throws IOException {
        List<String> texts = new ArrayList<>();
        try (RawSocket line = RawSocket.webSocket(open(server, place), "/websocket/" + user, null)) {
            line.sendText("ping");
            for (String text = line.readText(); !text.equals("pong"); text = line.readText()) {
                texts.add(text);
            }
        }
        return texts;
    }

    private static RawSocket open(ServerFixture server, Place place) throws IOException {
        return RawSocket.to(new InetSocketAddress(address(place), server.port()));
    }

    private static InetAddress address(Place place) {
        return place == Place.LAN ? lan() : InetAddress.getLoopbackAddress();
    }

    /** An address of this machine in a network, or null. */
    private static InetAddress lan() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
                    .findFirst()
                    .orElse(null);
        } catch (IOException none) {
            return null;
        }
    }
}
