package parley.bench;

import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What to measure, and how.
 *
 * @param url of a Parley (http) or of any WebSocket (ws); null for a server of our own
 * @param publishUrl where one POST publishes what its body says; null for Parley's own
 * @param scenarios what is measured, in this order
 * @param clients WebSocket connections; 0 for what suits the scenario
 * @param publishers HTTP connections that publish; 0 for what suits the scenario
 * @param depth requests on their way on each of them, where the scenario says so
 * @param rate messages per second, where the scenario has a rate
 * @param seconds of measuring, for each scenario
 * @param warmUpSeconds of warming up at most
 * @param bytes of a message
 * @param v1 whether clients speak {@code parley.v1}
 * @param echo what a client sends to get {@code {msg}} back; null for what suits the server
 * @param headers lines {@code Name: value} for every request
 * @param pid of the server, for its memory and CPU; 0 when unknown
 * @param serverOptions of a server of our own
 * @param json whether the report is JSON
 */
public record BenchSettings(
        URI url,
        URI publishUrl,
        List<Scenario> scenarios,
        int clients,
        int publishers,
        int depth,
        int rate,
        int seconds,
        int warmUpSeconds,
        int bytes,
        boolean v1,
        String echo,
        List<String> headers,
        long pid,
        List<String> serverOptions,
        boolean json) {

    /** The least size of a message: the mark by which it is known. */
    public static final int LEAST_BYTES = Stamp.LENGTH;

    /** An address that may hold {@code {i}}, {@code {to}} and {@code {run}}. */
    public static URI template(String text) {
        return URI.create(text.replace("{", "%7B").replace("}", "%7D"));
    }

    /** What can be measured. */
    public enum Scenario {
        CONNECTIONS("many clients connect and stay: handshakes, memory", 5_000),
        UNICAST("one publish to one user at a time, as answers come", 1_000),
        PIPELINED("the same, --depth requests on their way", 1_000),
        STREAM("the same as lines of one NDJSON request", 1_000),
        OPEN_LOOP("the same at --rate; latency from when it was due", 1_000),
        FAN_OUT("one publish to all clients, 8 on their way", 1_000),
        BROADCAST("one publish to all at a time: until the last has it", 1_000),
        ECHO("each client sends, and again when it came back", 100),
        STORM("all are cut, miss a message each, and come back", 2_000);

        /** What it does, for the help. */
        public final String help;

        /** How many clients suit it. */
        final int clients;

        Scenario(String help, int clients) {
            this.help = help;
            this.clients = clients;
        }

        /** As users write it. */
        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** All that are known. */
        public static List<Scenario> all() {
            return Arrays.asList(values());
        }
    }

    int clients(Scenario scenario) {
        return clients > 0 ? clients : scenario.clients;
    }
}
