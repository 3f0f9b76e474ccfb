package parley.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** The WebSocket clients of a scenario: connects them, a limited number at a time, and knows why they left. */
final class Clients implements SocketClient.Listener {

    /** Gets what the clients get. */
    interface Inbox {
        void message(SocketClient client, byte[] bytes, int from, int to);
    }

    /** Without a handshake done in this time, the others are given up. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Load load;
    private final Target target;
    private final SocketClient[] clients;
    private final boolean[] open;
    private final long[] begun; // when it began to connect
    private final Inbox inbox;
    private final Latencies handshakes = new Latencies();
    private final Map<String, Integer> losses = new LinkedHashMap<>(); // why, how often
    private int openCount;
    private int next; // to connect
    private int shaking;
    private int atOnce;
    private long lastOpened;
    private IOException noSocket; // why this process cannot connect more

    Clients(Load load, Target target, int count, IntFunction<SocketClient.Handshake> handshake, Inbox inbox) {
        this.load = load;
        this.target = target;
        this.inbox = inbox;
        clients = new SocketClient[count];
        open = new boolean[count];
        begun = new long[count];
        for (int i = 0; i < count; i++) {
            clients[i] = new SocketClient(load, i, handshake.apply(i), this);
        }
    }

    /**
     * Connects all that are not, and returns when they are, or will not be.
     *
     * @param most handshakes at a time
     * @throws Target.Unreachable when none could
     */
    void connect(int most, Progress progress) throws IOException, Target.Unreachable {
        atOnce = most;
        next = 0;
        shaking = 0;
        lastOpened = System.nanoTime();
        dial();
        load.run(Long.MAX_VALUE / 4, () -> {
            progress.at(openCount + " of " + clients.length + " are connected");
            return shaking == 0 || System.nanoTime() - lastOpened > PATIENCE_NANOS;
        });
        if (shaking > 0 && !load.stopped()) {
            losses.merge("no answer to the handshake", shaking, Integer::sum);
        }
        if (openCount == 0 && !load.stopped()) {
            throw none();
        }
    }

    private Target.Unreachable none() {
        String why = losses.isEmpty()
                ? String.valueOf(noSocket)
                : losses.keySet().iterator().next();
        return why.startsWith("HTTP/")
                ? new Target.Unreachable("The server at " + target.name() + " refuses WebSockets: " + why)
                : target.nobodyThere(why);
    }

    private void dial() {
        while (shaking < atOnce && next < clients.length && noSocket == null) {
            SocketClient client = clients[next++];
            if (open[client.index]) {
                continue;
            }
            try {
                begun[client.index] = System.nanoTime();
                shaking++;
                client.open(target.sockets());
            } catch (IOException | Target.Unreachable e) {
                shaking--;
                noSocket = new IOException(e.getMessage());
                losses.merge(e.getMessage(), 1, Integer::sum);
            }
        }
    }

    @Override
    public void opened(SocketClient client) {
        lastOpened = System.nanoTime();
        handshakes.add(lastOpened - begun[client.index]);
        open[client.index] = true;
        openCount++;
        shaking--;
        dial();
    }

    @Override
    public void message(SocketClient client, byte[] bytes, int from, int to) {
        inbox.message(client, bytes, from, to);
    }

    @Override
    public void closed(SocketClient client, String why) {
        losses.merge(why, 1, Integer::sum);
        if (open[client.index]) {
            open[client.index] = false;
            openCount--;
            return;
        }
        shaking--;
        if (openCount == 0 && next >= atOnce) {
            next = clients.length; // so many were refused that the others would be, too
        }
        dial();
    }

    /** Resets all connections, without a word. */
    void cut() {
        for (SocketClient client : clients) {
            client.close();
            open[client.index] = false;
        }
        openCount = 0;
    }

    boolean isOpen(int index) {
        return open[index];
    }

    SocketClient get(int index) {
        return clients[index];
    }

    int count() {
        return clients.length;
    }

    int open() {
        return openCount;
    }

    Latencies handshakes() {
        return handshakes;
    }

    /** Why clients could not connect, or left, each with what helps. */
    List<String> losses() {
        List<String> sentences = new ArrayList<>();
        losses.forEach((why, count) -> sentences.add(count + " of " + clients.length + " clients: " + why + help(why)));
        return sentences;
    }

    private static String help(String why) {
        if (why.contains("Too many open files")) {
            return ". This process may open no more files: raise its limit with ulimit -n";
        }
        if (why.contains("closed with 4129")) {
            return ". Start the server with --session-rate 0";
        }
        if (why.contains("reset") || why.contains("closed the connection")) {
            return ". The server may have run out of file descriptors: raise its limit with ulimit -n";
        }
        return "";
    }
}
