package parley.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import parley.message.ManualTime;
import parley.message.Problem;
import parley.metrics.Limit;
import parley.metrics.Metrics;

class QuotaTest {

    static final Quota UNLIMITED = new Quota(0, new Metrics(), new ManualTime());

    private final Metrics metrics = new Metrics();
    private final ManualTime time = new ManualTime();

    private static PublishRequest publish(Quota quota, String credential, int users) throws Problem {
        String ids = IntStream.range(0, users).mapToObj(i -> "\"u" + i + "\"").collect(Collectors.joining(","));
        String json = "{\"userId\":[" + ids + "],\"message\":\"hello\"}";
        return quota.read(Map.<String, List<String>>of(), PublishRequest.Kind.JSON, json, credential);
    }

    @Test
    void aMessageGoesToSoManyUsers() throws Problem {
        Quota quota = new Quota(0, metrics, time);
        assertEquals(1_000, publish(quota, "", 1_000).publication().drafts().size());
        assertEquals(0, metrics.timesLimited(Limit.TARGETS));
        Problem refused = assertThrows(Problem.class, () -> publish(quota, "", 1_001));
        assertEquals("too_many_users", refused.code());
        assertEquals(400, refused.status());
        assertEquals(1, metrics.timesLimited(Limit.TARGETS));
    }

    @Test
    void eachPublisherHasARateOfHisOwn() throws Problem {
        Quota quota = new Quota(10, metrics, time);
        publish(quota, "shop", 39);
        publish(quota, "shop", 11); // one is left of forty, and ten are owed
        Problem refused = assertThrows(Problem.class, () -> publish(quota, "shop", 1));
        assertEquals(429, refused.status());
        assertEquals(2, refused.retryAfterSeconds()); // 1.1 s
        assertEquals(1, metrics.timesLimited(Limit.PUBLISHES));
        publish(quota, "ci", 1);
        time.advance(1_099);
        assertThrows(Problem.class, () -> publish(quota, "shop", 1));
        time.advance(1);
        publish(quota, "shop", 1);
    }

    /** What cannot be published is not counted: who errs may try again. */
    @Test
    void whatIsRefusedCostsNothing() throws Problem {
        Quota quota = new Quota(1, metrics, time);
        for (int i = 0; i < 100; i++) {
            assertThrows(Problem.class, () -> publish(quota, "", 1_001));
        }
        publish(quota, "", 1);
    }
}
