package parley;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/**
 * What a client that remembers positions (v1, SSE) has of one channel: from where on, what it got, and what it was told
 * it cannot get.
 */
final class LedgerAccount {

    private final LedgerClient client;
    private final String channel;
    private final String epoch;
    private final long start;
    private final Map<Long, Integer> got = new HashMap<>(); // serial by offset
    private final List<long[]> missed = new ArrayList<>(); // from (exclusive), to

    long last; // got or declared missed
    long sessionLast; // the same, of this line alone, before the client's filter

    LedgerAccount(LedgerClient client, String channel, String start) {
        this.client = client;
        this.channel = channel;
        this.epoch = LedgerBook.epoch(start);
        this.start = LedgerBook.offset(start);
        this.last = this.start;
        this.sessionLast = last;
    }

    String position() {
        return epoch + "-" + last;
    }

    /** A message came. @return whether the client's own filter lets it pass */
    boolean message(String position, int serial, boolean filters) {
        long offset = at(position);
        if (offset <= sessionLast) {
            client.wrong(channel + " goes back in one session: " + position + " after " + sessionLast);
        }
        sessionLast = Math.max(sessionLast, offset);
        if (offset <= last) {
            if (!filters) {
                client.wrong(position + " of " + channel + " came again");
            }
            return false;
        }
        last = offset;
        got.put(offset, serial);
        return true;
    }

    /** The server says that the client stands at a position now, and that so many are missing before it. */
    void stand(String position, Long many, boolean newSession) {
        long offset = at(position);
        if (newSession) {
            sessionLast = offset;
        } else {
            sessionLast = Math.max(sessionLast, offset);
        }
        if (many == null) {
            client.wrong(channel + " is missing nobody knows what, at " + position);
            return;
        }
        if (offset - last != many) {
            client.wrong(channel + " was at " + last + ", is at " + position + ", and misses " + many);
        }
        if (many > 0) {
            if (!channel.equals("everyone")) {
                client.wrong(channel + " keeps everything, and misses " + many + " before " + position);
            }
            missed.add(new long[] {last, offset});
            last = offset;
        }
    }

    private long at(String position) {
        if (!LedgerBook.epoch(position).equals(epoch)) {
            client.wrong(channel + " has another epoch: " + position + " after " + epoch);
        }
        return LedgerBook.offset(position);
    }

    void place(LedgerBook book) {
        got.forEach((offset, serial) -> book.place(channel, epoch + "-" + offset, serial, client.name));
    }

    /** Every message behind the start was got, or was declared missed. @return how many the client was entitled to */
    int check(LedgerBook book) {
        NavigableMap<Long, Integer> owed = book.channel(channel).tailMap(start, false);
        owed.forEach((offset, serial) -> {
            boolean declared = missed.stream().anyMatch(hole -> hole[0] < offset && offset <= hole[1]);
            if (got.get(offset) == null && !declared) {
                client.wrong("never got m" + serial + " at " + channel + " " + offset
                        + (book.sent(serial).position == null ? "" : ", which had a receipt") + "; last is " + last);
            } else if (got.get(offset) != null && declared) {
                client.wrong("got m" + serial + " at " + channel + " " + offset + " and was told that it is missing");
            }
        });
        return owed.size();
    }

    long declaredMissed() {
        return missed.stream().mapToLong(hole -> hole[1] - hole[0]).sum();
    }

    int gotCount() {
        return got.size();
    }
}
