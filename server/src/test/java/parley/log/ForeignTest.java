package parley.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignTest {

    @Test
    void namesOfAllScriptsStayAsTheyAre() {
        String names = "ann 10086 auth0|123 Müller 用户 пользователь 😀 a\\b 'q' \"q\" 100%";
        assertEquals(names, Foreign.clean(names));
        assertEquals("null", Foreign.clean(null));
        assertEquals("42", Foreign.clean(42));
    }

    @Test
    void whatForgesALineOrReordersItIsEscaped() {
        assertEquals("a\\u000d\\u000aINFO Parley - forged", Foreign.clean("a\r\nINFO Parley - forged"));
        assertEquals("\\u001b[2J\\u0000\\u0085\\u2028\\u2029", Foreign.clean("\u001b[2J\0\u0085\u2028\u2029"));
        assertEquals("\\u202egpj\\u2066\\u200f\\u061c", Foreign.clean("\u202egpj\u2066\u200f\u061c"));
        assertEquals("\\ud800x\\U000e0041", Foreign.clean("\ud800x\udb40\udc41"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '>', quoteCharacter = '`', textBlock = """
            GET /websocket/eyJhbGciOi.eyJzdWIiOi.c2ln HTTP/1.1  > GET /websocket/eyJ... HTTP/1.1
            /websocket/42?token=SECRET&topic=a is ambiguous     > /websocket/42?... is ambiguous
            protocols [parley.v1, parley.token.SECRET]          > protocols [parley.v1, parley.token....]
            Authorization: Bearer SECRET                        > Authorization: ...
            [authorization=Bearer SECRET, x=SECRET]             > [authorization=...
            x-api-key:SECRET                                    > x-api-key:...
            a bearer SECRET, b                                  > a bearer ..., b
            userId=42&message=SECRET&flag=a                     > userId=42&message=...&flag=a
            redis://me:SECRET@host/0                            > redis://...@host/0
            why? because                                        > why? because
            """)
    void secretsAreLeftOut(String said, String told) {
        assertEquals(told, Foreign.clean(said));
    }

    @ParameterizedTest
    @ValueSource(ints = {Foreign.MAX_CHARS - 1, Foreign.MAX_CHARS})
    void whatIsShortIsTold(int length) {
        assertEquals("x".repeat(length), Foreign.clean("x".repeat(length)));
    }

    @Test
    void whatIsLongIsCut() {
        assertEquals("x".repeat(Foreign.MAX_CHARS) + "... (1000000 characters)", Foreign.clean("x".repeat(1_000_000)));
        String pair = Foreign.clean("x".repeat(Foreign.MAX_CHARS - 1) + "😀😀");
        assertFalse(pair.contains("\\U"), pair);
    }

    /** A secret that the cut goes through is a secret still. */
    @Test
    void aSecretAtTheCutIsLeftOut() {
        for (int before = Foreign.MAX_CHARS - 40; before < Foreign.MAX_CHARS; before++) {
            String told = Foreign.clean("x".repeat(before) + " Bearer SECRET-OF-SOME-LENGTH-SECRET");
            assertFalse(told.contains("SEC"), told);
        }
        assertTrue(Foreign.clean("x".repeat(4_090) + "?SECRET").startsWith("x"));
    }

    /** So that a megabyte costs no more than its beginning. */
    @Test
    void whatIsVeryLongIsNotReadToItsEnd() {
        assertEquals("?...... (1000005 characters)", Foreign.clean("?" + "x".repeat(1_000_000) + " end"));
    }

    @Test
    void aPatternHasMoreRoom() {
        assertEquals("x".repeat(1_024), Foreign.cleanLong("x".repeat(1_024)));
        assertEquals("x".repeat(1_024) + "... (1025 characters)", Foreign.cleanLong("x".repeat(1_025)));
    }
}
