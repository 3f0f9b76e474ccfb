package parley.history;

import java.util.List;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;

/**
 * Which offsets answer a request for a page: those in ({@code from}, {@code end}].
 *
 * @param missed see {@link Page#missed}
 * @param top the highest delivered offset
 */
record PageRange(String epoch, long from, long end, Long missed, long top) {

    static PageRange of(String epoch, long top, long oldest, Position after, long newest) {
        if (!after.epoch().equals(epoch)) {
            return new PageRange(epoch, Math.min(oldest - 1, top), top, null, top);
        }
        long end = Math.min(newest, top);
        long from = Math.min(Math.max(after.offset(), oldest - 1), end);
        return new PageRange(epoch, from, end, Math.max(0, from - after.offset()), top);
    }

    boolean isEmpty() {
        return from >= end;
    }

    /** @param full whether the page ends with its last message, not with the range */
    Page page(List<Message> messages, boolean full) {
        long through = full ? messages.get(messages.size() - 1).position().offset() : Math.max(from, end);
        return new Page(epoch, messages, from, through, top, missed);
    }

    /**
     * What a message counts towards the size of a page, of a cache and of a history on the heap: measured on JDK 17, about
     * 300 bytes of objects are around it; text counts as if it were two-byte.
     */
    static long size(Message message) {
        return 300 + 2L * message.body().content().length();
    }
}
