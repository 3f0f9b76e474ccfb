package parley;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Users who all send to each other, by WebSocket and by HTTP, and a ledger of every message: each sender numbers what he
 * sends to each receiver on each of the two ways, and each receiver checks the numbers.
 */
final class Exchange implements AutoCloseable {

    /** What became of the messages. */
    record Ledger(long sent, long received, long lost, long duplicated, long reordered, List<String> surprises) {
        boolean clean() {
            return lost == 0 && duplicated == 0 && reordered == 0 && surprises.isEmpty();
        }
    }

    private static final int BY_SOCKET = 0;
    private static final int BY_HTTP = 1;
    private static final int HTTP_PUBLISHERS = 8;
    private static final Duration LAST_MESSAGES = Duration.ofSeconds(20);

    private final int port;
    private final int users;
    private final List<Member> members = new ArrayList<>();
    private final int[][][] sent; // way, from, to; each row for the sender's one thread at a time
    private final AtomicLong sentCount = new AtomicLong();
    private final AtomicLong receivedCount = new AtomicLong();
    private final AtomicLong duplicated = new AtomicLong();
    private final AtomicLong reordered = new AtomicLong();
    private final ConcurrentLinkedQueue<String> surprises = new ConcurrentLinkedQueue<>();
    private volatile long end;

    Exchange(int port, int users) {
        this.port = port;
        this.users = users;
        this.sent = new int[2][users][users];
    }

    /** One user: sends the next message when the one before was answered. Its texts come one at a time. */
    private final class Member {
        final int number;
        final SplittableRandom random;
        final int[][] next = new int[2][users]; // way, from
        final Set<String> skipped = new HashSet<>();
        final JdkSocket socket;
        volatile boolean idle;
        volatile String position; // of the last message

        Member(int number) {
            this.number = number;
            this.random = new SplittableRandom(number);
            this.socket = JdkSocket.open(port, "/websocket/member-" + number, this::received, "parley.v1");
        }

        void received(String text) {
            JsonObject frame = JsonParser.parseString(text).getAsJsonObject();
            switch (frame.get("type").getAsString()) {
                case "message" -> {
                    position = V1Client.position(frame);
                    count(frame.get("body").getAsString());
                }
                case "sent" -> sendNext();
                case "welcome" -> ready();
                case "ping" -> {}
                default -> surprises.add(text);
            }
        }

        private synchronized void ready() {
            idle = true;
            notifyAll();
        }

        synchronized void awaitWelcome() throws InterruptedException {
            while (!idle) {
                wait();
            }
        }

        void sendNext() {
            if (System.nanoTime() - end >= 0) {
                idle = true;
                return;
            }
            idle = false;
            int to = random.nextInt(users);
            int sequence = sent[BY_SOCKET][number][to]++;
            sentCount.incrementAndGet();
            String body = BY_SOCKET + ":" + number + ":" + sequence;
            socket.sendLater(
                    "{\"type\":\"send\",\"ref\":\"r\",\"reception\":\"member-" + to + "\",\"body\":\"" + body + "\"}");
        }

        private void count(String body) {
            receivedCount.incrementAndGet();
            String[] parts = body.split(":");
            int way = Integer.parseInt(parts[0]);
            int from = Integer.parseInt(parts[1]);
            int sequence = Integer.parseInt(parts[2]);
            int expected = next[way][from];
            if (sequence >= expected) {
                for (int missing = expected; missing < sequence; missing++) {
                    skipped.add(way + ":" + from + ":" + missing);
                }
                next[way][from] = sequence + 1;
            } else if (skipped.remove(body)) {
                reordered.incrementAndGet();
            } else {
                duplicated.incrementAndGet();
            }
        }

        void explain() {
            if (!idle) {
                surprises.add("member " + number + " waits for an answer");
            }
            skipped.forEach(body -> surprises.add("member " + number + " never got " + body));
            for (int way = 0; way < 2; way++) {
                for (int from = 0; from < users; from++) {
                    if (sent[way][from][number] > next[way][from]) {
                        surprises.add("member " + number + " waits for " + way + ":" + from + ":" + next[way][from]
                                + " at " + position);
                    }
                }
            }
        }

        long lost() {
            long lost = skipped.size();
            for (int way = 0; way < 2; way++) {
                for (int from = 0; from < users; from++) {
                    lost += sent[way][from][number] - next[way][from];
                }
            }
            return lost;
        }
    }

    /** Connects all users and lets them send for a while. */
    Ledger run(Duration time) throws Exception {
        for (int i = 0; i < users; i++) {
            members.add(new Member(i));
        }
        for (Member member : members) {
            member.socket.send("{\"type\":\"hello\"}");
        }
        for (Member member : members) {
            member.awaitWelcome();
        }
        end = System.nanoTime() + time.toNanos();
        members.forEach(Member::sendNext);
        publishByHttp();
        long deadline = System.nanoTime() + LAST_MESSAGES.toNanos();
        while ((receivedCount.get() < sentCount.get() || members.stream().anyMatch(member -> !member.idle))
                && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        long lost = members.stream().mapToLong(Member::lost).sum();
        members.forEach(Member::explain);
        for (Member member : members) {
            if (member.socket.closeCode.isDone()) {
                surprises.add("member " + member.number + " was closed: " + member.socket.closeCode.get());
            }
        }
        return new Ledger(
                sentCount.get(),
                receivedCount.get(),
                lost,
                duplicated.get(),
                reordered.get(),
                surprises.stream().limit(10).toList());
    }

    private void publishByHttp() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(HTTP_PUBLISHERS);
        try {
            List<Future<?>> publishers = new ArrayList<>();
            for (int i = 0; i < HTTP_PUBLISHERS; i++) {
                int first = i;
                publishers.add(threads.submit(() -> {
                    SplittableRandom random = new SplittableRandom(first);
                    for (int from = first; System.nanoTime() - end < 0; from += HTTP_PUBLISHERS) {
                        publish(from % users / HTTP_PUBLISHERS * HTTP_PUBLISHERS + first, random.nextInt(users));
                    }
                    return null;
                }));
            }
            for (Future<?> publisher : publishers) {
                publisher.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private void publish(int from, int to) throws Exception {
        if (from >= users) {
            return;
        }
        int sequence = sent[BY_HTTP][from][to]++;
        sentCount.incrementAndGet();
        URI uri = URI.create("http://localhost:" + port + "/socket/publish?userId=member-" + to + "&sender=member-"
                + from + "&message=" + BY_HTTP + ":" + from + ":" + sequence);
        HttpResponse<String> answer =
                ServerFixture.HTTP.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            surprises.add(answer.statusCode() + " " + answer.body());
        }
    }

    @Override
    public void close() {
        members.forEach(member -> member.socket.close());
    }
}
