package parley.auth;

import java.util.List;

/**
 * Who is believed to be whom.
 *
 * @param publishKeys what back ends present; without any, only this machine may publish
 * @param tokens what users present; null when they are believed without
 */
public record AuthSettings(List<PublishKey> publishKeys, TokenSettings tokens) {

    /** A text that must not get into a log: it does not show itself. */
    public record Secret(String text) {
        @Override
        public String toString() {
            return "(secret)";
        }
    }

    /**
     * A back end's key. Several may have one name: the old and the new one while they are changed.
     *
     * @param name of the credential, for idempotency and logs
     */
    public record PublishKey(String name, Secret key) {

        /** Name of a key that was given none. */
        public static final String UNNAMED = "default";

        /** Characters of a key: 128 bits in hexadecimal are 32, and nobody guesses half of them. */
        private static final int MIN_CHARS = 16;

        private static final int MAX_CHARS = 256;

        /** Reads {@code [name:]key}. */
        public static PublishKey parse(String text) {
            int colon = text.indexOf(':');
            String name = colon < 0 ? UNNAMED : text.substring(0, colon);
            String key = text.substring(colon + 1);
            if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
                throw new IllegalArgumentException(
                        "the name before the ':' has 1 to 64 letters, digits, '.', '_' or '-'.");
            }
            if (!key.matches("[!-~&&[^,]]*") || key.length() > MAX_CHARS) {
                throw new IllegalArgumentException(
                        "a key has at most " + MAX_CHARS + " visible ASCII characters, and no comma.");
            }
            if (key.length() < MIN_CHARS) {
                throw new IllegalArgumentException("a key has at least " + MIN_CHARS
                        + " characters, or it can be guessed; 'openssl rand -hex 24' makes one.");
            }
            return new PublishKey(name, new Secret(key));
        }
    }
}
