package parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyTest {

    @Test
    void aJsonStringIsTheTextThatItSpells() throws Problem {
        assertEquals(Body.text("a\n\"b\" 🎉"), Body.ofJson("\"a\\n\\\"b\\\" \\ud83c\\udf89\""));
        assertEquals(Body.text(""), Body.ofJson("\"\""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"a\" : 1.00}", "[ ]", "12345678901234567890", "-0.0", "true", "null", "{\"a\":\"\\u0041\"}"})
    void anyOtherJsonIsCarriedAsItStands(String raw) throws Problem {
        assertEquals(new Body(raw, true), Body.ofJson(raw));
        assertEquals(raw, Body.ofJson(raw).toJson());
    }

    @Test
    void textThatLooksLikeJsonStaysText() {
        assertEquals(
                "\"{\\\"code\\\":\\\"00\\\"}\"", Body.text("{\"code\":\"00\"}").toJson());
        assertEquals("\"null\"", Body.text("null").toJson());
    }
}
