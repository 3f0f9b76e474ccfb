package parley.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import parley.message.Json;

/** Outcomes as a table or as JSON. */
final class Report {

    private static final double[] PERCENTS = {50, 90, 99, 99.9, 100};
    private static final String[] NAMES = {"p50", "p90", "p99", "p99.9", "max"};
    private static final String ROW = "%-12s %13s %-11s %8s %8s %8s %8s %8s  %9s %6s %6s %6s%n";

    private Report() {}

    /** As a table: figures first, then for each scenario what they mean. */
    static String table(String target, List<Outcome> outcomes, boolean interrupted) {
        StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                ROW,
                "scenario",
                "per second",
                "",
                NAMES[0],
                NAMES[1],
                NAMES[2],
                NAMES[3],
                NAMES[4],
                "CPU each",
                "lost",
                "dup.",
                "reord."));
        for (Outcome outcome : outcomes) {
            Latencies times = outcome.latencies();
            List<Object> cells = new ArrayList<>(List.of(
                    outcome.scenario().label(),
                    String.format(Locale.ROOT, "%,.0f", outcome.perSecond()),
                    outcome.unit()));
            for (double percent : PERCENTS) {
                cells.add(times.count() == 0 ? "-" : time(times.nanos(percent)));
            }
            cells.add(outcome.serverNanos() < 0 ? "-" : time(outcome.serverNanos()));
            Books.Balance balance = outcome.balance();
            cells.addAll(List.of(balance.lost(), balance.duplicated(), balance.reordered()));
            out.append(String.format(Locale.ROOT, ROW, cells.toArray()));
        }
        out.append('\n').append(target).append('\n');
        for (Outcome outcome : outcomes) {
            out.append(meaning(outcome)).append('\n');
        }
        return out.append(interrupted ? "Interrupted." : verdict(outcomes)).toString();
    }

    private static String meaning(Outcome outcome) {
        StringBuilder out =
                new StringBuilder(outcome.scenario().label()).append(": ").append(outcome.setup());
        out.append("; times are ").append(outcome.timed());
        if (outcome.balance().expected() > 0) {
            out.append(String.format(
                    Locale.ROOT, "; %,d messages", outcome.balance().expected()));
        }
        if (outcome.clientBytes() >= 0) {
            out.append(String.format(Locale.ROOT, "; %.1f KB of memory each", outcome.clientBytes() / 1024.0));
        }
        outcome.notes()
                .forEach(note ->
                        out.append("; ").append(note.endsWith(".") ? note.substring(0, note.length() - 1) : note));
        return out.append('.').toString();
    }

    private static String verdict(List<Outcome> outcomes) {
        if (outcomes.isEmpty()) {
            return "Nothing was measured.";
        }
        boolean messages =
                outcomes.stream().anyMatch(outcome -> outcome.balance().expected() > 0);
        if (outcomes.stream().allMatch(Outcome::isClean)) {
            return messages ? "Every message arrived, once and in order." : "Nothing failed.";
        }
        return outcomes.stream().allMatch(outcome -> outcome.balance().isClean())
                ? "Something failed: see above."
                : "NOT every message arrived once and in order: see above.";
    }

    /** A time in the unit that suits it. */
    static String time(long nanos) {
        double micros = nanos / 1e3;
        if (micros < 10) {
            return String.format(Locale.ROOT, "%.1f µs", micros);
        }
        if (micros < 1_000) {
            return String.format(Locale.ROOT, "%.0f µs", micros);
        }
        double millis = nanos / 1e6;
        if (millis < 1_000) {
            return String.format(Locale.ROOT, millis < 10 ? "%.2f ms" : "%.1f ms", millis);
        }
        return String.format(Locale.ROOT, "%.2f s", millis / 1e3);
    }

    /** One document; times in microseconds, sizes in bytes, unknown figures left out. */
    static String json(String target, List<Outcome> outcomes) {
        List<String> results = new ArrayList<>();
        for (Outcome outcome : outcomes) {
            results.add(result(outcome));
        }
        return new Json.Out()
                .put("target", target)
                .put("java", System.getProperty("java.version"))
                .put("clean", !outcomes.isEmpty() && outcomes.stream().allMatch(Outcome::isClean))
                .raw("results", Json.arrayOf(results.stream()))
                .end();
    }

    private static String result(Outcome outcome) {
        Json.Out out = new Json.Out()
                .put("scenario", outcome.scenario().label())
                .put("setup", outcome.setup())
                .raw("perSecond", String.format(Locale.ROOT, "%.1f", outcome.perSecond()))
                .put("unit", outcome.unit())
                .put("times", outcome.timed());
        for (int i = 0; i < PERCENTS.length && outcome.latencies().count() > 0; i++) {
            out.raw(NAMES[i], micros(outcome.latencies().nanos(PERCENTS[i])));
        }
        if (outcome.serverNanos() >= 0) {
            out.raw("serverCpuEach", micros(outcome.serverNanos()));
        }
        if (outcome.clientBytes() >= 0) {
            out.put("memoryEach", outcome.clientBytes());
        }
        Books.Balance balance = outcome.balance();
        return out.put("expected", balance.expected())
                .put("lost", balance.lost())
                .put("duplicated", balance.duplicated())
                .put("reordered", balance.reordered())
                .put("failed", outcome.failed())
                .raw("notes", Json.arrayOf(outcome.notes().stream().map(Json::quote)))
                .end();
    }

    private static String micros(long nanos) {
        return String.format(Locale.ROOT, "%.1f", nanos / 1e3);
    }
}
