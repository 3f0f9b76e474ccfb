package parley.broker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who still owes an ack for one message. Every session that takes the message joins before its copy is offered, and
 * leaves once: when it acks, or when it never will. The publisher holds a place of his own until delivery has ended, so
 * that nobody is the last before everybody has joined. Thread-safe; counting is allowed under any lock, {@link #giveUp}
 * under none.
 */
public final class Waiting {

    private final AtomicInteger places = new AtomicInteger(1);
    private final AtomicInteger acked = new AtomicInteger();
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final Runnable onAck;

    public Waiting() {
        this(() -> {});
    }

    /** @param onAck told of each ack that counts; memory only, for it is called under locks */
    Waiting(Runnable onAck) {
        this.onAck = onAck;
    }

    public void join() {
        places.incrementAndGet();
    }

    /** A session will not ack; true when nobody is left, and {@link #giveUp} must be called. */
    public boolean leave() {
        return places.decrementAndGet() == 0;
    }

    /** A session has handled the message; true when nobody is left, and {@link #giveUp} must be called. */
    public boolean ack() {
        acked.incrementAndGet();
        onAck.run();
        return leave();
    }

    /** Nothing more is waited for. Idempotent. */
    public void giveUp() {
        end.complete(null);
    }

    /** Whether the publisher has his answer, so that no ack counts any more. */
    public boolean isOver() {
        return end.isDone();
    }

    CompletableFuture<Void> end() {
        return end;
    }

    int acked() {
        return acked.get();
    }
}
