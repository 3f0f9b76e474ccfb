package parley.auth;

import java.text.Normalizer;
import parley.message.Channel;
import parley.message.Problem;

/**
 * Names of users and topics in their one canonical form: NFC, no control or direction characters, no {@code / \ ;}, no
 * half surrogate pair. The one function for the WebSocket path, HTTP parameters, tokens and {@code reception}, so that
 * no two spellings of a name can mean two people in one place and one in another.
 */
public final class UserId {

    /** Code points; long enough for a UUID or an e-mail address, short enough for a log line. */
    public static final int MAX_USER = 128;

    /** Code points. */
    public static final int MAX_TOPIC = 255;

    private UserId() {}

    /** The canonical user id, or a 400 {@code bad_user}. */
    public static String user(String raw) throws Problem {
        return canonical(raw, MAX_USER, "bad_user", "A user id");
    }

    /** The canonical topic name, or a 400 {@code bad_topic}. */
    public static String topic(String raw) throws Problem {
        return canonical(raw, MAX_TOPIC, "bad_topic", "A topic name");
    }

    /**
     * Whom a client addresses: a user id, {@code user:id}, {@code topic:name} or {@code everyone}.
     *
     * @throws Problem code {@code bad_reception}
     */
    public static Channel reception(String raw) throws Problem {
        try {
            Channel channel = Channel.parse(raw);
            if (channel instanceof Channel.Topic topic) {
                return new Channel.Topic(topic(topic.name()));
            }
            if (channel instanceof Channel.Everyone) {
                return channel;
            }
            return new Channel.User(user(channel instanceof Channel.User user ? user.id() : raw));
        } catch (Problem problem) {
            throw Problem.bad("bad_reception", problem.detail());
        }
    }

    private static String canonical(String raw, int max, String code, String what) throws Problem {
        if (raw.isEmpty()) {
            throw Problem.bad(code, what + " must not be empty.");
        }
        if (raw.length() > 4 * max) { // before normalising, which a long text makes costly
            throw Problem.bad(code, what + " has at most " + max + " characters.");
        }
        String name = isPlainAscii(raw) ? raw : Normalizer.normalize(raw, Normalizer.Form.NFC);
        if (name.codePointCount(0, name.length()) > max) {
            throw Problem.bad(code, what + " has at most " + max + " characters.");
        }
        if (!name.codePoints().allMatch(UserId::allowed)) {
            throw Problem.bad(
                    code, what + " must not contain / \\ ; or control, direction or other invisible characters.");
        }
        return name;
    }

    private static boolean isPlainAscii(String raw) {
        for (int i = 0; i < raw.length(); i++) {
            if (raw.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    private static boolean allowed(int c) {
        if (c < 0x80) {
            return c >= ' ' && c != 0x7f && c != '/' && c != '\\' && c != ';';
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.UNASSIGNED -> false;
            // direction marks, embeddings and isolates, zero-width characters but the joiners that emoji need
            case Character.FORMAT -> c == 0x200d || c == 0x200c;
            default -> true;
        };
    }
}
