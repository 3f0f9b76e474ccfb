package parley.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import parley.message.Problem;

/** What a request that came through our own proxies says of its client. */
class TrustedProxiesTest {

    private static final String PROXY = "10.0.0.1";
    private static final TrustedProxies PROXIES =
            new TrustedProxies(List.of("10.0.0.0/8", "127.0.0.1", "fd00::/16"), null);

    /** @param headers lines of a header */
    private static TrustedProxies.Client client(String... headers) throws Exception {
        Map<String, List<String>> values = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line : headers) {
            String[] words = line.split(":", 2);
            values.computeIfAbsent(words[0], name -> new ArrayList<>()).add(words[1].strip());
        }
        return PROXIES.client(InetAddress.getByName(PROXY), name -> values.getOrDefault(name, List.of()));
    }

    private static void assertAddress(String expected, String... headers) throws Exception {
        assertEquals(InetAddress.getByName(expected), client(headers).address());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "203.0.113.7                       | 203.0.113.7",
                "203.0.113.7:4711                  | 203.0.113.7", // as Azure writes it
                "2001:db8::7                       | 2001:db8::7",
                "[2001:db8::7]                     | 2001:db8::7",
                "[2001:db8::7]:4711                | 2001:db8::7",
                "::ffff:203.0.113.7                | 203.0.113.7",
                "203.0.113.7, 10.9.9.9             | 203.0.113.7", // a chain of ours
                "203.0.113.7,10.9.9.9,fd00::9      | 203.0.113.7",
                "1.1.1.1, 203.0.113.7              | 203.0.113.7", // what stands left is invented
                "127.0.0.1, 203.0.113.7            | 203.0.113.7",
                "127.0.0.1, 203.0.113.7, 10.9.9.9  | 203.0.113.7",
                "10.9.9.9, 10.8.8.8                | 10.9.9.9", // ours alone: the first of them asked
                "unknown                           | 10.0.0.1",
                "''                                | 10.0.0.1",
                "203.0.113.7, unknown, 10.9.9.9    | 10.9.9.9", // beyond it nothing is known
                "203.0.113.7, beef                 | 10.0.0.1", // no name is looked up
                "203.0.113.7, localhost            | 10.0.0.1",
                "203.0.113.7, fe80::1%1            | 10.0.0.1",
                "203.0.113.7, 999.0.0.1            | 10.0.0.1",
                "203.0.113.7, 1.2.3.4.5            | 10.0.0.1",
                "203.0.113.7, [::1                 | 10.0.0.1",
                ",,203.0.113.7                     | 203.0.113.7",
            })
    void theClientIsTheRightmostAddressThatIsNotOurs(String forwardedFor, String client) throws Exception {
        assertAddress(client, "X-Forwarded-For: " + forwardedFor);
    }

    @Test
    void severalLinesAreOneList() throws Exception {
        assertAddress("203.0.113.7", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 203.0.113.7, 10.9.9.9");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "for=203.0.113.7                               | 203.0.113.7",
                "For=\"203.0.113.7:80\";proto=https;by=10.0.0.1  | 203.0.113.7",
                "for=\"[2001:db8::7]:80\"                        | 2001:db8::7",
                "for=127.0.0.1, for=203.0.113.7                | 203.0.113.7",
                "for=203.0.113.7, for=10.9.9.9                 | 203.0.113.7",
                "for=203.0.113.7, for=_hidden                  | 10.0.0.1",
                "for=203.0.113.7, proto=https                  | 10.0.0.1",
                "for=\"127.0.0.1, for=203.0.113.7              | 203.0.113.7", // a quote that never ends
                "for=203.0.113.7;for=127.0.0.1, for=1.1.1.1    | 1.1.1.1",
            })
    void theStandardHeaderSaysTheSame(String forwarded, String client) throws Exception {
        assertAddress(client, "Forwarded: " + forwarded);
    }

    /** It goes through a proxy that only knows the standard one. */
    @Test
    void aSchemeOfTheClientsDoesNotHideHim() throws Exception {
        TrustedProxies.Client client = client("Forwarded: for=203.0.113.7;proto=http", "X-Forwarded-Proto: https");
        assertEquals(new TrustedProxies.Client(InetAddress.getByName("203.0.113.7"), "http", null), client);
    }

    @Test
    void withoutAHeaderItIsTheProxyItself() throws Exception {
        assertEquals(new TrustedProxies.Client(InetAddress.getByName(PROXY), null, null), client());
    }

    @ParameterizedTest
    @CsvSource({
        "https, https",
        "HTTPS, https",
        "http, http",
        "wss, https",
        "ws, http",
        "gopher, ",
        "'evil, https', https"
    })
    void theSchemeIsTheProxys(String said, String scheme) throws Exception {
        assertEquals(
                scheme,
                client("X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: " + said)
                        .scheme());
        assertEquals(scheme, client("X-Forwarded-Proto: " + said).scheme());
    }

    /** Each belongs to the proxy that spoke to the client, or to the only one that said it. */
    @Test
    void schemeAndHostAreThoseThatTheClientUsed() throws Exception {
        TrustedProxies.Client both = client(
                "X-Forwarded-For: 9.9.9.9, 203.0.113.7, 10.9.9.9",
                "X-Forwarded-Proto: http, https, http",
                "X-Forwarded-Host: evil.test, chat.example.com, inner");
        assertEquals("https", both.scheme());
        assertEquals("chat.example.com", both.host());
        TrustedProxies.Client one =
                client("X-Forwarded-For: 203.0.113.7, 10.9.9.9", "X-Forwarded-Host: chat.example.com");
        assertEquals("chat.example.com", one.host());
        TrustedProxies.Client standard = client(
                "Forwarded: for=9.9.9.9;host=evil.test, for=203.0.113.7;host=\"chat.example.com:443\";proto=https, for=10.9.9.9");
        assertEquals("chat.example.com:443", standard.host());
        assertEquals("https", standard.scheme());
    }

    /** A proxy that sets one of them lets the other through as a client sent it. */
    @Test
    void twoHeadersThatContradictEachOtherAreRefused() throws Exception {
        assertAddress("203.0.113.7", "X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7;proto=https");
        Problem problem =
                assertThrows(Problem.class, () -> client("X-Forwarded-For: 203.0.113.7", "Forwarded: for=127.0.0.1"));
        assertEquals(400, problem.status());
        assertThrows(Problem.class, () -> client("X-Forwarded-For: 127.0.0.1", "Forwarded: for=203.0.113.7"));
    }
}
