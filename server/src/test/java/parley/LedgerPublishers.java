package parley;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * Publishers on keep-alive connections, a thread each. Half of their messages have idempotency keys: those are repeated
 * until they are answered, also after the publisher itself has hung up on purpose. Of the others that break off, nobody
 * knows the fate.
 */
final class LedgerPublishers {

    private static final int EVERYONE = 40; // per thousand
    private static final int TOPIC = 60;

    private final LedgerBook book;
    private final int port;
    private final List<String> users;
    private final List<String> topics;
    private final int pauseMillis; // at most, between two messages of one
    private final List<Thread> threads = new ArrayList<>();
    private final CountDownLatch over = new CountDownLatch(1);

    /** What {@link #lastWords} published. */
    final List<LedgerBook.Sent> lastWords = new ArrayList<>();

    final AtomicInteger repeated = new AtomicInteger();
    final AtomicInteger answeredAsDuplicate = new AtomicInteger();
    final AtomicInteger unknown = new AtomicInteger();
    final AtomicInteger waited = new AtomicInteger();

    LedgerPublishers(LedgerBook book, int port, List<String> users, List<String> topics, int pauseMillis) {
        this.book = book;
        this.port = port;
        this.users = users;
        this.topics = topics;
        this.pauseMillis = pauseMillis;
    }

    void begin(int count, long seed) {
        for (int i = 0; i < count; i++) {
            Publisher publisher = new Publisher(i, DurabilityIT.random(seed + i));
            Thread thread = new Thread(publisher::run, "ledger-publisher-" + i);
            threads.add(thread);
            thread.start();
        }
    }

    /** Returns when every message with a key is answered. */
    void end() throws InterruptedException {
        over.countDown();
        DurabilityIT.join(threads);
    }

    /** One message to each channel, for those who must all be there. */
    void lastWords() throws IOException, InterruptedException {
        Publisher last = new Publisher(threads.size(), DurabilityIT.random(0));
        for (String user : users) {
            lastWords.add(last.publish("user:" + user, true, false, false));
        }
        for (String topic : topics) {
            lastWords.add(last.publish("topic:" + topic, true, false, false));
        }
        lastWords.add(last.publish("everyone", true, false, false));
        last.hangUp();
    }

    private final class Publisher {
        private final int number;
        private final RandomGenerator random;
        private RawSocket line; // null when there is none

        Publisher(int number, RandomGenerator random) {
            this.number = number;
            this.random = random;
        }

        void run() {
            try {
                while (!over.await(random.nextInt(pauseMillis), TimeUnit.MILLISECONDS)) {
                    boolean keyed = random.nextBoolean();
                    publish(target(), keyed, random.nextInt(5) == 0, keyed && random.nextInt(10) == 0);
                }
                hangUp();
            } catch (InterruptedException | IOException | RuntimeException | AssertionError bug) {
                book.wrong("publisher " + number + " failed: " + bug);
            }
        }

        private String target() {
            int choice = random.nextInt(1_000);
            return choice < EVERYONE
                    ? "everyone"
                    : choice < EVERYONE + TOPIC
                            ? "topic:" + topics.get(random.nextInt(topics.size()))
                            : "user:" + users.get(random.nextInt(users.size()));
        }

        LedgerBook.Sent publish(String channel, boolean keyed, boolean waits, boolean hangsUp)
                throws IOException, InterruptedException {
            LedgerBook.Sent message = book.next(number, channel, keyed, waits);
            for (int attempt = 0; !attempt(message, hangsUp && attempt == 0); attempt++) {
                repeated.incrementAndGet();
                over.await(20 + random.nextInt(100), TimeUnit.MILLISECONDS);
            }
            return message;
        }

        /** Whether no other attempt is to follow. */
        private boolean attempt(LedgerBook.Sent message, boolean hangsUp) throws IOException {
            try {
                if (line == null) {
                    line = new RawSocket(port);
                }
                byte[] body = message.text().getBytes(StandardCharsets.UTF_8);
                List<String> lines =
                        new ArrayList<>(List.of("Content-Type: text/plain", "Content-Length: " + body.length));
                if (message.keyed) {
                    lines.add("Idempotency-Key: ledger-" + message.serial);
                }
                line.request("POST", path(message), lines.toArray(String[]::new));
                line.send(body);
                if (hangsUp) {
                    hangUp();
                    return false;
                }
                RawSocket.Answer answer = line.readAnswer();
                return answered(message, answer.status(), answer.body());
            } catch (IOException | RuntimeException broken) { // a head that was cut off is no number
                hangUp();
                if (!message.keyed) {
                    unknown.incrementAndGet();
                }
                return !message.keyed;
            }
        }

        private boolean answered(LedgerBook.Sent message, int status, String body) throws IOException {
            if (status == 200 || status == 202) {
                book.receipt(message, body);
                answeredAsDuplicate.addAndGet(body.contains("\"duplicate\":true") ? 1 : 0);
                waited.addAndGet(message.waits ? 1 : 0);
                return true;
            }
            if (status != 503) {
                book.wrong("m" + message.serial + " was answered " + status + ": " + body);
                return true;
            }
            hangUp();
            message.refused = !message.keyed;
            return !message.keyed;
        }

        private String path(LedgerBook.Sent message) {
            String channel = message.channel;
            String target = channel.equals("everyone")
                    ? "all=true"
                    : channel.startsWith("topic:") ? "topic=" + channel.substring(6) : "userId=" + channel.substring(5);
            return "/socket/publish?" + target + (message.waits ? "&wait=700ms" : "");
        }

        void hangUp() throws IOException {
            if (line != null) {
                line.close();
                line = null;
            }
        }
    }
}
