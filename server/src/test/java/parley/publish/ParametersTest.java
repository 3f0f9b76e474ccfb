package parley.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.message.Problem;

class ParametersTest {

    @ParameterizedTest
    @CsvSource({
        "hello, hello",
        "'', ''",
        "a+b, a b",
        "a%20b, a b",
        "a%2Bb, a+b",
        "a%2bb, a+b",
        "%26%3D%25, &=%",
        "a=b, a=b",
        "a?b#c, a?b#c",
        "caf%C3%A9, café",
        "caf\u00e9, café",
        "\u00e9+%C3%A9, é é",
        "%E5%BC%A0%E4%B8%89, 张三",
        "%F0%9F%8E%89, 🎉",
        "🎉%21, 🎉!",
        "%2525, %25",
        "a%0Ab, 'a\nb'",
        "%00, '\u0000'",
        "%EF%BF%BD, \ufffd",
    })
    void decodesNamesAndValues(String encoded, String text) throws Problem {
        assertEquals(Map.of("x", List.of(text)), Parameters.decode("x=" + encoded));
        String name = encoded.replace("=", "%3D");
        assertEquals(Map.of(text, List.of("x")), Parameters.decode(name + "=x"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%",
                "a%",
                "%4",
                "%4g",
                "%g4",
                "%%41",
                "% 41",
                "%+1",
                "%-1",
                "%1+",
                "%u0041",
                "%٤١",
                // not UTF-8: Latin-1, lone and missing continuation bytes, overlong, surrogate, too high, never a byte
                "%E9",
                "%80",
                "%C3",
                "%C3a",
                "%C0%AF",
                "%E0%80%AF",
                "%ED%A0%80",
                "%ED%A0%BC%ED%BE%89",
                "%F4%90%80%80",
                "%FF",
                "\u00e9%E9",
            })
    void refusesWhatIsNoPercentEncodedUtf8(String encoded) {
        for (String query : List.of("x=" + encoded, encoded + "=x", encoded, "ok=1&x=" + encoded)) {
            Problem problem = assertThrows(Problem.class, () -> Parameters.decode(query), query);
            assertEquals("400 bad_query", problem.status() + " " + problem.code());
        }
    }

    @Test
    void keepsAllValuesInOrder() throws Problem {
        Map<String, List<String>> values = Parameters.decode("b=1&a=2&b=&&c&b=1&=e&");
        assertEquals(Map.of("b", List.of("1", "", "1"), "a", List.of("2"), "c", List.of(""), "", List.of("e")), values);
        assertEquals(List.of("b", "a", "c", ""), List.copyOf(values.keySet()));
    }

    @Test
    void namesThatDecodeAlikeAreOne() throws Problem {
        assertEquals(Map.of("userId", List.of("1", "2")), Parameters.decode("userId=1&user%49d=2"));
    }

    @Test
    void nothingIsNothing() throws Problem {
        assertEquals(Map.of(), Parameters.decode(null));
        assertEquals(Map.of(), Parameters.decode(""));
        assertEquals(Map.of(), Parameters.decode("&&"));
    }

    @Test
    void takesAThousandFieldsAndNoMore() throws Problem {
        assertEquals(
                1_000, Parameters.decode("u=1" + "&u=1".repeat(999)).get("u").size());
        String many = "u=1" + "&u=1".repeat(1_000);
        assertEquals(
                "bad_query",
                assertThrows(Problem.class, () -> Parameters.decode(many)).code());
        assertEquals(
                "bad_query",
                assertThrows(Problem.class, () -> Parameters.decode("&".repeat(1_000_000)))
                        .code());
    }
}
