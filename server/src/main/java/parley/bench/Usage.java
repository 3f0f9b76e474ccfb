package parley.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What server and load have used so far.
 *
 * @param serverNanos CPU; negative when unknown
 * @param serverBytes resident memory; negative when unknown
 * @param loadNanos CPU of the thread that asks
 */
record Usage(long time, long serverNanos, long serverBytes, long loadNanos) {

    /** @param pid of the server, 0 when unknown */
    static Usage now(long pid) {
        return new Usage(
                System.nanoTime(),
                pid == 0
                        ? -1
                        : ProcessHandle.of(pid)
                                .flatMap(process -> process.info().totalCpuDuration())
                                .map(Duration::toNanos)
                                .orElse(-1L),
                pid == 0 ? -1 : resident(pid),
                ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime());
    }

    private static long resident(long pid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
                if (line.startsWith("VmRSS:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
        } catch (IOException e) {
            // no Linux, or not our process: then it is unknown
        }
        return -1;
    }

    /** CPU of the server since then, for each of so many; negative when unknown. */
    long serverNanosEach(Usage before, long count) {
        return serverNanos < 0 || before.serverNanos < 0 || count == 0
                ? -1
                : (serverNanos - before.serverNanos) / count;
    }

    /** Which part of its time the load's thread was busy. */
    double loadBusy(Usage before) {
        return (double) (loadNanos - before.loadNanos) / (time - before.time);
    }
}
