package parley.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import parley.message.ManualTime;
import parley.message.Problem;
import parley.message.Publication;

class IdempotencyKeysTest {

    private static Object claim(IdempotencyKeys keys, int key) throws Problem {
        return keys.claim(new Publication.Key("shop:" + key, "digest"), new CompletableFuture<>());
    }

    /** The oldest is forgotten early, and taken for new when it comes again. */
    @Test
    void thereAreSoManyKeys() throws Problem {
        assertEquals(1_000_000, IdempotencyKeys.MAX_KEYS);
        IdempotencyKeys keys = new IdempotencyKeys(new ManualTime(), 100, List.of());
        for (int key = 0; key < 101; key++) {
            assertNull(claim(keys, key));
        }
        assertNotNull(claim(keys, 1));
        assertNull(claim(keys, 0));
    }
}
