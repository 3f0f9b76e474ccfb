package parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {

    @ParameterizedTest
    @CsvSource({
        "500ms, 500",
        "0, 0",
        "0ms, 0",
        "2, 2000",
        "2s, 2000",
        "5m, 300000",
        "1h, 3600000",
        "7d, 604800000",
        "007s, 7000",
        "999999999d, 86399999913600000",
    })
    void readsNumberAndUnit(String text, long millis) throws Problem {
        assertEquals(millis, Durations.millis(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "s",
                "ms",
                "-1",
                "-1s",
                "+1s",
                "1.5s",
                "1,5s",
                "1 s",
                " 1s",
                "1s ",
                "1S",
                "1sec",
                "1w",
                "1m30s",
                "1e3",
                "PT1S",
                "٥s",
                "1000000000",
                "1s\n",
            })
    void anythingElseIsAProblem(String text) {
        Problem problem = assertThrows(Problem.class, () -> Durations.millis(text));
        assertEquals("400 bad_duration", problem.status() + " " + problem.code());
    }
}
