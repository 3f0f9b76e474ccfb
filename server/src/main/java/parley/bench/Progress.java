package parley.bench;

import java.io.PrintStream;

/** Says on the standard error what is going on: one line for each step, rewritten in place on a terminal. */
final class Progress {

    private final PrintStream out;
    private final boolean terminal;
    private int shown; // length of the line that can be rewritten

    Progress(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** A step has begun. */
    void step(String words) {
        clear();
        out.println(words);
    }

    /** How far the step is. Only for who watches. */
    void at(String words) {
        if (terminal) {
            clear();
            out.print(words);
            out.flush();
            shown = words.length();
        }
    }

    void clear() {
        if (shown > 0) {
            out.print("\r" + " ".repeat(shown) + "\r");
            shown = 0;
        }
    }
}
