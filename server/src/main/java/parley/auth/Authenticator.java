package parley.auth;

import java.util.ArrayList;
import java.util.List;
import parley.message.Problem;

/**
 * Who is calling: a back end by its key or because it is on this machine, a user by what he says. Thread-safe.
 *
 * <p>Who presents a key has proved who he is; where none is asked for, {@link BrowserGuard} keeps pages of other sites
 * out.
 */
public final class Authenticator {

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

    private static final String BEARER = "Bearer ";

    private final PublishKeys keys;
    private final BrowserGuard guard;
    private final Guesses guesses;

    public Authenticator(AuthSettings settings, BrowserGuard guard, Guesses guesses) {
        this.keys = new PublishKeys(settings.publishKeys());
        this.guard = guard;
        this.guesses = guesses;
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
        guard.requireHost(caller);
        guard.requireOrigin(caller);
    }

    /** Lets somebody read a user's messages over plain HTTP. @throws Problem as {@link #backEnd} */
    public void requireListener(Caller caller) throws Problem {
        backEnd(caller, Access.PUBLISH);
    }
}
