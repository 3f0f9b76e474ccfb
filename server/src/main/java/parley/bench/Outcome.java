package parley.bench;

import java.util.List;

/**
 * What a scenario came to.
 *
 * @param setup what was done, in words
 * @param perSecond how many {@code unit} in a second
 * @param latencies what {@code timed} says, as long as it was measured
 * @param serverNanos CPU of the server for each {@code unit}; negative when unknown
 * @param clientBytes of the server's memory for each connection; negative when unknown
 * @param notes sentences that a reader must know to trust the figures
 * @param failed whether it could not be measured, or something was refused
 */
record Outcome(
        BenchSettings.Scenario scenario,
        String setup,
        double perSecond,
        String unit,
        String timed,
        Latencies latencies,
        long serverNanos,
        long clientBytes,
        Books.Balance balance,
        List<String> notes,
        boolean failed) {

    boolean isClean() {
        return !failed && balance.isClean();
    }
}
