package parley.message;

import java.util.List;

/**
 * What one publisher asks for at once: the same words to one channel or to several users, all or none.
 *
 * @param drafts at least one; either all are live only or none is
 * @param waitMillis how long the receipt may wait for acks; 0 for not at all
 * @param key by which a repetition is recognised, or null
 */
public record Publication(List<Draft> drafts, long waitMillis, Key key) {

    /**
     * An idempotency key.
     *
     * @param name the caller's key, unique among those of his credential
     * @param digest of everything he asks for: the same key with another digest is a mistake
     */
    public record Key(String name, String digest) {}

    public static Publication of(Draft draft) {
        return new Publication(List.of(draft), 0, null);
    }

    public boolean liveOnly() {
        return drafts.get(0).liveOnly();
    }
}
