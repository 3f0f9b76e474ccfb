package parley.history;

import java.nio.file.Path;
import java.util.Locale;
import parley.message.Channel;
import parley.message.Durations;
import parley.message.Problem;

/**
 * What a history keeps. A message goes when its channel has more than {@code count} newer ones, when it is older than
 * {@code age}, or when all messages together exceed {@code totalBytes} and it is the oldest anywhere.
 *
 * @param totalBytes estimated bytes of heap, or bytes on disk; the channel {@code events} is not counted
 * @param directory where the messages are stored, or null for the heap
 */
public record HistorySettings(Keep users, Keep topics, Keep everyone, Keep events, long totalBytes, Path directory) {

    /** 8 MiB: a back end that listens can be away for a while; without one, nobody pays for more. */
    static final long EVENTS_BYTES = 8L << 20;

    /** 1 GiB on disk: some five million short messages. */
    private static final long DISK_BYTES = 1L << 30;

    private static final long MINUTE = 60_000;

    /** On the heap. */
    public HistorySettings(Keep users, Keep topics, Keep everyone, Keep events, long totalBytes) {
        this(users, topics, everyone, events, totalBytes, null);
    }

    /** {@code off}, or a list such as {@code users=1000/7d,topics=1000/1h,total=128m} of what differs from the standard. */
    public static HistorySettings parse(String text) throws Problem {
        return parse(text, null);
    }

    /** @param directory where the messages are stored, or null for the heap */
    public static HistorySettings parse(String text, Path directory) throws Problem {
        if (text.equals("off")) {
            return off().in(directory);
        }
        HistorySettings settings = standard().in(directory);
        if (directory != null) {
            settings = settings.total(DISK_BYTES);
        }
        for (String part : text.split(",")) {
            String[] pair = part.strip().split("=", 2);
            if (pair.length < 2) {
                throw malformed(part);
            }
            settings = settings.with(pair[0], pair[1]);
        }
        return settings;
    }

    private HistorySettings with(String name, String value) throws Problem {
        return switch (name) {
            case "users" -> new HistorySettings(keep(value), topics, everyone, events, totalBytes, directory);
            case "topics" -> new HistorySettings(users, keep(value), everyone, events, totalBytes, directory);
            case "everyone" -> new HistorySettings(users, topics, keep(value), events, totalBytes, directory);
            case "events" -> new HistorySettings(users, topics, everyone, keep(value), totalBytes, directory);
            case "total" -> total(bytes(value));
            default -> throw malformed(name);
        };
    }

    private HistorySettings total(long bytes) {
        return new HistorySettings(users, topics, everyone, events, bytes, directory);
    }

    /** The same in a directory. */
    public HistorySettings in(Path path) {
        return new HistorySettings(users, topics, everyone, events, totalBytes, path);
    }

    private static Keep keep(String value) throws Problem {
        String[] pair = value.split("/", 2);
        if (pair.length < 2 || !pair[0].matches("\\d{1,7}")) {
            throw malformed(value);
        }
        return new Keep(Integer.parseInt(pair[0]), Durations.millis(pair[1]));
    }

    private static long bytes(String value) throws Problem {
        if (!value.matches("\\d{1,9}[kmgKMG]?")) {
            throw malformed(value);
        }
        String digits = value.replaceAll("\\D", "");
        int shift = switch (value.substring(digits.length()).toLowerCase(Locale.ROOT)) {
            case "k" -> 10;
            case "m" -> 20;
            case "g" -> 30;
            default -> 0;
        };
        return Long.parseLong(digits) << shift;
    }

    private static Problem malformed(String part) {
        return Problem.bad(
                "bad_setting",
                "'" + part + "' is not understood: write off, or a list like users=1000/7d,topics=1000/1h,"
                        + "everyone=100/5m,events=10000/1h,total=128m.");
    }

    /**
     * @param count messages kept at most; 0 keeps none
     * @param ageMillis how long each is kept at most, in milliseconds
     */
    public record Keep(int count, long ageMillis) {
        public static final Keep NOTHING = new Keep(0, 0);
    }

    /** 1,000 for 7 days, topics for an hour, everyone 100 for 5 minutes, a quarter of the heap in all. */
    public static HistorySettings standard() {
        return new HistorySettings(
                new Keep(1_000, 7 * 24 * 60 * MINUTE),
                new Keep(1_000, 60 * MINUTE),
                new Keep(100, 5 * MINUTE),
                new Keep(10_000, 60 * MINUTE),
                Runtime.getRuntime().maxMemory() / 4);
    }

    /** Offsets go on, nothing is kept. */
    public static HistorySettings off() {
        return new HistorySettings(Keep.NOTHING, Keep.NOTHING, Keep.NOTHING, Keep.NOTHING, 0);
    }

    public Keep of(Channel channel) {
        if (channel instanceof Channel.User) {
            return users;
        }
        if (channel instanceof Channel.Topic) {
            return topics;
        }
        return channel instanceof Channel.Everyone ? everyone : events;
    }
}
