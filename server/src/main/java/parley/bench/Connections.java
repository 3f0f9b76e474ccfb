package parley.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Many clients connect and stay. */
final class Connections {

    private static final int AT_ONCE = 128;

    private final Rig rig;
    private final Clients clients;

    Connections(Rig rig) {
        this.rig = rig;
        String run = String.format("%08x", ThreadLocalRandom.current().nextInt());
        clients = new Clients(
                rig.load(),
                rig.target(),
                rig.settings().clients(BenchSettings.Scenario.CONNECTIONS),
                index -> rig.target().handshake(index, run, false, false),
                (client, bytes, from, to) -> {});
    }

    Outcome run() throws IOException, Target.Unreachable {
        Usage before = rig.usage();
        clients.connect(AT_ONCE, rig.progress());
        Usage connected = rig.usage();
        int opened = clients.open();
        rig.load().run(TimeUnit.SECONDS.toNanos(rig.settings().seconds()), () -> false);
        Usage held = rig.usage();
        List<String> notes = new ArrayList<>(clients.losses());
        if (held.serverBytes() >= 0) {
            notes.add("memory is the growth of the process, a JVM's garbage included");
        }
        return new Outcome(
                BenchSettings.Scenario.CONNECTIONS,
                String.format(
                        "%,d of %,d open after %d s",
                        clients.open(), clients.count(), rig.settings().seconds()),
                opened / ((connected.time() - before.time()) / 1e9),
                "handshakes",
                "of a handshake",
                clients.handshakes(),
                connected.serverNanosEach(before, opened),
                held.serverBytes() < 0 || opened == 0 ? -1 : (held.serverBytes() - before.serverBytes()) / opened,
                Books.Balance.NOTHING,
                notes,
                clients.open() < clients.count() && !rig.load().stopped());
    }
}
