package parley.log;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Text that a client may have written, made fit for a line of the log: cut, without secrets, and without characters
 * that forge a line, move the cursor or reorder what is read.
 *
 * @see <a href="https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html">OWASP, Logging</a>
 */
final class Foreign {

    /** Characters of a foreign text that are told. A name has 128; nobody reads more of a header. */
    static final int MAX_CHARS = 256;

    /** Characters of a pattern, which is ours or a library's; with room for stray foreign text. */
    private static final int MAX_PATTERN_CHARS = 1_024;

    /** Characters that are looked at, so that a megabyte costs no more than this. */
    private static final int MAX_READ = 4_096;

    /** A secret's surroundings, which stay, in the first group; what follows up to the end of the match is left out. */
    private static final List<Pattern> SECRETS = List.of(
            Pattern.compile("(eyJ)[\\w-]+(?:\\.[\\w-]*)*"), // a JWT, wherever it stands
            Pattern.compile("(parley\\.token\\.)[^\\s,\"'\\]]+"),
            Pattern.compile("(?i)((?:authorization|x-api-key|cookie|sec-websocket-protocol|sec-websocket-key)"
                    + "\\s*[:=]\\s*)[^\\r\\n]+"),
            Pattern.compile("(?i)(\\b(?:bearer|basic)\\s+)[^\\s,;\"']+"),
            Pattern.compile("(?i)(\\b(?:token|key|secret|password|message|body|access_token|api_key)=)[^&\\s]+"),
            Pattern.compile("(://)[^/@\\s]+(?=@)"),
            Pattern.compile("(\\?)[^\\s\"'<>\\])}]+")); // a query: tokens and messages stand there

    private Foreign() {}

    /** What {@code value} says, fit for the log; at most {@link #MAX_CHARS} characters of it. */
    static String clean(Object value) {
        if (value instanceof Number || value instanceof Boolean) {
            return value.toString();
        }
        return clean(String.valueOf(value), MAX_CHARS);
    }

    /** The same for a message whose words are mostly not foreign. */
    static String cleanLong(String pattern) {
        return clean(pattern, MAX_PATTERN_CHARS);
    }

    private static String clean(String text, int atMost) {
        String read = text.length() <= MAX_READ ? text : text.substring(0, MAX_READ);
        for (Pattern secret : SECRETS) {
            Matcher matcher = secret.matcher(read);
            if (matcher.find()) {
                read = matcher.replaceAll("$1...");
            }
        }
        int cut = Math.min(read.length(), atMost);
        StringBuilder clean = new StringBuilder(cut + 16);
        for (int i = 0; i < cut; ) {
            int point = read.codePointAt(i);
            i += Character.charCount(point);
            if (isPlain(point)) {
                clean.appendCodePoint(point);
            } else {
                clean.append(String.format(Locale.ROOT, point > 0xffff ? "\\U%08x" : "\\u%04x", point));
            }
        }
        if (read.length() > cut || text.length() > MAX_READ) {
            clean.append("... (").append(text.length()).append(" characters)");
        }
        return clean.toString();
    }

    /** Whether a terminal shows it as one character in its place. */
    private static boolean isPlain(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL, // line ends and ESC among them
                    Character.FORMAT, // what turns the direction, or is not seen
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE, // half of one
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}
