package parley.bench;

import java.nio.charset.StandardCharsets;

/** Each client sends, and sends again when its own message has come back. */
final class Echo extends Traffic {

    private static final Publisher[] NONE = {};

    private final String[] before; // of each client: what stands before and after the message
    private final String[] after;
    private final long[] sent;
    private long allSent;

    Echo(Rig rig) {
        super(rig, BenchSettings.Scenario.ECHO, false, 1);
        before = new String[clients.count()];
        after = new String[clients.count()];
        sent = new long[clients.count()];
        for (int i = 0; i < before.length; i++) {
            String[] parts = rig.target().echo(i, stamp.run()).split("\\{msg}", 2);
            before[i] = parts[0];
            after[i] = parts.length > 1 ? parts[1] : "";
        }
    }

    @Override
    Publisher[] publishers() {
        return NONE;
    }

    @Override
    void begin() {
        for (int i = 0; i < clients.count(); i++) {
            if (clients.isOpen(i)) {
                send(clients.get(i));
            }
        }
    }

    private void send(SocketClient client) {
        int index = client.index;
        allSent++;
        String message = new String(
                stamp.message(index & 0xffff, ++sent[index], System.nanoTime()), StandardCharsets.ISO_8859_1);
        client.send((before[index] + message + after[index]).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    void arrived(SocketClient client, int publisher, long number, long latency) {
        if (isSending()) {
            send(client);
        }
    }

    @Override
    void goOn(Publisher publisher) {
        throw new AssertionError("nobody publishes");
    }

    @Override
    int receivers() {
        return 1;
    }

    @Override
    long expected() {
        return allSent;
    }

    @Override
    Outcome outcome(Figures figures) {
        return new Outcome(
                scenario,
                String.format("%,d clients", clients.count()),
                figures.delivered() / figures.seconds(),
                "round trips",
                "there and back",
                deliveries,
                figures.after().serverNanosEach(figures.before(), figures.delivered()),
                -1,
                figures.balance(),
                figures.notes(),
                figures.failed());
    }
}
