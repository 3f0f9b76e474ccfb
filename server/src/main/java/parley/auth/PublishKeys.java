package parley.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * The keys of the back ends. Only their digests are kept, and all of them are compared, each in constant time: how long
 * it takes tells nothing of them. Immutable.
 */
final class PublishKeys {

    private record Key(String name, byte[] digest) {}

    private final List<Key> keys;

    PublishKeys(List<AuthSettings.PublishKey> keys) {
        this.keys = keys.stream()
                .map(key -> new Key(key.name(), digest(key.key().text())))
                .toList();
    }

    boolean isEmpty() {
        return keys.isEmpty();
    }

    /** The name of a key, or null when it is none of ours. */
    String nameOf(String presented) {
        byte[] digest = digest(presented);
        String name = null;
        for (Key key : keys) {
            if (MessageDigest.isEqual(key.digest, digest)) {
                name = key.name;
            }
        }
        return name;
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
