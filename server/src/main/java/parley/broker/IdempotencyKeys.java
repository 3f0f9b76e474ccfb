package parley.broker;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import parley.history.History;
import parley.message.Problem;
import parley.message.Publication;
import parley.message.Receipt;
import parley.message.Time;

/** The answers to recent publications that had a key. Thread-safe. */
final class IdempotencyKeys {

    /** A retry comes within seconds; ten minutes also cover a caller that was restarted. */
    private static final long KEEP_MILLIS = 10 * 60_000L;

    /** About 300 MB at the very worst; beyond it the oldest go early. */
    static final int MAX_KEYS = 1_000_000;

    private record Known(String digest, CompletableFuture<List<Receipt>> receipts) {}

    private record Expiring(String name, Known known, long since) {}

    private final ConcurrentHashMap<String, Known> keys = new ConcurrentHashMap<>();
    private final ArrayDeque<Expiring> order = new ArrayDeque<>(); // oldest first; guarded by itself
    private final Time time;
    private final int maxKeys;

    IdempotencyKeys(Time time, int maxKeys, List<History.Remembered> remembered) {
        this.time = time;
        this.maxKeys = maxKeys;
        long now = time.millis();
        long wall = time.wallMillis();
        for (History.Remembered old : remembered) {
            Known known =
                    new Known(old.key().digest(), CompletableFuture.completedFuture(Receipt.fromText(old.answer())));
            keys.put(old.key().name(), known);
            order.add(new Expiring(old.key().name(), known, now - Math.max(0, wall - old.wallMillis())));
        }
    }

    /**
     * Takes a key for a publication that is about to start; unless there was one, {@code first} will settle it, and a
     * failure frees the key.
     *
     * @param first the receipts of this publication, if it turns out to be the first
     * @return the answer to the earlier publication with this key, or null when this is the first
     * @throws Problem 409 when the earlier one asked for something else
     */
    CompletionStage<List<Receipt>> claim(Publication.Key key, CompletableFuture<List<Receipt>> first) throws Problem {
        expire();
        Known mine = new Known(key.digest(), first);
        Known earlier = keys.putIfAbsent(key.name(), mine);
        if (earlier == null) {
            synchronized (order) {
                order.add(new Expiring(key.name(), mine, time.millis()));
            }
            first.whenComplete((receipts, failure) -> {
                if (failure != null) {
                    keys.remove(key.name(), mine);
                }
            });
            return null;
        }
        if (!earlier.digest.equals(key.digest())) {
            throw new Problem(409, "key_reused", "This idempotency key was used for a different publication.");
        }
        return earlier.receipts.thenApply(
                receipts -> receipts.stream().map(Receipt::asDuplicate).toList());
    }

    private void expire() {
        long limit = time.millis() - KEEP_MILLIS;
        synchronized (order) {
            while (!order.isEmpty() && (order.peek().since <= limit || order.size() > maxKeys)) {
                Expiring oldest = order.poll();
                keys.remove(oldest.name, oldest.known);
            }
        }
    }
}
