package parley.config;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import parley.bench.BenchSettings;

/** The options of {@code bench}. */
final class BenchCommand {

    private static final Setting URL = option(
            "url",
            "URL",
            null,
            "What to measure: a Parley (http://host:port) or any WebSocket (ws://host/path; {i} is the"
                    + " number of a client, {to} who gets a message: a number, or all). Without it bench starts a server of its own and measures that.");
    private static final Setting PUBLISH_URL = option(
            "publish-url",
            "URL",
            null,
            "Where a POST publishes its body, on a server that is no Parley; {to} is who gets it.");
    private static final Setting CLIENTS =
            option("clients", "N", "0", "WebSocket connections; 0 for what suits the scenario.");
    private static final Setting PUBLISHERS =
            option("publishers", "N", "0", "HTTP connections that publish; 0 for what suits the scenario.");
    private static final Setting DEPTH =
            option("depth", "N", "16", "Requests on their way on each of them (pipelined).");
    private static final Setting RATE = option("rate", "N", "2000", "Messages per second (open-loop).");
    private static final Setting TIME = option("time", "SECONDS", "5", "How long each scenario is measured.");
    private static final Setting WARM_UP =
            option("warm-up", "SECONDS", "15", "How long to wait at most until the rate is steady, before measuring.");
    private static final Setting SIZE = option("size", "BYTES", "100", "Size of a message.");
    private static final Setting V1 =
            option("v1", null, "false", "Clients speak parley.v1 (without acks) instead of plain text.");
    private static final Setting ECHO = option(
            "echo",
            "TEXT",
            null,
            "What a client sends to get {msg} back, where it is not {msg} alone; {i} is its number.");
    private static final Setting HEADER =
            new Setting("header", "LINE", null, true, "A header for every request, such as 'Authorization: Bearer x'.");
    private static final Setting PID =
            option("pid", "N", "0", "Process of the server at --url, for its CPU and memory.");
    private static final Setting SERVER =
            option("server", "OPTIONS", null, "Options for a server of its own, such as '--history off'.");
    private static final Setting JSON = option("json", null, "false", "Print one JSON document instead of a table.");

    static final Command BENCH = new Command(
            "bench",
            "Measure speed, and check that no message is lost, doubled or reordered.",
            List.of(
                    URL,
                    PUBLISH_URL,
                    CLIENTS,
                    PUBLISHERS,
                    DEPTH,
                    RATE,
                    TIME,
                    WARM_UP,
                    SIZE,
                    V1,
                    ECHO,
                    HEADER,
                    PID,
                    SERVER,
                    JSON),
            "SCENARIO",
            given -> new ConfigLoader.Bench(settings(given.values(), given.operands())),
            "Scenarios, all of them when none is named:%n%n" + scenarios());

    private BenchCommand() {}

    private static Setting option(String name, String label, String standard, String help) {
        return new Setting(name, label, standard, false, help);
    }

    private static String scenarios() {
        return BenchSettings.Scenario.all().stream()
                .map(scenario -> String.format("  %-12s %s", scenario.label(), scenario.help))
                .collect(Collectors.joining("%n"));
    }

    private static BenchSettings settings(Map<Setting, Value> values, List<String> operands)
            throws ConfigLoader.Misconfigured {
        Value server = values.get(SERVER);
        return new BenchSettings(
                address(values.get(URL)),
                address(values.get(PUBLISH_URL)),
                scenarios(operands),
                values.get(CLIENTS).number(0, 1_000_000),
                values.get(PUBLISHERS).number(0, 1_000),
                values.get(DEPTH).number(1, 1_000),
                values.get(RATE).number(1, 10_000_000),
                values.get(TIME).number(1, 86_400),
                values.get(WARM_UP).number(0, 3_600),
                values.get(SIZE).number(BenchSettings.LEAST_BYTES, 1 << 20),
                values.get(V1).yes(),
                values.get(ECHO).text(),
                headers(values.get(HEADER)),
                values.get(PID).number(0, 999_999_999),
                server.text() == null
                        ? List.of()
                        : List.of(server.text().strip().split("\\s+")),
                values.get(JSON).yes());
    }

    private static URI address(Value value) throws ConfigLoader.Misconfigured {
        return value.text() == null ? null : value.read(BenchSettings::template);
    }

    private static List<BenchSettings.Scenario> scenarios(List<String> names) throws ConfigLoader.Misconfigured {
        List<BenchSettings.Scenario> all = BenchSettings.Scenario.all();
        List<String> labels = all.stream().map(BenchSettings.Scenario::label).toList();
        Set<BenchSettings.Scenario> chosen = new LinkedHashSet<>();
        for (String name : names) {
            int index = labels.indexOf(name);
            if (index < 0) {
                throw new ConfigLoader.Misconfigured("There is no scenario " + name + ". Did you mean "
                        + ConfigLoader.nearest(name, labels) + "? See bench --help.");
            }
            chosen.add(all.get(index));
        }
        return chosen.isEmpty() ? all : new ArrayList<>(chosen);
    }

    private static List<String> headers(Value value) throws ConfigLoader.Misconfigured {
        for (String line : value.texts()) {
            if (!line.matches("[!-9;-~]+:[ -~]*")) {
                throw new ConfigLoader.Misconfigured("--header must be like 'Name: value'.");
            }
        }
        return value.texts();
    }
}
