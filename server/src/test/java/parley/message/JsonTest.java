package parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows are in the spirit of JSONTestSuite: what RFC 8259 allows, what it forbids, and what parsers get wrong. */
class JsonTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-0",
                "-1",
                "123456789012345678901234567890",
                "0.1000",
                "3.14159265358979323846264338327950288",
                "-0.0e-0",
                "1e5",
                "1E+05",
                "1e400",
                "true",
                "false",
                "null",
                "\"\"",
                "\"a b\"",
                "\" \\\" \\\\ \\/ \\b \\f \\n \\r \\t \"",
                "\"\\\\\"",
                "\"\\\\\\\"\"",
                "\"\\u0000\"",
                "\"\\uD83C\\uDF89\"",
                "\"🎉\"",
                "\"\u2028\u2029\u007f\u00a0\"",
                "\"/* no comment */ // #\"",
                "\"]}\"",
                "[]",
                "[ ]",
                "[1 , 2\t,\r\n3]",
                "[[],[[]]]",
                "[\"]\",\"\\\"]\"]",
                "[null,true,1.50,\"x\"]",
                "{}",
                "{ }",
                "{ \"a\" : { } }",
                "{\"}\":\"{\"}",
                "{\"a\":1,\"A\":2}",
                "{\"\":0}",
                "{\"a\":{\"a\":{\"a\":1}}}",
                "[{\"a\":1},{\"a\":1}]",
            })
    void keepsEveryValidValueByteForByte(String value) throws Problem {
        assertEquals(value, raw("{\"v\":" + value + "}"));
        assertEquals(value, raw(" \t\r\n{ \"before\" : [ \"v\" ] , \"v\" :\n" + value + "\t, \"after\":{\"v\":0} } "));
    }

    private static String raw(String text) throws Problem {
        return Json.object(text).raw().get("v");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // cut short or gone on
                "",
                " ",
                "{",
                "}",
                "[",
                "]",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":}",
                "{\"a\":1",
                "{\"a\":1,",
                "{\"a\":\"b",
                "{\"a\":1}}",
                "{\"a\":1} x",
                "{\"a\":1}{}",
                "{\"a\":1},",
                // punctuation
                "{,}",
                "{\"a\":1,}",
                "{\"a\":1,,\"b\":2}",
                "{\"a\":1;\"b\":2}",
                "{\"a\" 1}",
                "{\"a\"=1}",
                "{\"a\"=>1}",
                "{\"a\"::1}",
                "{\"a\":\"b\"\"c\"}",
                "{\"a\":[1,]}",
                "{\"a\":[,1]}",
                "{\"a\":[1 2]}",
                "{\"a\":[1;2]}",
                "{\"a\":[1}",
                "{\"a\":{]}",
                // names
                "{a:1}",
                "{'a':1}",
                "{1:1}",
                "{null:1}",
                // numbers
                "{\"a\":01}",
                "{\"a\":-01}",
                "{\"a\":-}",
                "{\"a\":+1}",
                "{\"a\":.5}",
                "{\"a\":1.}",
                "{\"a\":1.e5}",
                "{\"a\":1e}",
                "{\"a\":1e+}",
                "{\"a\":0x1F}",
                "{\"a\":1_000}",
                "{\"a\":- 1}",
                "{\"a\":１}",
                "{\"a\":NaN}",
                "{\"a\":Infinity}",
                "{\"a\":-Infinity}",
                // words
                "{\"a\":tru}",
                "{\"a\":truee}",
                "{\"a\":True}",
                "{\"a\":NULL}",
                "{\"a\":undefined}",
                "{\"a\":b}",
                // strings
                "{\"a\":'b'}",
                "{\"a\":\"\\x41\"}",
                "{\"a\":\"\\'\"}",
                "{\"a\":\"\\a\"}",
                "{\"a\":\"\\u12\"}",
                "{\"a\":\"\\u12g4\"}",
                "{\"a\":\"\\U0041\"}",
                "{\"a\":\"b\nc\"}",
                "{\"a\":\"b\\\nc\"}",
                "{\"a\":\"b\tc\"}",
                "{\"a\":\"b\u0000c\"}",
                "{\"a\tb\":1}",
                // comments, white space, prefixes
                "{\"a\":1/* x */}",
                "{\"a\":1}// x",
                "# x\n{\"a\":1}",
                "\ufeff{\"a\":1}",
                "{\u00a0\"a\":1}",
                "{\f\"a\":1}",
                "{\u2028\"a\":1}",
                ")]}'\n{\"a\":1}",
                // no object
                "[]",
                "[{\"a\":1}]",
                "\"a\"",
                "1",
                "true",
                "null",
            })
    void refusesWhatIsNoJsonObject(String text) {
        assertEquals("bad_json", problem(text).code());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":1,\"a\":2}",
                "{\"a\":1,\"b\":2,\"a\":1}",
                "{\"a\":1,\"\\u0061\":2}",
                "{\"\":1,\"\":1}",
                "{\"v\":{\"a\":1,\"a\":2}}",
                "{\"v\":[[{\"a\":1,\"a\":2}]]}",
                "{\"v\":{\"w\":{\"x\":[0,{\"a\":null,\"a\":null}]}}}",
            })
    void refusesNamesThatStandTwiceAtAnyDepth(String text) {
        assertTrue(
                problem(text).detail().startsWith("A name stands twice"),
                problem(text).detail());
    }

    @ParameterizedTest
    @CsvSource({"31, [, ]", "31, '{\"a\":', }"})
    void goesThirtyTwoDeep(int below, String open, String close) throws Problem {
        String value = open.repeat(below - 1) + (open.equals("[") ? "[]" : "{}") + close.repeat(below - 1);
        assertEquals(value, raw("{\"v\":" + value + "}"));
        assertEquals("too_deep", problem("{\"v\":" + open + value + close + "}").code());
    }

    @Test
    void refusesMoreDepthThanAnyStackHas() {
        assertEquals("too_deep", problem("{\"v\":" + "[".repeat(500_000)).code());
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"a\":tru}', 'line 1, column 6'",
        "'{\"a\":1,\n\n  \"b\":01}', 'line 3, column 7'",
        "'{\"a\":1} x', 'line 1, column 10'",
        "'{\"a\":\"', 'line 1, column 7'",
        "'{\n\"a\":1,\n\"a\":2}', 'line 3, column 4'",
    })
    void saysWhereTheErrorIs(String text, String place) {
        assertTrue(
                problem(text).detail().contains(": " + place + "."),
                problem(text).detail());
    }

    @Test
    void errorsDoNotRepeatForeignText() {
        assertTrue(!problem("{\"secret\":tru, \"x\"}").detail().contains("secret"));
        assertTrue(!problem("{\"secret\":1, \"secret\":1}").detail().contains("secret"));
    }

    private static Problem problem(String text) {
        Problem problem = assertThrows(Problem.class, () -> Json.object(text));
        assertEquals(400, problem.status());
        return problem;
    }

    @Test
    void membersKeepTheirOrderAndUnescapedNames() throws Problem {
        assertEquals(
                List.of("b", "a", "c\"}", "\u0001"),
                List.copyOf(Json.object("{\"b\":1,\"\\u0061\":2,\"c\\\"}\":3,\"\\u0001\":4}")
                        .raw()
                        .keySet()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"\\ud800\"",
                "\"\\udc00\"",
                "\"\\udc00\\ud800\"",
                "\"a\\ud83cb\"",
                "\"\\ud83c\\ud83c\\udf89\"",
                "\"\\ud83c\\\\udf89\"",
                "\"\ud83c\"",
            })
    void halfASurrogatePairIsNoJsonHere(String string) {
        assertEquals("bad_text", problem("{\"v\":" + string + "}").code());
        assertEquals("bad_text", problem("{\"v\":[{\"w\":" + string + "}]}").code());
        assertEquals("bad_text", problem("{" + string + ":1}").code(), "as a name");
    }

    @Test
    void surrogatePairsMayBeWrittenInAnyWay() throws Problem {
        String first = "🎉".substring(0, 1);
        String second = "🎉".substring(1);
        for (String way : List.of("🎉", "\\ud83c\\udf89", "\\uD83C\\uDF89", first + "\\udf89", "\\ud83c" + second)) {
            assertEquals("a🎉b", Json.object("{\"v\":\"a" + way + "b\"}").text("v"), way);
        }
    }

    @Test
    void textIsAStringOrAbsent() throws Problem {
        Json.Fields fields = Json.object("{\"s\":\"a\\nb\",\"none\":null,\"n\":1,\"o\":{},\"a\":[\"x\"],\"t\":true}");
        assertEquals("a\nb", fields.text("s"));
        assertNull(fields.text("none"));
        assertNull(fields.text("absent"));
        for (String name : List.of("n", "o", "a", "t")) {
            Problem problem = assertThrows(Problem.class, () -> fields.text(name));
            assertEquals("bad_value", problem.code());
            assertTrue(problem.detail().contains("'" + name + "'"), problem.detail());
        }
    }

    @Test
    void scalarAlsoTakesNumbersAndBooleansAsTheyAreWritten() throws Problem {
        Json.Fields fields = Json.object(
                "{\"s\":\"7\",\"n\":7.0,\"big\":12345678901234567890,\"t\":true,\"none\":null,\"o\":{},\"a\":[]}");
        assertEquals("7", fields.scalar("s"));
        assertEquals("7.0", fields.scalar("n"));
        assertEquals("12345678901234567890", fields.scalar("big"));
        assertEquals("true", fields.scalar("t"));
        assertNull(fields.scalar("none"));
        assertNull(fields.scalar("absent"));
        assertEquals(
                "bad_value",
                assertThrows(Problem.class, () -> fields.scalar("o")).code());
        assertEquals(
                "bad_value",
                assertThrows(Problem.class, () -> fields.scalar("a")).code());
    }

    @Test
    void textsAreAnArrayOfStrings() throws Problem {
        Json.Fields fields = Json.object(
                "{\"good\":[ \"a\" , \"]\" ,\"\\\"\"],\"empty\":[ ],\"none\":null,\"mixed\":[\"a\",1],\"s\":\"a\",\"o\":{}}");
        assertEquals(List.of("a", "]", "\""), fields.texts("good"));
        assertEquals(List.of(), fields.texts("empty"));
        assertEquals(List.of(), fields.texts("none"));
        assertEquals(List.of(), fields.texts("absent"));
        for (String name : List.of("mixed", "s", "o")) {
            assertEquals(
                    "bad_value",
                    assertThrows(Problem.class, () -> fields.texts(name)).code(),
                    name);
        }
    }

    @Test
    void textMapsAreObjectsOfStrings() throws Problem {
        Json.Fields fields = Json.object("{\"good\":{ \"a\" : \"}\" , \"b\":\"\\u0041\" },\"empty\":{ },"
                + "\"mixed\":{\"a\":1},\"s\":\"a\",\"a\":[]}");
        assertEquals(Map.of("a", "}", "b", "A"), fields.textMap("good"));
        assertEquals(Map.of(), fields.textMap("empty"));
        assertEquals(Map.of(), fields.textMap("absent"));
        for (String name : List.of("mixed", "s", "a")) {
            assertEquals(
                    "bad_value",
                    assertThrows(Problem.class, () -> fields.textMap(name)).code(),
                    name);
        }
    }

    @Test
    void firstLooksPastWhiteSpaceOnly() {
        assertEquals('{', Json.first(" \t\r\n{"));
        assertEquals('x', Json.first("x{"));
        assertEquals('\u00a0', Json.first("\u00a0{"));
        assertEquals(0, Json.first(" "));
        assertEquals(0, Json.first(""));
    }

    @Test
    void quoteEscapesWhatMustBe() {
        assertEquals("\"\"", Json.quote(""));
        assertEquals("\"a \\\" \\\\ \\n\\r\\t\\u0000\\u001f / é 🎉\"", Json.quote("a \" \\ \n\r\t\u0000\u001f / é 🎉"));
    }

    @Test
    void whatQuoteWritesIsReadBackAsItWas() throws Problem {
        long seed = new Random().nextLong();
        RandomGenerator random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            String text = randomText(random);
            String quoted = Json.quote(text);
            assertEquals(text, Json.object("{\"v\":" + quoted + "}").text("v"), "seed " + seed);
            assertTrue(quoted.chars().allMatch(c -> c >= ' '), "seed " + seed);
        }
    }

    /** Code points from all corners, often those that need care; never half a surrogate pair. */
    private static String randomText(RandomGenerator random) {
        int[] corners = {'"', '\\', '/', 0, '\n', 0x1f, 0x7f, 0x2028, 0x2029, 0xfeff, 0xffff, 0x1f389, 0x10ffff, 'u'};
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(20); n > 0; n--) {
            int c = random.nextBoolean() ? corners[random.nextInt(corners.length)] : random.nextInt(0x110000);
            text.appendCodePoint(c >= 0xd800 && c < 0xe000 ? 'x' : c);
        }
        return text.toString();
    }

    @Test
    void outLeavesAbsentMembersOutAndKeepsTheOrder() {
        assertEquals(
                "{\"s\":\"\\\"\",\"n\":-1,\"b\":false,\"p\":\"aaaaaaaa-7\",\"none\":null,\"two\":2,\"raw\":[1, 2]}",
                new Json.Out()
                        .put("s", "\"")
                        .put("absent", (String) null)
                        .put("n", -1)
                        .put("b", false)
                        .put("p", new Position("aaaaaaaa", 7))
                        .put("nowhere", (Position) null)
                        .putNullable("none", null)
                        .putNullable("two", 2L)
                        .raw("raw", "[1, 2]")
                        .raw("nothing", null)
                        .end());
        assertEquals("{}", new Json.Out().end());
    }

    /** "Aa" and "BB" have one hash, and so has whatever is put together from them. */
    @Test
    void manyNamesMayHaveOneHash() throws Problem {
        StringBuilder members = new StringBuilder();
        for (int i = 0; i < 1 << 13; i++) {
            String bits = Integer.toBinaryString(1 << 13 | i).substring(1);
            members.append(i == 0 ? "" : ",")
                    .append('"')
                    .append(bits.replace("0", "Aa").replace("1", "BB"))
                    .append("\":1");
        }
        Map<String, String> read = Json.object("{" + members + "}").raw();
        assertEquals(1 << 13, read.size());
        assertEquals(1, read.keySet().stream().map(String::hashCode).distinct().count());
        String twice = "{" + members + ",\"" + "BB".repeat(13) + "\":1}";
        assertEquals(
                "bad_json",
                assertThrows(Problem.class, () -> Json.object(twice)).code());
    }
}
