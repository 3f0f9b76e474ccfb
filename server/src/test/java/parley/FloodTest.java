package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import parley.metrics.Limit;

/** One address does all that it can, and another client does not notice. How long things take is scripts/soak's. */
class FloodTest {

    private static final int ADDRESS_CONNECTIONS = 50;
    private static final int ROOM = 64;

    @Test
    void theExcessIsRefusedAndTheOthersAreServed() throws Exception {
        try (ServerFixture server = ServerFixture.start("--address-connections", "" + ADDRESS_CONNECTIONS);
                RawSocket client = server.plain("/websocket/ann");
                Flood flood = new Flood(server.port(), 300, 2_000)) {
            await().until(() -> server.online("ann") == 1);
            Thread thread = new Thread(flood, "flood");
            thread.start();
            int most = 0;
            int published = 0;
            while (published < 200 || !isEverythingRefused(server)) {
                server.publish("userId", "ann", "message", "number " + published);
                assertEquals("number " + published++, client.readText());
                most = Math.max(most, server.registry().lines());
                assertTrue(published < 20_000, () -> "not all kinds of excess were refused: " + flood);
            }
            assertTrue(most <= 1 + ADDRESS_CONNECTIONS + ROOM, most + " sessions");
            assertTrue(server.connections() <= ADDRESS_CONNECTIONS + ROOM + 10, server.connections() + " connections");
            assertTrue(flood.refused.sum() > 0 && flood.unanswered.sum() > 0, flood::toString);
            flood.stop();
            thread.join();
            await().until(() -> server.registry().lines() == 1); // nothing of it is left
            await().until(() -> server.online("flood") == 0);
        }
    }

    private static boolean isEverythingRefused(ServerFixture server) {
        return server.metrics().timesLimited(Limit.ADDRESS_CONNECTIONS) > 0
                && server.metrics().timesLimited(Limit.ADDRESS_CONNECTS) > 0
                && server.metrics().timesLimited(Limit.CONTROL_FRAMES) > 0;
    }
}
