package parley.history;

import parley.message.Message;

/** All kept messages of a history on the heap, oldest first, and their size. A leaf lock: nothing is called under it. */
final class MemoryHistoryFifo {

    /** One kept message. Its links belong to the FIFO, the rest never changes. */
    static final class Kept {
        final MemoryHistoryEntry entry;
        final Message message;
        final long expires;
        final boolean early; // before the channel's age
        final long bytes;
        private Kept older;
        private Kept newer;

        Kept(MemoryHistoryEntry entry, Message message, long expires, boolean early) {
            this.entry = entry;
            this.message = message;
            this.expires = expires;
            this.early = early;
            this.bytes = PageRange.size(message);
        }
    }

    private Kept oldest; // guarded by this, as all that follows
    private Kept newest;
    private long bytes;

    synchronized void add(Kept kept) {
        kept.older = newest;
        if (newest == null) {
            oldest = kept;
        } else {
            newest.newer = kept;
        }
        newest = kept;
        bytes += kept.bytes;
    }

    synchronized void remove(Kept kept) {
        if (kept.older == null) {
            oldest = kept.newer;
        } else {
            kept.older.newer = kept.newer;
        }
        if (kept.newer == null) {
            newest = kept.older;
        } else {
            kept.newer.older = kept.older;
        }
        kept.older = null;
        kept.newer = null;
        bytes -= kept.bytes;
    }

    /** The oldest message when all together are larger than {@code limit}, else null. */
    synchronized Kept oldestBeyond(long limit) {
        return bytes > limit ? oldest : null;
    }
}
