package parley.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Proxy;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import parley.broker.Broker;
import parley.broker.ManualDelays;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Json;
import parley.message.ManualTime;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Publication;
import parley.message.Receipt;

/** Whatever a back end sends: a publication within the limits, or a Problem that names what to change. */
class PublishFuzz {

    private static final int MAX_OPTION_CHARS = 255;

    /** The first line is the query; the first character of the second the kind of the body, and what follows the body. */
    @FuzzTest
    void requests(byte[] input) {
        String[] parts = new String(input, StandardCharsets.UTF_8).split("\n", 2);
        String rest = parts.length == 2 ? parts[1] : "";
        PublishRequest.Kind kind = PublishRequest.Kind.values()[rest.isEmpty() ? 0 : rest.charAt(0) % 4];
        String body = rest.isEmpty() ? "" : rest.substring(1);
        try {
            PublishRequest wanted = PublishRequest.parse(Parameters.decode(parts[0]), kind, body, "billing");
            expect(wanted);
            assertEquals(wanted, PublishRequest.parse(Parameters.decode(parts[0]), kind, body, "billing"), "again");
        } catch (Problem problem) {
            assertEquals(400, problem.status());
            assertFalse(problem.detail().isBlank());
        }
    }

    private static void expect(PublishRequest wanted) throws Problem {
        Publication publication = wanted.publication();
        assertFalse(publication.drafts().isEmpty());
        assertTrue(publication.waitMillis() >= 0 && publication.waitMillis() <= 60_000);
        assertFalse(publication.waitMillis() > 0 && publication.liveOnly());
        HashSet<Channel> channels = new HashSet<>();
        for (Draft draft : publication.drafts()) {
            assertTrue(channels.add(draft.channel()), "twice");
            assertTrue(draft.retention() == null || draft.retention() >= 0);
            for (String option : new String[] {draft.sender(), draft.flag(), draft.collapse(), draft.exclude()}) {
                assertTrue(option == null || option.length() <= MAX_OPTION_CHARS);
            }
            if (draft.body().json()) {
                Json.object("{\"body\":" + draft.body().content() + "}");
            }
        }
    }

    /** Decoded, encoded as anybody would, and decoded again. */
    @FuzzTest
    void parameters(byte[] input) throws Problem {
        Map<String, List<String>> decoded;
        try {
            decoded = Parameters.decode(new String(input, StandardCharsets.UTF_8));
        } catch (Problem problem) {
            assertEquals("bad_query", problem.code());
            return;
        }
        String encoded = decoded.entrySet().stream()
                .flatMap(entry -> entry.getValue().stream().map(value -> encode(entry.getKey()) + "=" + encode(value)))
                .collect(Collectors.joining("&"));
        assertEquals(decoded, Parameters.decode(encoded));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** One answer for each line that says anything, however the lines come in pieces. */
    @FuzzTest
    void lines(byte[] input) throws Exception {
        List<String> whole = answers(input, input.length + 1);
        for (String answer : whole) {
            int status = Integer.parseInt(Json.object(answer).raw("status"));
            assertTrue(status == 202 || status == 400, answer);
        }
        if (input.length <= 512) { // a piece costs a turn
            assertEquals(whole, answers(input, 1));
        }
        assertEquals(whole, answers(input, 7));
    }

    private static List<String> answers(byte[] input, int size) throws Exception {
        FakeExchange exchange = new FakeExchange(1 << 20);
        ArrayDeque<Runnable> tasks = new ArrayDeque<>();
        ManualDelays delays = new ManualDelays(new ManualTime());
        new PublishStream(
                        exchange.context(),
                        new Items(promptBroker(), QuotaTest.UNLIMITED, Map.of(), "", Long.MAX_VALUE),
                        delays,
                        tasks::add)
                .start();
        ByteArrayOutputStream answers = new ByteArrayOutputStream();
        for (int at = 0; at < input.length; at += size) {
            exchange.come(input, at, Math.min(size, input.length - at));
            work(tasks);
            exchange.lines().forEach(line -> answers.writeBytes((line + "\n").getBytes(StandardCharsets.UTF_8)));
        }
        exchange.end();
        work(tasks);
        exchange.lines().forEach(line -> answers.writeBytes((line + "\n").getBytes(StandardCharsets.UTF_8)));
        assertTrue(exchange.completed, "the answer ended");
        return answers.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static void work(ArrayDeque<Runnable> tasks) {
        while (!tasks.isEmpty()) {
            tasks.poll().run();
        }
    }

    private static Broker promptBroker() {
        return (Broker) Proxy.newProxyInstance(
                Broker.class.getClassLoader(), new Class<?>[] {Broker.class}, (proxy, method, arguments) -> {
                    assertEquals("publish", method.getName());
                    List<Draft> drafts = ((Publication) arguments[0]).drafts();
                    return CompletableFuture.completedFuture(IntStream.range(0, drafts.size())
                            .mapToObj(i -> new Receipt(
                                    "id",
                                    drafts.get(i).channel(),
                                    new Position("aaaaaaaa", i),
                                    0,
                                    Receipt.Stored.MEMORY,
                                    null,
                                    false))
                            .toList());
                });
    }
}
