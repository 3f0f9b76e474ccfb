package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Publishers that remember what was acknowledged as stored on disk, and whatever else they know; and the comparison of
 * that with what a server has. Every second publisher uses idempotency keys, and repeats after a failure.
 */
final class DurableLoad {

    private static final int USERS = 20;

    private record Acked(String position, String text) {}

    private record Unanswered(String user, String text, String key) {}

    private final RandomGenerator random;
    private final int threads;
    private final Map<String, List<Acked>> acked = new ConcurrentHashMap<>(); // by user
    private final Map<Integer, Unanswered> unanswered = new ConcurrentHashMap<>(); // by publisher
    private final AtomicInteger count = new AtomicInteger();
    private final int[] sequence;

    /** Answered with an error: nothing of these may ever show up. */
    final Set<String> refused = ConcurrentHashMap.newKeySet();

    DurableLoad(long seed, int threads) {
        this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        this.threads = threads;
        this.sequence = new int[threads];
        for (int i = 0; i < USERS; i++) {
            acked.put("u" + i, new ArrayList<>());
        }
    }

    int ackedCount() {
        return count.get();
    }

    /** Publishes on all threads until the server fails or {@code isOver}; returns the running threads. */
    List<Thread> begin(ServerProcess server, java.util.function.BooleanSupplier isOver) {
        List<Thread> running = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int who = t;
            long seed = random.nextLong();
            Thread thread = new Thread(() -> run(server, who, seed, isOver), "publisher-" + who);
            thread.start();
            running.add(thread);
        }
        return running;
    }

    private void run(ServerProcess server, int who, long seed, java.util.function.BooleanSupplier isOver) {
        RandomGenerator mine = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        try {
            Unanswered again = unanswered.get(who);
            if (again != null && again.key != null) {
                publish(server, who, again);
            }
            while (!isOver.getAsBoolean()) {
                String text = who + ":" + ++sequence[who] + ":" + "x".repeat(mine.nextInt(400));
                String key = who % 2 == 0 ? "key-" + who + "-" + sequence[who] : null;
                publish(server, who, new Unanswered("u" + mine.nextInt(USERS), text, key));
            }
        } catch (IOException | InterruptedException killed) {
            // whether its last message is stored, nobody knows
        }
    }

    private void publish(ServerProcess server, int who, Unanswered what) throws IOException, InterruptedException {
        unanswered.put(who, what);
        HttpResponse<String> answer = server.publish(what.user, what.text, what.key);
        if (answer.statusCode() == 200 || answer.statusCode() == 202) {
            JsonObject receipt = JsonParser.parseString(answer.body()).getAsJsonObject();
            assertEquals("disk", receipt.get("stored").getAsString());
            List<Acked> list = acked.get(what.user);
            synchronized (list) {
                list.add(new Acked(receipt.get("position").getAsString(), what.text));
            }
            count.incrementAndGet();
        } else {
            refused.add(what.text);
        }
        unanswered.remove(who);
    }

    /** Compares what was acknowledged with what the server keeps. */
    void check(ServerProcess server) throws Exception {
        for (String user : acked.keySet()) {
            Map<String, String> stored = new HashMap<>(); // text by position
            Set<String> seen = new HashSet<>();
            Map<String, Integer> last = new HashMap<>(); // sequence by publisher
            long offset = 0;
            String position = null;
            String newest;
            do {
                String since = position == null ? "" : "&since=" + position;
                JsonObject page = JsonParser.parseString(
                                server.get("/socket/history?limit=1000&userId=" + user + since))
                        .getAsJsonObject();
                JsonArray messages = page.getAsJsonArray("messages");
                for (JsonElement element : messages) {
                    JsonObject message = element.getAsJsonObject();
                    String at = message.get("position").getAsString();
                    String text = message.get("body").getAsString();
                    assertEquals(++offset, Long.parseLong(at.substring(9)), "no offset is left out");
                    assertTrue(seen.add(text), () -> "stored twice: " + text);
                    assertTrue(!refused.contains(text), () -> "refused, and yet stored: " + text);
                    String[] parts = text.split(":", 3);
                    Integer before = last.put(parts[0], Integer.parseInt(parts[1]));
                    assertTrue(before == null || before < Integer.parseInt(parts[1]), "each publisher's order");
                    stored.put(at, text);
                }
                position = page.get("position").getAsString();
                newest = page.get("newest").getAsString();
            } while (!position.equals(newest));
            for (Acked one : acked.get(user)) {
                assertEquals(one.text, stored.get(one.position), () -> "acknowledged at " + one.position);
            }
        }
    }
}
