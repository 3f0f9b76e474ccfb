package parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageIdTest {

    private static final String CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static final long LATEST = (1L << 48) - 1;

    private final Random random = new Random(7);

    /** The UUID that an id stands for, worked out on a way of its own. */
    private static UUID decode(String id) {
        BigInteger bits = BigInteger.ZERO;
        for (char c : id.toCharArray()) {
            bits = bits.shiftLeft(5).add(BigInteger.valueOf(CROCKFORD.indexOf(c)));
        }
        return new UUID(bits.shiftRight(64).longValueExact(), bits.longValue());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1_760_000_000_000L, LATEST >> 1})
    void isAUuidOfVersionSevenInTwentySixCharacters(long millis) {
        for (int i = 0; i < 100; i++) {
            String id = Message.newId(millis, random);
            assertTrue(id.matches("[" + CROCKFORD + "]{26}"), id);
            assertEquals(7, decode(id).version());
            assertEquals(2, decode(id).variant(), "RFC 9562");
            assertEquals(millis, decode(id).getMostSignificantBits() >>> 16);
        }
    }

    @Test
    void sortsByTime() {
        String last = Message.newId(0, random);
        for (long millis = 1; millis > 0 && millis < LATEST; millis *= 3) {
            String id = Message.newId(millis, random);
            assertTrue(last.compareTo(id) < 0, last + " before " + id);
            String next = Message.newId(millis + 1, random);
            assertTrue(id.compareTo(next) < 0, id + " before " + next);
            last = next;
        }
    }

    @Test
    void allSeventyFourOtherBitsAreRandom() {
        Set<String> ids = new HashSet<>();
        long ones = 0;
        long lowOnes = 0;
        for (int i = 0; i < 1_000; i++) {
            String id = Message.newId(1, random);
            ids.add(id);
            ones |= decode(id).getMostSignificantBits();
            lowOnes |= decode(id).getLeastSignificantBits();
        }
        assertEquals(1_000, ids.size());
        assertEquals(0x17fffL, ones);
        assertEquals(0xbfffffffffffffffL, lowOnes);
    }
}
