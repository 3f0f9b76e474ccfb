package parley.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import parley.message.Channel;

/**
 * The texts and answers to pings that wait in an {@link Outbox}, in order and bounded, and how much of each write they
 * make up. Of the first text a piece may have left already. Guarded by the outbox.
 */
final class OutboxQueue {

    /**
     * 1 MiB beside the write under way, about a thousand chat messages: a client further behind is paged from the
     * history. An empty queue accepts any one message.
     */
    private static final int MAX_BYTES = 1 << 20;

    /** For answers beside a bound that messages have filled: else a slow reader's own ping would end it. */
    private static final int FRAME_BYTES = 64 << 10;

    /** 64 KiB: fills a send buffer; a longer text goes in pieces, so that a ping can go between them. */
    static final int MAX_WRITE_BYTES = 64 << 10;

    /** What a waiting text costs beside its bytes, so that empty texts are bounded too. */
    private static final int OVERHEAD_BYTES = 64;

    /** A longer queue has grown an array that is not worth keeping. */
    private static final int USUAL_TEXTS = 64;

    /**
     * Answers to pings. Who pings has one or a few under way. Beyond it the oldest goes unanswered, as RFC 6455, section
     * 5.5.3, allows.
     */
    static final int MAX_PONGS = 10;

    private ArrayDeque<Outgoing> texts = new ArrayDeque<>(2);
    private int peak; // most texts since the array was made
    private long bytes; // what they cost
    private int headWritten; // bytes of the first text that left already
    private ArrayDeque<Transport.Pong> pongs; // null when none waits

    /** Adds a text, in the place of the one that it collapses, if it fits; nothing changes when it does not. */
    Offer offer(Outgoing out) {
        Outgoing older = out.collapse() == null ? null : replaceable(out);
        long beside = bytes - (older == null ? 0 : cost(older));
        long bound = MAX_BYTES + (out.kind() == Outgoing.Kind.FRAME ? FRAME_BYTES : 0);
        if (beside > 0 && beside + cost(out) > bound) {
            return Offer.OVERFLOW; // what waits stays, for the newer one may come too late or never
        }
        if (older != null) {
            texts.remove(older);
        }
        texts.add(out);
        peak = Math.max(peak, texts.size());
        bytes = beside + cost(out);
        return older == null ? Offer.ACCEPTED : new Offer.Replaced(older);
    }

    private static int cost(Outgoing out) {
        return out.bytes().length + OVERHEAD_BYTES;
    }

    /** The waiting message that {@code out} replaces: none of it has left yet. Null when there is none. */
    private Outgoing replaceable(Outgoing out) {
        boolean head = true;
        for (Outgoing candidate : texts) {
            if (out.collapse().equals(candidate.collapse())
                    && out.channel().equals(candidate.channel())
                    && !(head && headWritten > 0)) {
                return candidate;
            }
            head = false;
        }
        return null;
    }

    /** Takes what fits into one write, at least a piece of the first text; empty when nothing waits. */
    List<Transport.Frame> take() {
        List<Transport.Frame> frames = new ArrayList<>(Math.min(texts.size() + 2, 16));
        int size = 0;
        while (!texts.isEmpty()) {
            Outgoing head = texts.peek();
            int left = head.bytes().length - headWritten;
            if (size + left <= MAX_WRITE_BYTES) {
                frames.add(new Transport.Text(head, headWritten, headWritten + left));
                bytes -= left + OVERHEAD_BYTES;
                size += left;
                headWritten = 0;
                texts.poll();
            } else if (size == 0) {
                frames.add(new Transport.Text(head, headWritten, headWritten + MAX_WRITE_BYTES));
                bytes -= MAX_WRITE_BYTES;
                headWritten += MAX_WRITE_BYTES;
                break;
            } else {
                break;
            }
        }
        if (texts.isEmpty() && peak > USUAL_TEXTS) {
            texts = new ArrayDeque<>(2);
            peak = 0;
        }
        if (pongs != null) {
            frames.addAll(pongs);
            pongs = null;
        }
        return frames;
    }

    /** Answers a ping: the answer leaves behind the texts of the next write. */
    void pong(byte[] payload) {
        pongs = pongs == null ? new ArrayDeque<>(2) : pongs;
        if (pongs.size() == MAX_PONGS) {
            pongs.poll();
        }
        pongs.add(new Transport.Pong(payload));
    }

    /** Whether the last write ended within a text, so that only control frames may come next to it. */
    boolean isWithinText() {
        return headWritten > 0;
    }

    void clear() {
        texts = new ArrayDeque<>(1);
        bytes = 0;
        headWritten = 0;
        pongs = null;
    }

    /** What waits, in bytes, with an overhead for each text. */
    long bytes() {
        return bytes;
    }

    boolean isHalfEmpty() {
        return bytes <= MAX_BYTES / 2;
    }

    /** The lowest offset of the channel's messages; Long.MAX_VALUE when there is none. */
    long first(Channel channel) {
        for (Outgoing out : texts) {
            if (out.isOf(channel)) {
                return out.position().offset();
            }
        }
        return Long.MAX_VALUE;
    }
}
