package parley.socket;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How many files and connections this process may have open. */
public final class Descriptors {

    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final String LINE = "Max open files";

    private Descriptors() {}

    /** Linux says it without a management bean, whose classes would slow every start down; elsewhere 0, not known. */
    public static long limit() {
        try {
            return Files.exists(LIMITS) ? limit(Files.readAllLines(LIMITS)) : 0;
        } catch (IOException unreadable) {
            return 0;
        }
    }

    /** @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html">proc_pid_limits(5)</a> */
    static long limit(List<String> lines) {
        for (String line : lines) {
            if (line.startsWith(LINE)) {
                String soft = line.substring(LINE.length()).strip().split("\\s+")[0];
                return soft.matches("\\d{1,18}") ? Long.parseLong(soft) : 0; // or "unlimited"
            }
        }
        return 0;
    }
}
