package parley.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code java -jar server.jar bench}: measures a server, and checks that it loses, doubles and reorders nothing. */
public final class Bench {

    private static final int EXIT_CLEAN = 0;
    private static final int EXIT_FAILED = 1;

    /** For the report after Ctrl-C. */
    private static final int REPORT_SECONDS = 5;

    private final BenchSettings settings;
    private final Progress progress;
    private final List<Outcome> outcomes = new ArrayList<>();
    private volatile Load load;
    private volatile boolean interrupted;

    private Bench(BenchSettings settings, PrintStream err) {
        this.settings = settings;
        progress = new Progress(err, System.console() != null);
    }

    /**
     * Measures, with progress on {@code err} and the report on {@code out}. Ctrl-C ends it with what there is.
     *
     * @return the exit status: 1 when something was lost, duplicated or reordered, or could not be measured
     */
    public static int run(BenchSettings settings, PrintStream out, PrintStream err) {
        Bench bench = new Bench(settings, err);
        CountDownLatch reported = new CountDownLatch(1);
        Thread hook = new Thread(() -> bench.interrupt(reported));
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            String target = bench.measure();
            out.println(
                    settings.json()
                            ? Report.json(target, bench.outcomes)
                            : Report.table(target, bench.outcomes, bench.interrupted));
            boolean clean = bench.outcomes.stream().allMatch(Outcome::isClean) && !bench.outcomes.isEmpty();
            return clean ? EXIT_CLEAN : EXIT_FAILED;
        } catch (Target.Unreachable e) {
            bench.progress.clear();
            err.println(e.getMessage());
            return EXIT_FAILED;
        } catch (IOException e) {
            bench.progress.clear();
            err.println("The measurement failed: " + e.getMessage());
            return EXIT_FAILED;
        } finally {
            out.flush();
            reported.countDown();
            if (!bench.interrupted) {
                Runtime.getRuntime().removeShutdownHook(hook);
            }
        }
    }

    private void interrupt(CountDownLatch reported) {
        interrupted = true;
        Load running = load;
        if (running != null) {
            running.stop();
        }
        try {
            reported.await(REPORT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns what was measured, in a line. */
    private String measure() throws IOException, Target.Unreachable {
        if (settings.url() != null) {
            Target target = new Target(settings, settings.url());
            measure(target, settings.pid());
            return "Measured " + target.name() + from();
        }
        progress.step("No --url: starting a server to measure, on this machine");
        try (OwnServer server = OwnServer.start(settings.serverOptions())) {
            measure(new Target(settings, server.url()), server.pid());
        }
        String options =
                settings.serverOptions().isEmpty() ? "" : " with " + String.join(" ", settings.serverOptions());
        return "Measured a Parley of its own on this machine" + options + from();
    }

    private String from() {
        return ", Java " + System.getProperty("java.version") + ", "
                + Runtime.getRuntime().availableProcessors() + " processors for both server and load, messages of "
                + settings.bytes() + " bytes" + (settings.v1() ? ", parley.v1" : "") + ".";
    }

    private void measure(Target target, long pid) throws IOException, Target.Unreachable {
        boolean inbox = target.isParley() && target.probe();
        for (BenchSettings.Scenario scenario : settings.scenarios()) {
            if (interrupted) {
                return;
            }
            String obstacle = target.obstacle(scenario);
            if (obstacle != null) {
                progress.step(scenario.label() + ": left out, " + obstacle);
                continue;
            }
            progress.step(scenario.label() + ": " + scenario.help);
            try (Load running = new Load()) {
                load = running;
                if (interrupted) {
                    return;
                }
                outcomes.add(outcome(scenario, new Rig(settings, target, running, progress, pid, inbox)));
            } finally {
                progress.clear();
            }
        }
    }

    private static Outcome outcome(BenchSettings.Scenario scenario, Rig rig) throws IOException, Target.Unreachable {
        return switch (scenario) {
            case CONNECTIONS -> new Connections(rig).run();
            case UNICAST, PIPELINED, STREAM, OPEN_LOOP -> new Unicast(rig, scenario).run();
            case FAN_OUT, BROADCAST -> new FanOut(rig, scenario).run();
            case ECHO -> new Echo(rig).run();
            case STORM -> new Storm(rig).run();
        };
    }
}
