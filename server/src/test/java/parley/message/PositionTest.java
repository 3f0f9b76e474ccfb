package parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PositionTest {

    @ParameterizedTest
    @CsvSource({
        "k3Zq81Ab-42, k3Zq81Ab, 42",
        "00000000-0, 00000000, 0",
        "zzzzZZZZ-9007199254740993, zzzzZZZZ, 9007199254740993",
        "aaaaaaaa-9223372036854775807, aaaaaaaa, 9223372036854775807",
    })
    void readsWhatItPrints(String text, String epoch, long offset) {
        assertEquals(new Position(epoch, offset), Position.parse(text));
        assertEquals(text, new Position(epoch, offset).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "42",
                "k3Zq81Ab",
                "k3Zq81Ab-",
                "k3Zq81A-42",
                "k3Zq81Abc-42",
                "k3Zq81Ab42",
                "k3Zq81Ab_42",
                "k3Zq81Ab--1",
                "k3Zq81Ab-+1",
                "k3Zq81Ab- 1",
                "k3Zq81Ab-1 ",
                " k3Zq81Ab-1",
                "k3Zq81Ab-1-2",
                "k3Zq81Ab-1a",
                "k3Zq81Ab-1.0",
                "k3Zq81Ab-٤٢",
                "k3Zq81A!-42",
                "k3Zq81Aé-42",
                "--------42",
                "aaaaaaaa-9223372036854775808",
                "aaaaaaaa-99999999999999999999",
                "aaaaaaaa-000000000000000000000000000001",
            })
    void anythingElseIsNoPosition(String text) {
        assertNull(Position.parse(text));
    }

    @Test
    void epochsAreEightLettersAndDigitsThatPositionsCanCarry() {
        Random random = new Random(1);
        for (int i = 0; i < 1_000; i++) {
            String epoch = Position.newEpoch(random);
            assertTrue(epoch.matches("[0-9A-Za-z]{8}"), epoch);
            assertEquals(new Position(epoch, i), Position.parse(epoch + '-' + i));
        }
        assertNotEquals(Position.newEpoch(random), Position.newEpoch(random));
    }
}
