package parley.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.message.ManualTime;
import parley.message.Problem;
import parley.metrics.Limit;
import parley.metrics.Metrics;

class VisitorsTest {

    private static final InetAddress ANN = address("203.0.113.1");
    private static final InetAddress BOB = address("203.0.113.2");
    private static final InetAddress PROXY = address("10.0.0.1");

    private final ManualTime time = new ManualTime();
    private final Metrics metrics = new Metrics();

    private Visitors visitors(int connections, int perAddress) {
        return new Visitors(new LimitSettings(connections, perAddress, 0), PROXY::equals, metrics, time);
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new AssertionError(literal, e);
        }
    }

    private static Caller caller(InetAddress address) {
        return new Caller(name -> List.of(), address, false, false);
    }

    private static int come(Visitors visitors, InetAddress address, int times) {
        int listened = 0;
        for (int i = 0; i < times; i++) {
            listened += visitors.came(address) ? 1 : 0;
        }
        return listened;
    }

    @Test
    void anAddressHasSoManyConnections() throws Problem {
        Visitors visitors = visitors(10_000, 100);
        assertEquals(100, come(visitors, ANN, 100));
        visitors.requireRoom(ANN);
        come(visitors, ANN, 1);
        Problem refused = assertThrows(Problem.class, () -> visitors.requireRoom(ANN));
        assertEquals(429, refused.status());
        assertEquals(5, refused.retryAfterSeconds());
        assertEquals(1, metrics.timesLimited(Limit.ADDRESS_CONNECTIONS));
        assertEquals(LimitSettings.ROOM - 1, come(visitors, ANN, 80)); // those hear why, the others hear nothing
        come(visitors, BOB, 1);
        visitors.requireRoom(BOB);
        for (int i = 0; i < 81; i++) {
            visitors.left(ANN);
        }
        visitors.requireRoom(ANN);
    }

    @Test
    void theServerHasSoManyConnections() throws Problem {
        Visitors visitors = visitors(100, 0);
        assertEquals(100, come(visitors, PROXY, 100));
        visitors.requireRoom(ANN);
        come(visitors, ANN, 1);
        assertEquals(
                503,
                assertThrows(Problem.class, () -> visitors.requireRoom(ANN)).status());
        assertEquals(LimitSettings.ROOM - 1, come(visitors, BOB, 80));
        assertEquals(181, visitors.connections());
        for (int i = 0; i < 81; i++) {
            visitors.left(ANN);
        }
        visitors.requireRoom(ANN);
    }

    @Test
    void anAddressConnectsSoOften() throws Problem {
        Visitors visitors = visitors(10_000, 150);
        for (int i = 0; i < 150; i++) {
            visitors.requireRoom(ANN);
        }
        Problem refused = assertThrows(Problem.class, () -> visitors.requireRoom(ANN));
        assertEquals("too_many_handshakes", refused.code());
        assertEquals(1, refused.retryAfterSeconds());
        visitors.requireRoom(BOB);
        time.advance(1_000 / Visitors.HANDSHAKES_PER_SECOND - 1);
        assertThrows(Problem.class, () -> visitors.requireRoom(ANN));
        time.advance(1);
        visitors.requireRoom(ANN);
    }

    /** Each of its connections ends before the next, so that there never are many. */
    @Test
    void whoComesAndGoesTooOftenIsNotHeard() {
        Visitors visitors = visitors(10_000, 100);
        int heard = 0;
        for (int i = 0; i < 1_000; i++) {
            heard += come(visitors, ANN, 1);
            visitors.left(ANN);
        }
        assertEquals(200, heard);
        assertEquals(800, metrics.timesLimited(Limit.ADDRESS_CONNECTS));
        time.advance(1_000);
        assertEquals(1, come(visitors, ANN, 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1"})
    void thisMachineAndProxiesAreNotLimited(String literal) throws Problem {
        Visitors visitors = visitors(10_000, 1);
        assertEquals(5_000, come(visitors, address(literal), 5_000));
        for (int i = 0; i < 5_000; i++) {
            visitors.requireRoom(address(literal));
            visitors.wrong(caller(address(literal)));
            visitors.requireAnother(caller(address(literal)));
        }
        assertEquals(0, visitors.known());
    }

    @Test
    void otherAddressesOfThisMachineAreLimited() {
        Visitors visitors = visitors(10_000, 1);
        assertEquals(2, come(visitors, address("127.0.0.2"), 5_000));
    }

    @ParameterizedTest
    @CsvSource({
        "2001:db8:1:2::1, 2001:db8:1:2:ffff::9, true",
        "2001:db8:1:2::1, 2001:db8:1:3::1, false",
        "203.0.113.1, 203.0.113.2, false"
    })
    void anIpv6CustomerIsOneAddress(String one, String other, boolean same) throws Problem {
        Visitors visitors = visitors(10_000, 1);
        come(visitors, address(one), 2);
        if (same) {
            assertThrows(Problem.class, () -> visitors.requireRoom(address(other)));
        } else {
            visitors.requireRoom(address(other));
        }
    }

    @Test
    void aProxysConnectionCountsForItsClient() throws Problem {
        Visitors visitors = visitors(10_000, 1);
        come(visitors, PROXY, 3);
        visitors.hold(ANN);
        visitors.requireRoom(ANN);
        visitors.hold(ANN);
        assertThrows(Problem.class, () -> visitors.requireRoom(ANN));
        assertEquals(3, visitors.connections());
        visitors.release(ANN);
        time.advance(1_000);
        visitors.requireRoom(ANN);
        visitors.release(ANN);
        visitors.release(ANN); // once too often does not count below nothing
        visitors.hold(ANN);
        visitors.hold(ANN);
        assertThrows(Problem.class, () -> visitors.requireRoom(ANN));
    }

    @Test
    void tenWrongKeysAMinute() throws Problem {
        Visitors visitors = visitors(10_000, 100);
        for (int i = 0; i < Visitors.GUESSES_PER_MINUTE; i++) {
            visitors.requireAnother(caller(ANN));
            visitors.wrong(caller(ANN));
        }
        Problem refused = assertThrows(Problem.class, () -> visitors.requireAnother(caller(ANN)));
        assertEquals(429, refused.status());
        assertEquals(6, refused.retryAfterSeconds());
        visitors.requireAnother(caller(BOB));
        assertEquals(10, metrics.wrongCredentials.sum());
        time.advance(5_999);
        assertThrows(Problem.class, () -> visitors.requireAnother(caller(ANN)));
        time.advance(1);
        visitors.requireAnother(caller(ANN));
        assertEquals(2, metrics.timesLimited(Limit.GUESSES));
    }

    @Test
    void whoGuessesRightIsNotCounted() throws Problem {
        Visitors visitors = visitors(10_000, 100);
        for (int i = 0; i < 1_000; i++) {
            visitors.requireAnother(caller(ANN));
        }
        assertEquals(0, metrics.timesLimited(Limit.GUESSES));
    }

    /** A network of its own would be worth a million of addresses. */
    @Test
    void addressesAreForgottenButNotThoseThatAreHere() throws Problem {
        Visitors visitors = visitors(1_000_000, 1);
        come(visitors, ANN, 2);
        for (int i = 0; i < 5 * Visitors.REMEMBERED; i++) {
            InetAddress address = address("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255));
            if (!visitors.isExempt(address)) {
                visitors.came(address);
                visitors.left(address);
            }
        }
        assertEquals(Visitors.REMEMBERED + 1, visitors.known());
        assertEquals(2, visitors.connections());
        assertThrows(Problem.class, () -> visitors.requireRoom(ANN));
    }

    @Test
    void withoutALimitThereIsNone() throws Problem {
        Visitors visitors = visitors(1_000_000, 0);
        assertEquals(10_000, come(visitors, ANN, 10_000));
        visitors.requireRoom(ANN);
        assertTrue(visitors.isExempt(ANN));
        assertFalse(visitors(10, 1).isExempt(ANN));
    }

    @ParameterizedTest
    @CsvSource({
        "1024, 1073741824, 832",
        "20000, 1073741824, 19808",
        "20000, 134217728, 8192",
        "0, 134217728, 8192",
        "100, 134217728, 64",
        "1048576, 9223372036854775807, 1048384"
    })
    void asManyAsDescriptorsAndHeapAllow(long descriptors, long heap, int connections) {
        assertEquals(
                connections,
                new LimitSettings(0, 1, 0).fitted(descriptors, heap).connections());
        assertEquals(7, new LimitSettings(7, 1, 0).fitted(descriptors, heap).connections());
    }
}
