package parley;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A hundred users who all send to each other for three seconds; scripts/soak does it with a thousand. */
class ExchangeTest {

    @Test
    void nothingIsLostDuplicatedOrReordered() throws Exception {
        try (ServerFixture server = ServerFixture.start("--session-rate", "0");
                Exchange exchange = new Exchange(server.port(), 100)) {
            Exchange.Ledger ledger = exchange.run(Duration.ofSeconds(3));
            assertTrue(ledger.clean(), ledger::toString);
            assertTrue(ledger.sent() > 100, ledger::toString);
        }
    }
}
