package parley.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import parley.message.Channel;
import parley.message.Json;
import parley.message.ManualTime;
import parley.message.Problem;

/** Names and headers that anybody may send: one canonical form, one own server, and a Problem for everything else. */
class AuthFuzz {

    private static final BrowserGuard GUARD = new BrowserGuard(
            new GuardSettings("192.0.2.1", List.of("chat.example.com"), List.of("https://app.example.com")));

    // ---- names

    @FuzzTest
    void names(byte[] input) throws Problem {
        String raw = new String(input, StandardCharsets.UTF_8);
        String topic = name(raw, UserId::topic, UserId.MAX_TOPIC, "bad_topic");
        String user = name(raw, UserId::user, UserId.MAX_USER, "bad_user");
        if (user != null) {
            assertEquals(user, topic, "whoever may be a user may be a topic");
            assertEquals(new Channel.User(user), UserId.reception("user:" + raw));
            assertEquals(new Channel.User(user), Channel.parse("user:" + user));
        }
        if (topic != null) {
            assertEquals(new Channel.Topic(topic), UserId.reception("topic:" + raw));
        }
        try {
            Channel channel = UserId.reception(raw);
            assertEquals(channel, UserId.reception(channel.toString()), "a channel's own words mean it");
        } catch (Problem problem) {
            assertEquals("bad_reception", problem.code());
        }
    }

    private interface Canonical {
        String of(String raw) throws Problem;
    }

    private static String name(String raw, Canonical canonical, int max, String code) throws Problem {
        String name;
        try {
            name = canonical.of(raw);
        } catch (Problem problem) {
            assertEquals(code, problem.code());
            return null;
        }
        assertEquals(name, canonical.of(name), "canonical already");
        assertTrue(Normalizer.isNormalized(name, Normalizer.Form.NFC));
        assertTrue(name.codePointCount(0, name.length()) <= max && !name.isEmpty());
        assertTrue(name.codePoints().noneMatch(c -> "/\\;".indexOf(c) >= 0 || Character.isISOControl(c)));
        assertTrue(StandardCharsets.UTF_8.newEncoder().canEncode(name));
        String decomposed = Normalizer.normalize(name, Normalizer.Form.NFD);
        if (decomposed.length() <= max) {
            assertEquals(name, canonical.of(decomposed), "another spelling of the same");
        }
        return name;
    }

    // ---- headers

    /** Each line is a header. Who passes has a Host of ours, and is no page of anybody else's. */
    @FuzzTest
    void guard(byte[] input) {
        Map<String, List<String>> headers = headers(new String(input, StandardCharsets.UTF_8));
        Caller caller = caller(headers, true);
        boolean ours = passes(() -> GUARD.requireHost(caller), 421);
        boolean origin = passes(() -> GUARD.requireOrigin(caller), 403);
        boolean local = passes(() -> GUARD.requireLocal(caller), 401, 403, 421);
        List<String> hosts = headers.getOrDefault("host", List.of());
        if (ours) {
            assertTrue(hosts.size() == 1 && isOurs(hosts.get(0)), () -> hosts + " passed");
        }
        if (origin) {
            headers.getOrDefault("origin", List.of()).forEach(one -> assertTrue(mayConnect(one, hosts), one));
        }
        if (local) {
            assertTrue(ours);
            assertTrue(Collections.disjoint(headers.keySet(), List.of("forwarded", "x-forwarded-for", "via")));
            assertTrue(List.of(List.of(), List.of("same-origin"))
                    .contains(headers.getOrDefault("sec-fetch-site", List.of())));
            headers.getOrDefault("origin", List.of()).forEach(one -> assertTrue(isSame(one, hosts.get(0)), one));
            headers.getOrDefault("referer", List.of()).forEach(one -> assertTrue(isSame(one, hosts.get(0)), one));
        }
        assertTrue(!passes(() -> GUARD.requireLocal(caller(headers, false)), 401, 421), "not from this machine");
    }

    private static Map<String, List<String>> headers(String lines) {
        Map<String, List<String>> headers = new HashMap<>();
        for (String line : lines.split("\n")) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.computeIfAbsent(line.substring(0, colon).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                        .add(line.substring(colon + 1).strip());
            }
        }
        return headers;
    }

    private static Caller caller(Map<String, List<String>> headers, boolean loopback) {
        return new Caller(
                name -> headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()), null, loopback, false);
    }

    private interface Check {
        void run() throws Problem;
    }

    private static boolean passes(Check check, Integer... refusals) {
        try {
            check.run();
            return true;
        } catch (Problem problem) {
            assertTrue(Set.of(refusals).contains(problem.status()), () -> problem.status() + " " + problem.detail());
            return false;
        }
    }

    /** By the letters alone, without any parser of URLs. */
    private static boolean isOurs(String host) {
        String name = host.toLowerCase(Locale.ROOT).replaceFirst(":\\d*$", "");
        return List.of("192.0.2.1", "[192.0.2.1]", "chat.example.com").contains(name) || isLoopback(name);
    }

    private static boolean isLoopback(String name) {
        return name.equals("localhost")
                || name.matches("[a-z0-9.-]+\\.localhost")
                || name.matches("127\\.\\d+\\.\\d+\\.\\d+")
                || name.equals("[::1]");
    }

    private static String authority(String url) {
        String lower = url.toLowerCase(Locale.ROOT);
        assertTrue(lower.startsWith("http://") || lower.startsWith("https://"), url);
        return lower.substring(lower.indexOf("//") + 2).split("[/?#]", 2)[0];
    }

    private static boolean isSame(String url, String host) {
        String port = url.toLowerCase(Locale.ROOT).startsWith("https") ? ":443" : ":80";
        return withPort(authority(url), port).equals(withPort(host.toLowerCase(Locale.ROOT), port));
    }

    /** Also without the zeros before a port, which no browser sends. */
    private static String withPort(String authority, String standard) {
        String whole = authority.matches(".*:\\d+") ? authority : authority.replaceFirst(":$", "") + standard;
        return whole.replaceFirst(":0+(\\d+)$", ":$1");
    }

    private static boolean mayConnect(String origin, List<String> hosts) {
        return origin.equalsIgnoreCase("https://app.example.com")
                || hosts.size() == 1
                        && (isSame(origin, hosts.get(0))
                                || isLoopback(hosts.get(0)
                                                .toLowerCase(Locale.ROOT)
                                                .replaceFirst(":\\d*$", ""))
                                        && isLoopback(authority(origin).replaceFirst(":\\d*$", "")));
    }

    // ---- tokens

    private static final String SECRET = "a secret of thirty-two characters";
    private static final String GENUINE = signed("{\"alg\":\"HS256\"}", "{\"sub\":\"42\",\"exp\":1800000060}");
    private static final Tokens TOKENS = tokens();

    private static Tokens tokens() {
        AuthSettings.Secret secret = new AuthSettings.Secret(SECRET);
        TokenSettings settings = new TokenSettings(List.of(secret), List.of(), List.of(), List.of(), List.of());
        try {
            return new Tokens(settings, new ManualTime(), (millis, task) -> {});
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String signed(String header, String claims) {
        try {
            Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
            String signed = base64.encodeToString(header.getBytes(StandardCharsets.UTF_8))
                    + '.'
                    + base64.encodeToString(claims.getBytes(StandardCharsets.UTF_8));
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return signed + '.' + base64.encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Nobody signs by chance: what is good has the parts of the one good token. */
    @FuzzTest
    void tokens(byte[] input) {
        String token = new String(input, StandardCharsets.UTF_8).strip();
        if (TOKENS.verify(token) instanceof Tokens.Valid) {
            assertEquals(GENUINE.substring(0, GENUINE.lastIndexOf('.')), token.substring(0, token.lastIndexOf('.')));
        }
        assertTrue(TOKENS.verify(GENUINE) instanceof Tokens.Valid);
    }

    /** The first line is a header, the others are claims, and the signature is good. */
    @FuzzTest
    void claims(byte[] input) throws Problem {
        String[] parts = new String(input, StandardCharsets.UTF_8).split("\n", 2);
        Tokens.Verdict verdict = TOKENS.verify(signed(parts[0], parts.length == 2 ? parts[1] : ""));
        if (verdict instanceof Tokens.Valid valid) {
            assertEquals("HS256", Json.object(parts[0]).text("alg"));
            assertEquals(UserId.user(valid.identity().user()), valid.identity().user());
            assertTrue(valid.identity().expires() > new ManualTime().wallMillis());
            assertTrue(parts[1].contains("\"") && !valid.identity().mayRead(Channel.EVENTS));
        } else if (verdict instanceof Tokens.Invalid invalid) {
            assertEquals(401, invalid.why().status());
        }
    }
}
