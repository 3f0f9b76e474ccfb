package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The promise as a whole: the real jar with {@code --data}, stopped once and killed once under load, publishers over
 * HTTP, and plain, v1 and SSE clients whose lines are cut all the time. In the end the books must balance: what has a
 * receipt reached everybody who is entitled to it or was declared missed, in order, and once.
 *
 * <p>System properties: {@code parley.seed}, {@code ledger.publishers}, {@code ledger.clients}, {@code ledger.seconds}
 * (of load), {@code ledger.pause} (milliseconds at most between two messages of one publisher).
 */
class LedgerIT {

    /** So few that those who are away for long miss some, and are told. */
    static final int KEPT_FOR_EVERYONE = 40;

    private static final long DRAIN_SECONDS = 25;
    private static final int TOPICS = 10;

    private final LedgerBook book = new LedgerBook();
    private final List<String> topics =
            IntStream.range(0, TOPICS).mapToObj(i -> "t" + i).toList();
    private final List<String> users = new ArrayList<>();
    private final List<LedgerPlainClient> plain = new ArrayList<>();
    private final List<LedgerV1Client> v1 = new ArrayList<>();
    private final List<LedgerStreamClient> streams = new ArrayList<>();

    @TempDir
    Path directory;

    private ServerProcess start(int port) throws IOException {
        return ServerProcess.start(
                "--port",
                Integer.toString(port),
                "--data",
                directory.toString(),
                "--history",
                "users=1000000/7d,topics=1000000/1h,everyone=" + KEPT_FOR_EVERYONE + "/1h");
    }

    /** Below the ports that the system gives to clients: one of those could take it while the server is away. */
    private static int freePort(RandomGenerator random) throws IOException {
        while (true) {
            int port = 20_000 + random.nextInt(10_000);
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return probe.getLocalPort();
            } catch (IOException taken) {
                continue;
            }
        }
    }

    @Test
    void theBooksBalanceAfterARestartAndAKillUnderLoad() throws Exception {
        long seed = DurabilityIT.seed("ledger");
        int seconds = Integer.getInteger("ledger.seconds", 21);
        int port = freePort(DurabilityIT.random(System.nanoTime()));
        ServerProcess server = start(port);
        LedgerFleet fleet = new LedgerFleet(book, port);
        try {
            enlist(fleet, Integer.getInteger("ledger.clients", 500), seed);
            fleet.begin();
            await(fleet, "before the load");
            LedgerPublishers publishers =
                    new LedgerPublishers(book, port, users, topics, Integer.getInteger("ledger.pause", 250));
            long begun = System.nanoTime();
            fleet.cuts(true);
            publishers.begin(Integer.getInteger("ledger.publishers", 50), seed);
            DurabilityIT.let(seconds * 1_000L / 3);
            fleet.stopping = true;
            assertEquals(0, server.stop());
            long stopped = book.receipts();
            server = start(port);
            fleet.stopping = false;
            DurabilityIT.let(seconds * 1_000L / 3);
            server.kill();
            fleet.killedAt = System.nanoTime();
            long killed = book.receipts();
            server = start(port);
            DurabilityIT.let(seconds * 1_000L / 3);
            publishers.end();
            long ended = System.nanoTime();
            fleet.cuts(false);
            await(fleet, "after the load");
            publishers.lastWords();
            expectLastWords(fleet, publishers);
            await(fleet, "after the last words");
            fleet.end();
            judge(server);
            long total = book.receipts();
            print(fleet, publishers, TimeUnit.NANOSECONDS.toMillis(ended - begun));
            assertEquals("", book.wrongs());
            assertTrue(stopped > 0 && killed > stopped && total > killed, "there was load all the time");
            assertEquals(v1.size(), fleet.resumedAfterKill, "v1 clients came back after the kill");
        } finally {
            fleet.end();
            server.kill();
        }
    }

    /** A third plain ones, each alone with its user; of the others every user has a v1 and an SSE client. */
    private void enlist(LedgerFleet fleet, int count, long seed) {
        for (int i = 0; i < count; i++) {
            RandomGenerator random = DurabilityIT.random(seed ^ (i + 1) * 0x9E3779B97F4A7C15L);
            int first = random.nextInt(TOPICS);
            List<String> two = List.of("t" + first, "t" + (first + 1 + random.nextInt(TOPICS - 1)) % TOPICS);
            switch (i % 3) {
                case 0 -> plain.add(new LedgerPlainClient(fleet, "plain" + i, user("p" + i), two, random));
                case 1 -> v1.add(new LedgerV1Client(fleet, "v1-" + i, user("u" + i / 3), two, random));
                default ->
                    streams.add(new LedgerStreamClient(fleet, "sse" + i, user("u" + i / 3), two, random, i % 2 == 0));
            }
        }
        fleet.clients.addAll(plain);
        fleet.clients.addAll(v1);
        fleet.clients.addAll(streams);
    }

    private String user(String name) {
        if (!users.contains(name)) {
            users.add(name);
        }
        return name;
    }

    /** Until every client is connected and has all that has a receipt. */
    private void await(LedgerFleet fleet, String when) throws Exception {
        Map<String, Set<Integer>> promised = new HashMap<>();
        users.forEach(user -> promised.put("user:" + user, book.promised("user:" + user)));
        fleet.promised = promised;
        fleet.tops = book.tops();
        try {
            fleet.complete().get(DRAIN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            fleet.clients.stream()
                    .filter(client -> !client.hasAll())
                    .limit(5)
                    .forEach(client -> book.wrong(when + " this client lacks something: " + client));
        }
    }

    private void expectLastWords(LedgerFleet fleet, LedgerPublishers publishers) {
        Map<String, Set<Integer>> last = new HashMap<>();
        publishers.lastWords.forEach(message -> last.put(message.channel, Set.of(message.serial)));
        fleet.lastWords = last;
    }

    private void judge(ServerProcess server) throws Exception {
        book.placeReceipts();
        v1.forEach(client -> client.accounts.values().forEach(account -> account.place(book)));
        streams.forEach(client -> client.accounts.values().forEach(account -> account.place(book)));
        for (String user : users) {
            book.placeHistory(server, "user:" + user, "userId=" + user);
        }
        for (String topic : topics) {
            book.placeHistory(server, "topic:" + topic, "topic=" + topic);
        }
        book.placeHistory(server, "everyone", "all=true");
        book.checkPublishersOrder();
    }

    private void print(LedgerFleet fleet, LedgerPublishers publishers, long millis) {
        int owedPlain = plain.stream().mapToInt(LedgerPlainClient::check).sum();
        int owedV1 = check(
                v1.stream().flatMap(client -> client.accounts.values().stream()).toList());
        int owedStreams = check(streams.stream()
                .flatMap(client -> client.accounts.values().stream())
                .toList());
        Map<Integer, List<Long>> acks = new HashMap<>();
        v1.forEach(client -> client.ackSentAt.forEach((serial, at) ->
                acks.computeIfAbsent(serial, unused -> new ArrayList<>()).add(at)));
        int acked = book.checkAcks(acks);
        System.out.printf(
                "ledger: %,d messages in %,d ms, %,d with a receipt, %d of unknown fate, %d attempts repeated, %d receipts"
                        + " were duplicates, %,d waited for %,d acks%n",
                book.sentCount(),
                millis,
                book.receipts(),
                publishers.unknown.get(),
                publishers.repeated.get(),
                publishers.answeredAsDuplicate.get(),
                publishers.waited.get(),
                acked);
        System.out.printf(
                "ledger: %d clients connected %,d times; their lines ended: %s%n",
                fleet.clients.size(), fleet.connections, fleet.counts);
        System.out.printf(
                "ledger: plain: %,d owed, %,d came, %,d twice (%d of them confirmed shortly before the kill)%n",
                owedPlain,
                fleet.receivedByPlain,
                plain.stream().mapToInt(client -> client.duplicates).sum(),
                plain.stream().mapToInt(client -> client.repeatedByKill).sum());
        System.out.printf(
                "ledger: v1: %,d owed, %,d came, %,d declared missed, %d filtered, %,d acks sent; after the kill %d"
                        + " resumed, %d of them from a long sleep, %d recovered in all channels, the others but for what"
                        + " everyone no longer keeps%n",
                owedV1,
                fleet.receivedByV1,
                missed(v1.stream()
                        .flatMap(client -> client.accounts.values().stream())
                        .toList()),
                v1.stream().mapToInt(client -> client.filtered).sum(),
                fleet.acksSent,
                fleet.resumedAfterKill,
                fleet.sleptThroughKill,
                fleet.recoveredAfterKill);
        System.out.printf(
                "ledger: SSE: %,d owed, %,d came, %,d declared missed%n",
                owedStreams,
                fleet.receivedByStreams,
                missed(streams.stream()
                        .flatMap(client -> client.accounts.values().stream())
                        .toList()));
    }

    private int check(List<LedgerAccount> accounts) {
        return accounts.stream().mapToInt(account -> account.check(book)).sum();
    }

    private static long missed(List<LedgerAccount> accounts) {
        return accounts.stream().mapToLong(LedgerAccount::declaredMissed).sum();
    }
}
