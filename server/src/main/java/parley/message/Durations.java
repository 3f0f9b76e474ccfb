package parley.message;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as people write them: {@code 500ms 2s 5m 1h 7d}; bare numbers are seconds. */
public final class Durations {

    private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)?");

    private Durations() {}

    /** Milliseconds, or a 400 {@code bad_duration}. */
    public static long millis(String text) throws Problem {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw Problem.bad(
                    "bad_duration", "A duration is written 500ms, 2s, 5m, 1h or 7d; a bare number is seconds.");
        }
        long unit = switch (form.group(2) == null ? "s" : form.group(2)) {
            case "ms" -> 1;
            case "m" -> 60_000;
            case "h" -> 3_600_000;
            case "d" -> 86_400_000;
            default -> 1_000;
        };
        return Long.parseLong(form.group(1)) * unit;
    }
}
