package parley.auth;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import parley.message.Json;
import parley.message.Problem;
import parley.message.Time;

/**
 * Says of a token whose it is. Nothing in a token counts before its signature holds, but which of our keys to try.
 * Thread-safe; never waits for anything.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8725">RFC 8725: what goes wrong with tokens</a>
 */
final class Tokens implements AutoCloseable {

    /** Characters of a token; more is none of ours. It travels in a path or a header, which are bounded anyway. */
    private static final int MAX_CHARS = 4 << 10;

    /** How far the clock of who made a token may be ahead of ours. */
    private static final long LEEWAY_MILLIS = 30_000;

    /** Verified tokens that are known again: as many as a server has connections; about 6 MB of short ones. */
    static final int MAX_KNOWN = 20_000;

    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)");

    /** Seconds since 1970; eleven digits reach to the year 5138, and milliseconds have thirteen. */
    private static final Pattern NUMERIC_DATE = Pattern.compile("(\\d{1,11})(?:\\.(\\d{1,9}))?");

    /** Tokens for something else, such as logging somebody out, are signed with the same keys. */
    private static final Set<String> TYPES = Set.of("jwt", "at+jwt", "application/jwt", "application/at+jwt");

    /** What a token is worth. */
    sealed interface Verdict {}

    record Valid(Identity identity) implements Verdict {}

    /** One of ours, but not good now, or not for this. */
    record Invalid(Problem why) implements Verdict {}

    /** None of ours, for all that anybody can tell. */
    record Forged() implements Verdict {}

    /** Perhaps one of ours: our keys are not all here yet. */
    record Unknown() implements Verdict {}

    private final List<TokensKey> fixed = new ArrayList<>();
    private final List<TokensKeySet> sets = new ArrayList<>();
    private final List<String> issuers;
    private final List<String> audiences;
    private final Time time;

    /** Guarded by itself, in the order of use. */
    private final Map<ByteBuffer, Identity> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Identity> eldest) {
            return size() > MAX_KNOWN;
        }
    };

    private long changes; // of our keys; guarded by known

    /**
     * @param later runs a task after so many milliseconds, on a thread that it may use for a moment
     * @throws IOException when a key cannot be used; the message names it and says what to change
     */
    Tokens(TokenSettings settings, Time time, Authenticator.Later later) throws IOException {
        this.issuers = settings.issuers();
        this.audiences = settings.audiences();
        this.time = time;
        try {
            settings.secrets().forEach(secret -> fixed.add(TokensKey.secret(secret.text())));
        } catch (IllegalArgumentException unusable) {
            throw new IOException("--token-secret: " + unusable.getMessage());
        }
        for (Path file : settings.keyFiles()) {
            try {
                fixed.add(TokensKey.checking(Files.readString(file)));
            } catch (IOException | IllegalArgumentException unusable) {
                throw new IOException("--token-key " + file + ": " + unusable.getMessage());
            }
        }
        for (String source : settings.jwks()) {
            sets.add(new TokensKeySet(source, later, this::forget));
        }
    }

    /** Begins to read key sets that are elsewhere. @throws IOException when one in a file cannot be used */
    void start() throws IOException {
        for (TokensKeySet set : sets) {
            set.start();
        }
    }

    /** Whether every key set was read once. */
    boolean isReady() {
        return sets.stream().allMatch(set -> set.keys() != null);
    }

    /** Keys came or went: what they had signed is looked at again. */
    private void forget() {
        synchronized (known) {
            changes++;
            known.clear();
        }
    }

    Verdict verify(String token) {
        Matcher parts = FORM.matcher(token);
        if (token.length() > MAX_CHARS || !parts.matches()) {
            return new Forged();
        }
        ByteBuffer digest = ByteBuffer.wrap(Digests.sha256(token));
        Identity identity;
        long before;
        synchronized (known) {
            identity = known.get(digest);
            before = changes;
        }
        if (identity != null) {
            return identity.expires() > time.wallMillis() ? new Valid(identity) : new Invalid(expired());
        }
        if (!isSigned(token, parts.group(1))) {
            return isReady() ? new Forged() : new Unknown();
        }
        Verdict verdict = judge(parts.group(2));
        if (verdict instanceof Valid valid) {
            synchronized (known) {
                if (changes == before) {
                    known.put(digest, valid.identity());
                }
            }
        }
        return verdict;
    }

    private boolean isSigned(String token, String encodedHeader) {
        try {
            Json.Fields header = Json.object(decode(encodedHeader));
            String algorithm = header.text("alg");
            String id = header.text("kid");
            String type = header.text("typ");
            boolean plain = !header.has("crit") && !header.has("b64"); // extensions change what is signed
            return plain
                    && (type == null || TYPES.contains(type.toLowerCase(Locale.ROOT)))
                    && keys().stream()
                            .filter(key -> key.algorithm().equals(algorithm))
                            .filter(key ->
                                    key.id() == null || id == null || key.id().equals(id))
                            .anyMatch(key -> key.signed(token));
        } catch (Problem malformed) {
            return false;
        }
    }

    private List<TokensKey> keys() {
        List<TokensKey> keys = new ArrayList<>(fixed);
        for (TokensKeySet set : sets) {
            keys.addAll(set.keys() == null ? List.of() : set.keys());
        }
        return keys;
    }

    /** Judges the claims of a token whose signature holds. */
    private Verdict judge(String encodedClaims) {
        try {
            Json.Fields claims = Json.object(decode(encodedClaims));
            long now = time.wallMillis();
            Long expires = date(claims, "exp");
            if (expires == null) {
                throw bad("it has no 'exp', the second since 1970 when it ends.");
            }
            if (expires <= now) {
                throw expired();
            }
            requirePast(claims, "nbf", now);
            requirePast(claims, "iat", now);
            requireIssuer(claims);
            requireAudience(claims);
            return new Valid(new Identity(subject(claims), TopicGrants.of(claims.texts("topics")), expires));
        } catch (Problem why) {
            return new Invalid(why.status() == 401 ? why : bad("its claims are malformed: " + why.detail()));
        }
    }

    private static String subject(Json.Fields claims) throws Problem {
        String subject = claims.text("sub");
        if (subject == null) {
            throw bad("it has no 'sub', the user's id.");
        }
        return UserId.user(subject);
    }

    /** Milliseconds, or null when there is no such claim. */
    private static Long date(Json.Fields claims, String name) throws Problem {
        if (!claims.has(name)) {
            return null;
        }
        Matcher date = NUMERIC_DATE.matcher(claims.raw().get(name));
        if (!date.matches()) {
            throw bad("its '" + name + "' must be a number of seconds since 1970.");
        }
        long thousandths = date.group(2) == null ? 0 : Long.parseLong((date.group(2) + "00").substring(0, 3));
        return Long.parseLong(date.group(1)) * 1_000 + thousandths;
    }

    private static void requirePast(Json.Fields claims, String name, long now) throws Problem {
        Long date = date(claims, name);
        if (date != null && date > now + LEEWAY_MILLIS) {
            throw bad("its '" + name + "' is in the future; compare the clocks of the machines.");
        }
    }

    private void requireIssuer(Json.Fields claims) throws Problem {
        if (!issuers.isEmpty() && !issuers.contains(String.valueOf(claims.text("iss")))) {
            throw bad("its 'iss' is none that --token-issuer names.");
        }
    }

    private void requireAudience(Json.Fields claims) throws Problem {
        boolean list = claims.raw("aud") != null && claims.raw("aud").startsWith("[");
        List<String> named = list
                ? claims.texts("aud")
                : claims.has("aud") ? List.of(String.valueOf(claims.text("aud"))) : List.of();
        if (audiences.isEmpty() ? !named.isEmpty() : named.stream().noneMatch(audiences::contains)) {
            throw bad("its 'aud' is none that --token-audience names.");
        }
    }

    private static Problem expired() {
        return new Problem(401, "token_expired", "The token has expired; get a new one.");
    }

    private static Problem bad(String why) {
        return new Problem(401, "bad_token", "The token is signed well, but " + why);
    }

    private static String decode(String part) throws Problem {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(part);
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (IllegalArgumentException | CharacterCodingException malformed) {
            throw Problem.bad("bad_json", "it is not base64url of UTF-8.");
        }
    }

    @Override
    public void close() {
        sets.forEach(TokensKeySet::close);
    }
}
