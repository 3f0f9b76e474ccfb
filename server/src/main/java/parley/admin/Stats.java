package parley.admin;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import parley.broker.Fates;
import parley.message.Channel;
import parley.message.Json;
import parley.message.Time;
import parley.metrics.Histogram;
import parley.metrics.Metrics;
import parley.session.Mode;
import parley.session.SessionFigures;

/** The figures of the server in one JSON object: counters that only rise, and what a snapshot adds up to. */
final class Stats {

    /** What befell sessions lately: as many lines as a person reads. */
    private static final int RECENT = 30;

    private static final Path STATUS = Path.of("/proc/self/status");

    private final Metrics metrics;
    private final Fates fates;
    private final Time time;
    private final long started;

    Stats(Metrics metrics, Fates fates, Time time) {
        this.metrics = metrics;
        this.fates = fates;
        this.time = time;
        this.started = time.millis();
    }

    String json(Snapshot snapshot) {
        return new Json.Out()
                .put("type", "stats")
                .put("time", time.wallMillis())
                .put("up", time.millis() - started)
                .put("users", count(snapshot, Channel.User.class))
                .put("topics", count(snapshot, Channel.Topic.class))
                .raw("sessions", sessions(snapshot))
                .raw("counters", counters())
                .raw("acks", acks())
                .raw("memory", memory())
                .raw(
                        "recent",
                        Json.arrayOf(fates.latest(fate -> true, RECENT).stream().map(WhyServlet::fate)))
                .end();
    }

    private static long count(Snapshot snapshot, Class<? extends Channel> kind) {
        return snapshot.sizes().keySet().stream().filter(kind::isInstance).count();
    }

    private static String sessions(Snapshot snapshot) {
        long queue = 0;
        long largest = 0;
        long slow = 0;
        long behind = 0;
        long[] modes = new long[Mode.values().length];
        for (SessionFigures session : snapshot.all()) {
            queue += session.queueBytes();
            largest = Math.max(largest, session.queueBytes());
            slow += session.isSlow() ? 1 : 0;
            behind += session.behind() > 0 ? 1 : 0;
            modes[session.mode().ordinal()]++;
        }
        Json.Out out = new Json.Out().put("total", snapshot.all().size());
        for (Mode mode : Mode.values()) {
            out.put(mode.toString().toLowerCase(Locale.ROOT), modes[mode.ordinal()]);
        }
        return out.put("slow", slow)
                .put("behind", behind)
                .put("queue", queue)
                .put("largestQueue", largest)
                .end();
    }

    private String counters() {
        return new Json.Out()
                .put("published", metrics.published.sum())
                .put("sent", metrics.sent.sum())
                .put("offered", metrics.offered.sum())
                .put("opened", metrics.opened.sum())
                .put("closed", metrics.closed.sum())
                .put("tooSlow", metrics.tooSlow.sum())
                .put("clientErrors", metrics.clientErrors.sum())
                .end();
    }

    private String acks() {
        return new Json.Out()
                .raw("ends", Json.arrayOf(Histogram.ENDS.stream().map(Object::toString)))
                .raw("counts", Json.arrayOf(metrics.acks.counts().stream().map(Object::toString)))
                .end();
    }

    private static String memory() {
        Runtime runtime = Runtime.getRuntime();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        return new Json.Out()
                .put("heap", runtime.totalMemory() - runtime.freeMemory())
                .put("heapMax", runtime.maxMemory())
                .put("direct", direct)
                .putNullable("resident", resident())
                .end();
    }

    /** What the process has of the machine's memory, in bytes; null where the system does not tell it this way. */
    private static Long resident() {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .map(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst()
                    .orElse(null);
        } catch (IOException notLinux) {
            return null;
        }
    }
}
