package parley.auth;

import java.security.MessageDigest;
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
                .map(key -> new Key(key.name(), Digests.sha256(key.key().text())))
                .toList();
    }

    boolean isEmpty() {
        return keys.isEmpty();
    }

    /** The name of a key, or null when it is none of ours. */
    String nameOf(String presented) {
        byte[] digest = Digests.sha256(presented);
        String name = null;
        for (Key key : keys) {
            if (MessageDigest.isEqual(key.digest, digest)) {
                name = key.name;
            }
        }
        return name;
    }
}
