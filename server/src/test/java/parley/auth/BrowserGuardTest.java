package parley.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.message.Problem;

/** Cross-site WebSocket hijacking, DNS rebinding and cross-site publishing, as a server without keys meets them. */
class BrowserGuardTest {

    private static final int PASSES = 200;

    private static final BrowserGuard GUARD = new BrowserGuard(
            new GuardSettings("127.0.0.1", List.of("chat.example.com"), List.of("https://app.example.com")));

    /** Headers as name, value, name, value; a name may come twice. */
    private static Caller caller(boolean loopback, String... pairs) {
        Map<String, List<String>> headers = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            headers.computeIfAbsent(pairs[i], name -> new ArrayList<>()).add(pairs[i + 1]);
        }
        return new Caller(name -> headers.getOrDefault(name, List.of()), null, loopback, false);
    }

    private interface Check {
        void run() throws Problem;
    }

    private static int status(Check check) {
        try {
            check.run();
            return PASSES;
        } catch (Problem problem) {
            return problem.status();
        }
    }

    private static int host(BrowserGuard guard, String... pairs) {
        return status(() -> guard.requireHost(caller(false, pairs)));
    }

    private static int origin(BrowserGuard guard, String... pairs) {
        return status(() -> guard.requireOrigin(caller(false, pairs)));
    }

    private static int local(boolean loopback, String... pairs) {
        return status(() -> GUARD.requireLocal(caller(loopback, pairs)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "localhost:7777",
                "LocalHost:7777",
                "localhost:",
                "app.localhost:1",
                "a.b-c.localhost",
                "127.0.0.1",
                "127.0.0.1:65535",
                "127.8.9.10",
                "[::1]",
                "[::1]:7777",
                "chat.example.com",
                "CHAT.Example.com:8443",
            })
    void knowsItsOwnNames(String host) {
        assertEquals(PASSES, host(GUARD, "Host", host));
        assertEquals(PASSES, local(true, "Host", host));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ":",
                ":7777",
                "evil.test",
                "evil.test:7777",
                "localhost.evil.test",
                "localhost-evil.test",
                "evillocalhost",
                "localhost.",
                ".localhost",
                "localhost@evil.test",
                "evil.test@localhost",
                "localhost/evil.test",
                "localhost,evil.test",
                "localhost evil.test",
                "localhost\u0000",
                "localhost:7777:7777",
                "localhost:port",
                "localhost:-1",
                "localhost:777777",
                "http://localhost",
                "127.0.0.1.evil.test",
                "127.0.0",
                "127.1",
                "2130706433",
                "0x7f.0.0.1",
                "128.0.0.1",
                "0.0.0.0",
                "::1",
                "[::1",
                "::1]",
                "[::1]evil.test",
                "[::2]:7777",
                "[::ffff:127.0.0.1]",
                "[::1%25lo]",
                "chat.example.com.",
                "chat.example.com.evil.test",
                "evilchat.example.com",
                "evil.chat.example.com",
                "example.com",
            })
    void anyOtherHostIsMisdirected(String host) {
        assertEquals(421, host(GUARD, "Host", host));
        assertEquals(421, local(true, "Host", host));
    }

    @Test
    void oneHostItMustBe() {
        assertEquals(421, host(GUARD));
        assertEquals(421, host(GUARD, "Host", "localhost", "Host", "localhost"));
        assertEquals(421, host(GUARD, "Host", "localhost", "Host", "evil.test"));
    }

    @ParameterizedTest
    @CsvSource({
        "192.168.1.5, 192.168.1.5:7777, 200",
        "192.168.1.5, 192.168.1.6:7777, 421",
        "fe80::1, [fe80::1]:7777, 200",
        "fe80::1, [FE80::1]:7777, 200",
        "fe80::1, [fe80::2]:7777, 421",
        "push.lan, push.lan, 200",
        "push.lan, push.lan.evil.test, 421",
    })
    void theBoundAddressIsAName(String bound, String host, int status) {
        assertEquals(status, host(new BrowserGuard(new GuardSettings(bound, List.of(), List.of())), "Host", host));
    }

    @ParameterizedTest
    @CsvSource({
        // the page's own server
        "localhost:7777, http://localhost:7777, 200",
        "chat.example.com, https://chat.example.com, 200",
        "chat.example.com, http://chat.example.com, 200",
        "chat.example.com, https://chat.example.com:443, 200",
        "chat.example.com, http://chat.example.com:80, 200",
        "chat.example.com:8443, https://chat.example.com:8443, 200",
        "Chat.Example.com, HTTPS://CHAT.EXAMPLE.COM, 200",
        "10.0.0.5:7777, http://10.0.0.5:7777, 200",
        "[fe80::1]:7777, http://[fe80::1]:7777, 200",
        // on loopback any port
        "localhost:7777, http://localhost:3000, 200",
        "localhost:7777, http://127.0.0.1:5173, 200",
        "127.0.0.1:7777, http://localhost, 200",
        "[::1]:7777, http://app.localhost:5173, 200",
        "localhost:7777, http://[::1]:5173, 200",
        // the configured one
        "localhost:7777, https://app.example.com, 200",
        "chat.example.com, https://app.example.com, 200",
        "chat.example.com, HTTPS://App.example.com, 200",
        // look-alikes
        "chat.example.com, https://evil.test, 403",
        "chat.example.com, https://evil-chat.example.com, 403",
        "chat.example.com, https://evilchat.example.com, 403",
        "chat.example.com, https://evil.chat.example.com, 403",
        "chat.example.com, https://chat.example.com.evil.test, 403",
        "chat.example.com, https://chat.example.com., 403",
        "chat.example.com, https://chat.example.com:81, 403",
        "chat.example.com, https://chat.example.com:80, 403",
        "chat.example.com, http://chat.example.com:443, 403",
        "chat.example.com:8443, https://chat.example.com, 403",
        "chat.example.com, https://chat.example.com@evil.test, 403",
        "chat.example.com, https://evil@chat.example.com, 403",
        "chat.example.com, https://evil.test#chat.example.com, 403",
        "chat.example.com, https://evil.test/chat.example.com, 403",
        "chat.example.com, 'https://chat.example.com, https://evil.test', 403",
        "chat.example.com, 'https://evil.test https://chat.example.com', 403",
        "chat.example.com, chat.example.com, 403",
        "chat.example.com, //chat.example.com, 403",
        "chat.example.com, https:chat.example.com, 403",
        "chat.example.com, https://, 403",
        "chat.example.com, ftp://chat.example.com, 403",
        "chat.example.com, file://, 403",
        "chat.example.com, chrome-extension://chat.example.com, 403",
        "chat.example.com, javascript:alert(1), 403",
        "chat.example.com, null, 403",
        "chat.example.com, '', 403",
        "chat.example.com, *, 403",
        "chat.example.com, http://app.example.com, 403",
        "chat.example.com, https://app.example.com:8443, 403",
        "chat.example.com, https://app.example.com.evil.test, 403",
        "chat.example.com, https://xapp.example.com, 403",
        // loopback is not what begins like it, and only a loopback server trusts it
        "localhost:7777, http://localhost.evil.test:7777, 403",
        "localhost:7777, http://127.0.0.1.evil.test:7777, 403",
        "localhost:7777, http://evillocalhost:7777, 403",
        "localhost:7777, http://[::2]:7777, 403",
        "localhost:7777, http://10.0.0.5:7777, 403",
        "localhost:7777, null, 403",
        "chat.example.com, http://localhost:3000, 403",
        "10.0.0.5:7777, http://127.0.0.1:7777, 403",
        "evil.test, http://localhost:7777, 403",
        "'', http://localhost:7777, 403",
    })
    void originsOfAHandshake(String host, String origin, int status) {
        assertEquals(status, origin(GUARD, "Host", host, "Origin", origin));
    }

    @Test
    void noOriginIsNoBrowserAndTwoAreNoneOfOurs() {
        assertEquals(PASSES, origin(GUARD, "Host", "chat.example.com"));
        assertEquals(PASSES, origin(GUARD));
        String own = "https://chat.example.com";
        assertEquals(403, origin(GUARD, "Host", "chat.example.com", "Origin", own, "Origin", own));
        assertEquals(403, origin(GUARD, "Host", "chat.example.com", "Host", "chat.example.com", "Origin", own));
        assertEquals(403, origin(GUARD, "Origin", own));
    }

    @Test
    void theOriginAloneDoesNotStopRebinding() {
        String[] rebound = {"Host", "evil.test:7777", "Origin", "http://evil.test:7777"};
        assertEquals(PASSES, origin(GUARD, rebound), "it is the page's own server, as far as the browser knows");
        assertEquals(421, host(GUARD, rebound));
        assertEquals(421, local(true, rebound));
    }

    @ParameterizedTest
    @CsvSource({
        "*, https://evil.test, 200",
        "*, null, 200",
        "null, null, 200",
        "null, https://evil.test, 403",
        "https://a.test, https://b.test, 403",
    })
    void originsThatTheOperatorAllows(String allowed, String origin, int status) {
        BrowserGuard guard = new BrowserGuard(new GuardSettings("127.0.0.1", List.of(), List.of(allowed)));
        assertEquals(status, origin(guard, "Host", "localhost:7777", "Origin", origin));
        assertEquals(403, origin(guard, "Host", "localhost", "Origin", origin, "Origin", origin), "two of them");
    }

    /** Who asks, from where: security checklist 1.2. The host decides first, then the way, then the browser. */
    @ParameterizedTest
    @CsvSource({
        "curl, '', 200, 401, 401",
        "our own page, Sec-Fetch-Site=same-origin Origin=http://localhost:7777, 200, 401, 401",
        "our own page before Fetch Metadata, Referer=http://localhost:7777/index.html?x=1, 200, 401, 401",
        "img, Sec-Fetch-Site=cross-site Referer=https://evil.test/, 403, 401, 401",
        "form, Sec-Fetch-Site=cross-site Origin=https://evil.test, 403, 401, 401",
        "form of a page without address, Origin=null, 403, 401, 401",
        "no-cors fetch, Sec-Fetch-Site=cross-site Sec-Fetch-Mode=no-cors, 403, 401, 401",
        "page on another port, Sec-Fetch-Site=same-site Origin=http://localhost:3000, 403, 401, 401",
        "page on another port before Fetch Metadata, Origin=http://localhost:3000, 403, 401, 401",
        "an allowed origin is for sockets only, Origin=https://app.example.com, 403, 401, 401",
        "address bar or mail, Sec-Fetch-Site=none, 403, 401, 401",
        "prefetch, Sec-Fetch-Site=same-origin Sec-Purpose=prefetch, 403, 401, 401",
        "old prefetch, Purpose=prefetch, 403, 401, 401",
        "link on another site, Referer=https://evil.test/, 403, 401, 401",
        "rebound name, Host=evil.test Sec-Fetch-Site=same-origin Origin=http://evil.test, 421, 421, 421",
    })
    void whoMayPublishWithoutAKey(String who, String signals, int loopback, int lan, int proxied) {
        List<String> pairs = new ArrayList<>();
        if (!signals.contains("Host=")) {
            pairs.addAll(List.of("Host", "localhost:7777"));
        }
        for (String signal : signals.split(" ")) {
            if (!signal.isEmpty()) {
                pairs.addAll(List.of(signal.split("=", 2)));
            }
        }
        assertEquals(loopback, local(true, pairs.toArray(String[]::new)), who);
        assertEquals(lan, local(false, pairs.toArray(String[]::new)), who + " in the LAN");
        pairs.addAll(List.of("X-Forwarded-For", "10.0.0.7"));
        assertEquals(proxied, local(true, pairs.toArray(String[]::new)), who + " through a proxy");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"})
    void whatCameThroughAProxyIsNotLocal(String header) {
        assertEquals(401, local(true, "Host", "localhost:7777", header, "127.0.0.1"));
        assertEquals(401, local(true, "Host", "localhost:7777", header, ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cross-site", "same-site", "none", "", "Same-Origin", "same-origin, cross-site", "x"})
    void onlyTheOwnSiteMayFetch(String site) {
        assertEquals(403, local(true, "Host", "localhost", "Sec-Fetch-Site", site));
        assertEquals(403, local(true, "Host", "localhost", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", site));
    }

    @Test
    void malformedHeadersAreRefusedAndNeverThrow() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String[] parts = {
            "http://",
            "https:",
            "//",
            "localhost",
            "127.0.0.1",
            "evil",
            ".test",
            ":",
            "7777",
            "99999999999",
            "[",
            "]",
            "::1",
            "%",
            "%zz",
            "@",
            "/",
            "\\",
            "?",
            "#",
            " ",
            ",",
            "\u0000",
            "\t",
            "é",
            "\ud83c",
            "*",
            "null",
            "^",
            "{",
        };
        for (int i = 0; i < 4_000; i++) {
            String[] values = new String[3];
            for (int v = 0; v < values.length; v++) {
                StringBuilder value = new StringBuilder();
                for (int n = random.nextInt(8); n > 0; n--) {
                    value.append(parts[random.nextInt(parts.length)]);
                }
                values[v] = value.toString();
            }
            String[] pairs = {"Host", values[0], "Origin", values[1], "Referer", values[2]};
            String[] known = {"Host", "localhost", "Origin", values[1] + "@", "Referer", values[2]};
            try {
                host(GUARD, pairs);
                origin(GUARD, pairs);
                local(true, pairs);
                assertFalse(local(true, known) == PASSES, String.join(" | ", known));
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + String.join(" | ", pairs), e);
            }
        }
    }

    @Test
    void enormousHeadersAreRefusedAsWell() {
        String dots = "a.".repeat(100_000);
        assertEquals(421, host(GUARD, "Host", dots));
        assertEquals(403, origin(GUARD, "Host", "localhost", "Origin", "http://" + dots + "test"));
    }
}
