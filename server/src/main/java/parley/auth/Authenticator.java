package parley.auth;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import parley.message.Problem;
import parley.message.Time;

/**
 * Who is calling: a back end by its key or because it is on this machine, a user by what he says. Thread-safe.
 *
 * <p>Who presents a key has proved who he is; where none is asked for, {@link BrowserGuard} keeps pages of other sites
 * out.
 */
public final class Authenticator implements AutoCloseable {

    /** What a back end may do without a key. */
    public enum Access {
        /** On this machine, as long as there are no keys at all. */
        PUBLISH,
        /** On this machine. */
        ADMINISTER
    }

    /** The credential of whoever needs none. */
    public static final String KEYLESS = "";

    /** What a 401 asks for. @see <a href="https://www.rfc-editor.org/rfc/rfc6750#section-3">RFC 6750</a> */
    public static final String CHALLENGE = "Bearer realm=\"parley\"";

    /** Before a token among the subprotocols that a browser's page offers: it can set no header. */
    private static final String OFFERED = "parley.token.";

    private static final String BEARER = "Bearer ";

    /** A token, where a user id could stand, too. */
    private static final Pattern TOKEN = Pattern.compile("eyJ[^.]*\\.[^.]*\\.[^.]*");

    private final PublishKeys keys;
    private final BrowserGuard guard;
    private final Guesses guesses;
    private final Tokens tokens; // null when users are believed without

    /** Runs a task on another thread after some milliseconds. */
    public interface Later {
        void after(long millis, Runnable task);
    }

    /**
     * @param later for reading token keys again and again
     * @throws IOException when a token key cannot be used; the message names it and says what to change
     */
    public Authenticator(AuthSettings settings, BrowserGuard guard, Guesses guesses, Time time, Later later)
            throws IOException {
        this.keys = new PublishKeys(settings.publishKeys());
        this.guard = guard;
        this.guesses = guesses;
        this.tokens = settings.tokens() == null ? null : new Tokens(settings.tokens(), time, later);
    }

    /** Begins to read token keys that are elsewhere. @throws IOException when those in a file cannot be used */
    public void start() throws IOException {
        if (tokens != null) {
            tokens.start();
        }
    }

    /** Whether users can prove who they are. */
    public boolean isReady() {
        return tokens == null || tokens.isReady();
    }

    @Override
    public void close() {
        if (tokens != null) {
            tokens.close();
        }
    }

    /**
     * Lets a back end in.
     *
     * @return the name of its key, or {@link #KEYLESS}
     * @throws Problem 401 without a key that is needed, and for a wrong one; without keys what {@link
     *     BrowserGuard#requireLocal} says; 429
     */
    public String backEnd(Caller caller, Access access) throws Problem {
        List<String> presented = keys.isEmpty() ? List.of() : presented(caller);
        if (presented.isEmpty() && (keys.isEmpty() || access == Access.ADMINISTER && guard.isLocal(caller))) {
            guard.requireLocal(caller);
            return KEYLESS;
        }
        if (!presented.isEmpty()) {
            guesses.requireAnother(caller);
        }
        String name = keys.nameOf(presented.size() == 1 ? presented.get(0) : "");
        if (name == null) {
            if (!presented.isEmpty()) {
                guesses.wrong(caller);
            }
            throw new Problem(
                    401,
                    "key_required",
                    "Present one of the server's keys, in the header 'X-Api-Key' or 'Authorization: Bearer'.");
        }
        return name;
    }

    private static List<String> presented(Caller caller) {
        List<String> presented = new ArrayList<>(caller.header("X-Api-Key"));
        presented.addAll(bearers(caller));
        return presented;
    }

    /** What stands behind {@code Authorization: Bearer}; other schemes are for somebody else. */
    private static List<String> bearers(Caller caller) {
        return caller.header("Authorization").stream()
                .filter(value -> value.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(value -> value.substring(BEARER.length()).strip())
                .toList();
    }

    /** Lets a page open a WebSocket, or anything that is no page. @throws Problem 421, 403 */
    public void requirePage(Caller caller) throws Problem {
        if (tokens == null) {
            guard.requireHost(caller);
        }
        guard.requireOrigin(caller);
    }

    /** Lets somebody ask for a user's messages over plain HTTP. @throws Problem as {@link #backEnd} */
    public void requireListener(Caller caller) throws Problem {
        if (tokens == null) {
            backEnd(caller, Access.PUBLISH);
        }
    }

    /**
     * Who a user is that connects.
     *
     * @param key what stands in the path: his id, or a token
     * @param queried what stands in the query as {@code token}
     * @param offers the subprotocols, of which one may be a token
     * @throws Problem 400 for an id that is none; 401 without a good token, 403 when it is somebody else's; 429; 503
     *     while token keys are missing
     */
    public Identity user(Caller caller, String key, List<String> queried, List<String> offers) throws Problem {
        if (tokens == null) {
            return Identity.open(UserId.user(key));
        }
        boolean isToken = TOKEN.matcher(key).matches();
        String user = isToken ? null : UserId.user(key);
        Set<String> presented = new LinkedHashSet<>(isToken ? List.of(key) : List.of());
        presented.addAll(bearers(caller));
        presented.addAll(queried);
        offers.stream()
                .filter(offer -> offer.startsWith(OFFERED))
                .map(offer -> offer.substring(OFFERED.length()))
                .forEach(presented::add);
        if (presented.size() != 1) {
            throw new Problem(
                    401,
                    "token_required",
                    "Present one token: in the path, as ?token=, in 'Authorization: Bearer', or as a subprotocol.");
        }
        Identity identity = proved(caller, presented.iterator().next());
        if (user != null && !user.equals(identity.user())) {
            throw new Problem(403, "foreign_user", "The token is another user's: its 'sub' is not the id in the path.");
        }
        return identity;
    }

    private Identity proved(Caller caller, String token) throws Problem {
        guesses.requireAnother(caller);
        Tokens.Verdict verdict = tokens.verify(token);
        if (verdict instanceof Tokens.Valid valid) {
            return valid.identity();
        }
        if (verdict instanceof Tokens.Invalid invalid) {
            throw invalid.why();
        }
        if (verdict instanceof Tokens.Unknown) {
            throw new Problem(503, "no_token_keys", "The server has no keys yet to check tokens with; come back soon.")
                    .retryAfter(TokensKeySet.RETRY_MILLIS);
        }
        guesses.wrong(caller);
        throw new Problem(
                401, "bad_token", "The token is none of ours: its signature, its algorithm or its form is wrong.");
    }
}
