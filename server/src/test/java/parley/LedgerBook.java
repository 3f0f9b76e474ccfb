package parley;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What was published, what the receipts said, and where each message stands in its channel; and whatever anybody found
 * wrong. Publishing and {@link #wrong} are for any thread; the places are for one thread, when all others have ended.
 */
final class LedgerBook {

    private static final int SHOWN = 30;

    /** A message, and what its publisher knows of it. Its text says all that a client has to know. */
    static final class Sent {
        final int serial;
        final int publisher;
        final String channel;
        final boolean keyed;
        final boolean waits;
        volatile String position; // by its receipt, which said that it is on disk
        volatile long receiptAt; // by System.nanoTime
        volatile int acked;
        volatile boolean refused;

        private Sent(int serial, int publisher, String channel, boolean keyed, boolean waits) {
            this.serial = serial;
            this.publisher = publisher;
            this.channel = channel;
            this.keyed = keyed;
            this.waits = waits;
        }

        String text() {
            return serial + " " + publisher + " " + channel + " " + (waits ? "w " : "- ") + "x".repeat(serial % 97);
        }
    }

    /** What a text says. */
    record Read(int serial, String channel, boolean waits) {
        static Read of(String text) {
            String[] words = text.split(" ", 5);
            return new Read(Integer.parseInt(words[0]), words[2], words[3].equals("w"));
        }
    }

    private final Map<Integer, Sent> sent = new ConcurrentHashMap<>();
    private final AtomicInteger serials = new AtomicInteger();
    private final AtomicInteger toEveryone = new AtomicInteger();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

    private final Map<String, NavigableMap<Long, Integer>> places = new HashMap<>(); // serial by offset by channel
    private final Map<Integer, Long> offsets = new HashMap<>(); // by serial
    private final Map<String, String> epochs = new HashMap<>(); // by channel

    Sent next(int publisher, String channel, boolean keyed, boolean waits) {
        Sent message = new Sent(serials.incrementAndGet(), publisher, channel, keyed, waits);
        sent.put(message.serial, message);
        return message;
    }

    /** The publisher got a receipt for the message. */
    void receipt(Sent message, String json) {
        JsonObject receipt = JsonParser.parseString(json).getAsJsonObject();
        if (!receipt.get("stored").getAsString().equals("disk")
                || !receipt.get("channel").getAsString().equals(message.channel)) {
            wrong("the receipt of m" + message.serial + " is " + json);
        }
        if (message.waits) {
            message.acked = receipt.has("acked") ? receipt.get("acked").getAsInt() : 0;
        }
        if (message.channel.equals("everyone")) {
            toEveryone.incrementAndGet();
        }
        message.receiptAt = System.nanoTime();
        message.position = receipt.get("position").getAsString();
    }

    void wrong(String what) {
        wrong.add(what);
    }

    /** What is wrong, the first of it. */
    String wrongs() {
        List<String> all = List.copyOf(wrong);
        return all.isEmpty()
                ? ""
                : all.size() + " are wrong:\n" + String.join("\n", all.subList(0, Math.min(SHOWN, all.size())));
    }

    /** How many messages to everyone have a receipt. */
    int toEveryone() {
        return toEveryone.get();
    }

    int sentCount() {
        return sent.size();
    }

    Iterable<Sent> sent() {
        return sent.values();
    }

    Sent sent(int serial) {
        return sent.get(serial);
    }

    long receipts() {
        return sent.values().stream().filter(one -> one.position != null).count();
    }

    /** The highest offset that a receipt named, of each channel; for any thread. */
    Map<String, Long> tops() {
        Map<String, Long> tops = new HashMap<>();
        for (Sent one : sent.values()) {
            if (one.position != null) {
                tops.merge(one.channel, offset(one.position), Math::max);
            }
        }
        return tops;
    }

    static long offset(String position) {
        return Long.parseLong(position.substring(9));
    }

    static String epoch(String position) {
        return position.substring(0, 8);
    }

    // ---- places

    /** Somebody says that the message stands at a position: no two may say different things. */
    void place(String channel, String position, int serial, String who) {
        String epoch = epochs.putIfAbsent(channel, epoch(position));
        if (epoch != null && !epoch.equals(epoch(position))) {
            wrong(channel + " has a second epoch: " + position + " after " + epoch + ", says " + who);
        }
        long offset = offset(position);
        Integer there =
                places.computeIfAbsent(channel, unused -> new TreeMap<>()).put(offset, serial);
        if (there != null && there != serial) {
            wrong("m" + there + " and m" + serial + " are both at " + channel + " " + position + ", says " + who);
        }
        Long before = offsets.put(serial, offset);
        if (before != null && before != offset) {
            wrong("m" + serial + " is twice in " + channel + ": " + before + " and " + offset + ", says " + who);
        }
        Sent message = sent.get(serial);
        if (message == null || !message.channel.equals(channel)) {
            wrong("m" + serial + " was not published to " + channel + ", says " + who);
        } else if (message.refused) {
            wrong("m" + serial + " was refused, and is at " + channel + " " + position + ", says " + who);
        }
    }

    void placeReceipts() {
        for (Sent one : sent.values()) {
            if (one.position != null) {
                place(one.channel, one.position, one.serial, "its receipt");
            }
        }
    }

    /** What the server itself keeps of a channel. @param query its name as parameters name it */
    void placeHistory(ServerProcess server, String channel, String query) throws Exception {
        String since = "";
        String position;
        String newest;
        do {
            JsonObject page = JsonParser.parseString(server.get("/socket/history?limit=1000&" + query + since))
                    .getAsJsonObject();
            for (JsonElement element : page.getAsJsonArray("messages")) {
                JsonObject message = element.getAsJsonObject();
                int serial = Read.of(message.get("body").getAsString()).serial;
                place(channel, message.get("position").getAsString(), serial, "the history");
            }
            position = page.get("position").getAsString();
            newest = page.get("newest").getAsString();
            since = "&since=" + position;
        } while (!position.equals(newest));
    }

    /** Serials by offset. */
    NavigableMap<Long, Integer> channel(String channel) {
        return places.getOrDefault(channel, new TreeMap<>());
    }

    /** Where the message stands in its channel, or null when nobody knows. */
    Long offsetOf(int serial) {
        return offsets.get(serial);
    }

    /** In each channel each publisher's messages stand in the order in which he sent them. */
    void checkPublishersOrder() {
        places.forEach((channel, messages) -> {
            Map<Integer, Integer> last = new HashMap<>();
            messages.values().stream().map(sent::get).forEach(message -> {
                Integer before = last.put(message.publisher, message.serial);
                if (before != null && before > message.serial) {
                    wrong("m" + before + " is before m" + message.serial + " of the same publisher in " + channel);
                }
            });
        });
    }

    /** No receipt counts more acks than were sent before it; {@code acks}: their times, by serial. */
    int checkAcks(Map<Integer, List<Long>> acks) {
        int counted = 0;
        for (Sent one : sent.values()) {
            if (one.waits && one.position != null && one.acked > 0) {
                List<Long> times = acks.getOrDefault(one.serial, new ArrayList<>());
                long before = times.stream().filter(at -> at <= one.receiptAt).count();
                counted += one.acked;
                if (before < one.acked) {
                    wrong("the receipt of m" + one.serial + " counts " + one.acked + " acks of " + before);
                }
            }
        }
        return counted;
    }

    /** What a receipt promised is somewhere. */
    Set<Integer> promised(String channel) {
        Set<Integer> serials = new HashSet<>();
        for (Sent one : sent.values()) {
            if (one.channel.equals(channel) && one.position != null) {
                serials.add(one.serial);
            }
        }
        return serials;
    }
}
