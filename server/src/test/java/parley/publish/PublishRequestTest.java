package parley.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Problem;
import parley.publish.PublishRequest.Kind;

class PublishRequestTest {

    private static final Channel USER = new Channel.User("10086");

    private static PublishRequest request(String query, Kind kind, String body) throws Problem {
        return PublishRequest.parse(Parameters.decode(query), kind, body, "");
    }

    private static PublishRequest get(String query) throws Problem {
        return request(query, Kind.NONE, "");
    }

    private static PublishRequest json(String body) throws Problem {
        return request("", Kind.JSON, body);
    }

    private static Draft only(PublishRequest request) {
        assertEquals(1, request.publication().drafts().size());
        assertFalse(request.several());
        return request.publication().drafts().get(0);
    }

    private static List<Channel> targets(PublishRequest request) {
        return request.publication().drafts().stream().map(Draft::channel).toList();
    }

    private interface Parsing {
        PublishRequest run() throws Problem;
    }

    private static String code(Parsing parsing) {
        Problem problem = assertThrows(Problem.class, parsing::run);
        assertEquals(400, problem.status());
        return problem.code();
    }

    private static Draft hello(Channel to) {
        return Draft.of(to, null, null, null, Body.text("hello"));
    }

    @Test
    void theFourCallsOfTheReadme() throws Problem {
        assertEquals(hello(USER), only(get("userId=10086&message=hello")));
        assertEquals(hello(USER), only(request("", Kind.FORM, "userId=10086&message=hello")));
        assertEquals(hello(USER), only(request("userId=10086", Kind.FORM, "hello")));
        assertEquals(
                Draft.of(USER, null, null, null, new Body("{\"code\":\"00\",\"msg\":\"hi\"}", true)),
                only(json("{\"userId\":\"10086\",\"message\":{\"code\":\"00\",\"msg\":\"hi\"}}")));
    }

    @ParameterizedTest
    @CsvSource({
        "userId=10086, user:10086",
        "userId=Jose%CC%81, user:José",
        "topic=news, topic:news",
        "topic=a+b, topic:a b",
        "all=true, everyone",
        "all, everyone",
        "all=, everyone",
        "all=false&userId=1, user:1",
        "all=false&topic=1, topic:1",
    })
    void theTargetIsAUserATopicOrAll(String target, String channel) throws Problem {
        assertEquals(channel, only(get(target + "&message=hello")).channel().toString());
        assertEquals(
                channel, only(request(target, Kind.TEXT, "hello")).channel().toString());
        assertEquals(
                channel,
                only(request("", Kind.FORM, "message=hello&" + target))
                        .channel()
                        .toString());
    }

    @ParameterizedTest
    @CsvSource({
        "'\"userId\":\"10086\"', user:10086",
        "'\"userId\":10086', user:10086",
        "'\"userId\":12345678901234567890', user:12345678901234567890",
        "'\"userId\":[\"10086\"]', user:10086",
        "'\"userId\":\"1\",\"topic\":null,\"all\":false', user:1",
        "'\"topic\":\"news\"', topic:news",
        "'\"all\":true', everyone",
        "'\"all\":\"true\"', everyone",
    })
    void theTargetInJson(String target, String channel) throws Problem {
        PublishRequest request = json("{" + target + ",\"message\":\"hello\"}");
        assertEquals(
                List.of(channel),
                targets(request).stream().map(Channel::toString).toList());
    }

    @ParameterizedTest
    @CsvSource({
        "'', no_target",
        "user=1, no_target",
        "all=false, no_target",
        "userId=1&topic=news, two_targets",
        "userId=1&all=true, two_targets",
        "topic=news&all, two_targets",
        "userId=1&topic=news&all=true, two_targets",
        "topic=news&topic=sport, two_targets",
        "userId=1&userId=1, two_targets",
        "userId=Jos%C3%A9&userId=Jose%CC%81, two_targets",
        "userId=, bad_user",
        "userId=1&userId=, bad_user",
        "userId=a%2Fb, bad_user",
        "topic=, bad_topic",
        "topic=a%3Bb, bad_topic",
        "all=yes, bad_value",
        "all=TRUE, bad_value",
        "all=true&all=true, bad_value",
    })
    void exactlyOneKindOfTarget(String target, String code) {
        assertEquals(code, code(() -> get("message=hello&" + target)));
        assertEquals(code, code(() -> request(target, Kind.TEXT, "hello")));
        assertEquals(code, code(() -> request(target, Kind.JSON, "{\"message\":\"hello\"}")));
        assertEquals(code, code(() -> request("", Kind.FORM, "message=hello&" + target)));
    }

    @ParameterizedTest
    @CsvSource({
        "'\"x\":1', no_target",
        "'\"userId\":null', no_target",
        "'\"userId\":[]', no_target",
        "'\"userId\":\"1\",\"topic\":\"news\"', two_targets",
        "'\"userId\":\"1\",\"all\":true', two_targets",
        "'\"userId\":[\"1\",\"1\"]', two_targets",
        "'\"topic\":[\"a\",\"b\"]', two_targets",
        "'\"userId\":\"\"', bad_user",
        "'\"userId\":[\"1\",\"a/b\"]', bad_user",
        "'\"userId\":{\"id\":1}', bad_value",
        "'\"userId\":[[\"1\"]]', bad_value",
        "'\"userId\":[\"1\",null]', bad_value",
        "'\"all\":\"yes\"', bad_value",
        "'\"all\":1', bad_value",
        "'\"all\":[true]', bad_value",
    })
    void exactlyOneKindOfTargetInJson(String target, String code) {
        assertEquals(code, code(() -> json("{" + target + ",\"message\":\"hello\"}")));
    }

    @Test
    void aTargetInTheQueryAndOneOfAnotherKindInTheBodyAreTwo() {
        assertEquals("two_targets", code(() -> request("userId=1", Kind.FORM, "topic=news&message=hello")));
        assertEquals("two_targets", code(() -> request("all=true", Kind.JSON, "{\"userId\":\"1\",\"message\":\"x\"}")));
    }

    @Test
    void severalUsersAreSeveralReceiptsInOrder() throws Problem {
        List<Channel> expected = List.of(new Channel.User("b"), new Channel.User("a"), new Channel.User("c"));
        for (PublishRequest request : List.of(
                get("userId=b&message=hello&userId=a&userId=c"),
                request("userId=b&userId=a&userId=c", Kind.TEXT, "hello"),
                request("", Kind.FORM, "userId=b&userId=a&message=hello&userId=c"),
                json("{\"userId\":[\"b\",\"a\",\"c\"],\"message\":\"hello\"}"))) {
            assertTrue(request.several());
            assertEquals(
                    expected.stream().map(PublishRequestTest::hello).toList(),
                    request.publication().drafts());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'\"hello\"', hello, false",
        "'\"\"', '', false",
        "'\"\\u00e9\\n\"', 'é\n', false",
        "'{\"code\" : 1.00}', '{\"code\" : 1.00}', true",
        "'[1, 2]', '[1, 2]', true",
        "12345678901234567890, 12345678901234567890, true",
        "-0.0, -0.0, true",
        "false, false, true",
    })
    void aJsonMessageIsTextOrCarriedAsItStands(String raw, String content, boolean isJson) throws Problem {
        assertEquals(
                new Body(content, isJson),
                only(json("{\"userId\":\"1\", \"message\" : " + raw + " }")).body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello", "{\"a\":1}", "userId=7&message=x", "a+b%20c", " ", "\n", "héllo 🎉"})
    void aTextBodyIsTheMessageAsItStands(String text) throws Problem {
        assertEquals(Body.text(text), only(request("userId=1", Kind.TEXT, text)).body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello", "hello=1", "a+b%20c", "%zz", "x&y", "messages=1", "[1]", "héllo", "userId", " x"})
    void aFormBodyWithoutAKnownFieldIsTheMessageAsItStands(String text) throws Problem {
        assertEquals(Body.text(text), only(request("userId=1", Kind.FORM, text)).body());
    }

    @ParameterizedTest
    @CsvSource({"userId=1&message=a+b%21", "x=1&message=a+b%21&userId=1", "message=a%20b!&userId=1&content=x"})
    void aFormBodyWithAKnownFieldIsFields(String form) throws Problem {
        assertEquals(Body.text("a b!"), only(request("", Kind.FORM, form)).body());
        assertEquals("bad_query", code(() -> request("", Kind.FORM, form + "&x=%zz")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"userId\":\"1\",\"message\":\"hi\"}", " \r\n\t{\"a\":\"&message=x\"}", "{"})
    void aFormThatLooksLikeJsonNamesTheHeaderToAdd(String body) {
        Problem problem = assertThrows(Problem.class, () -> request("userId=1", Kind.FORM, body));
        assertEquals("400 bad_form", problem.status() + " " + problem.code());
        assertTrue(problem.detail().contains("Content-Type: application/json"), problem.detail());
    }

    @Test
    void withoutAMessageThereIsNothingToPublish() {
        assertEquals("no_message", code(() -> get("userId=1")));
        assertEquals("no_message", code(() -> request("userId=1", Kind.TEXT, "")));
        assertEquals("no_message", code(() -> request("userId=1", Kind.FORM, "")));
        assertEquals("no_message", code(() -> request("", Kind.FORM, "userId=1")));
        assertEquals("no_message", code(() -> json("{\"userId\":\"1\"}")));
        assertEquals("no_message", code(() -> json("{\"userId\":\"1\",\"message\":null}")));
        assertEquals("no_message", code(() -> request("message=x", Kind.JSON, "{\"userId\":\"1\",\"message\":null}")));
    }

    @Test
    void anEmptyMessageIsOne() throws Problem {
        assertEquals(Body.text(""), only(get("userId=1&message=")).body());
        assertEquals(
                Body.text(""), only(request("", Kind.FORM, "userId=1&message=")).body());
    }

    @Test
    void twoMessagesAreOneTooMany() {
        assertEquals("two_messages", code(() -> request("userId=1&message=x", Kind.TEXT, "y")));
        assertEquals("two_messages", code(() -> request("userId=1&message=x", Kind.FORM, "y")));
        assertEquals("bad_value", code(() -> get("userId=1&message=x&message=y")));
    }

    @Test
    void theMessageMayBeLongerThanOtherFields() throws Problem {
        String text = "x".repeat(1 << 20);
        assertEquals(Body.text(text), only(get("userId=1&message=" + text)).body());
    }

    @Test
    void theQueryCompletesTheBodyAndTheBodyWins() throws Problem {
        Draft form = only(request("userId=1&flag=a&sender=q", Kind.FORM, "message=x&flag=b"));
        assertEquals(Draft.of(new Channel.User("1"), "q", null, "b", Body.text("x")), form);
        Draft json = only(
                request("userId=1&flag=a&sender=q", Kind.JSON, "{\"userId\":\"2\",\"message\":\"x\",\"flag\":\"b\"}"));
        assertEquals(Draft.of(new Channel.User("2"), "q", null, "b", Body.text("x")), json);
        Draft text = only(request("userId=1&flag=a", Kind.TEXT, "x"));
        assertEquals(Draft.of(new Channel.User("1"), null, null, "a", Body.text("x")), text);
        assertEquals(
                Body.text("q"),
                only(request("message=q", Kind.JSON, "{\"userId\":\"1\"}")).body());
    }

    @Test
    void allOptions() throws Problem {
        Draft expected = new Draft(USER, "billing", null, "inform", Body.text("x"), 300_000L, "price", "s-1");
        assertEquals(
                expected,
                only(get("userId=10086&message=x&sender=billing&flag=inform&ttl=5m&collapse=price&exclude=s-1")));
        assertEquals(
                expected,
                only(json("{\"userId\":10086,\"message\":\"x\",\"sender\":\"billing\",\"flag\":\"inform\",\"ttl\":300,"
                        + "\"collapse\":\"price\",\"exclude\":\"s-1\"}")));
    }

    @Test
    void unknownParametersAreIgnored() throws Problem {
        assertEquals(hello(USER), only(get("id=7&userId=10086&content=x&message=hello&content=y")));
        assertEquals(hello(USER), only(json("{\"id\":{},\"userId\":10086,\"message\":\"hello\",\"content\":[1]}")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sender", "flag", "collapse", "exclude"})
    void optionsAreShortAndGivenOnce(String option) throws Problem {
        String longest = "é".repeat(255);
        get("userId=1&message=x&" + option + "=" + longest);
        json("{\"userId\":\"1\",\"message\":\"x\",\"" + option + "\":\"" + longest + "\"}");
        assertEquals("bad_value", code(() -> get("userId=1&message=x&" + option + "=" + longest + "x")));
        assertEquals(
                "bad_value",
                code(() -> json("{\"userId\":\"1\",\"message\":\"x\",\"" + option + "\":\"" + longest + "x\"}")));
        assertEquals("bad_value", code(() -> get("userId=1&message=x&" + option + "=a&" + option + "=a")));
        assertEquals("bad_value", code(() -> json("{\"userId\":\"1\",\"message\":\"x\",\"" + option + "\":[\"a\"]}")));
    }

    @Test
    void ttlZeroIsOnlyForWhoIsOnlineNow() throws Problem {
        assertNull(only(get("userId=1&message=x")).retention());
        assertEquals(2_000, only(get("userId=1&message=x&ttl=2s")).retention());
        assertFalse(only(get("userId=1&message=x&ttl=1ms")).liveOnly());
        assertTrue(only(get("userId=1&message=x&ttl=0")).liveOnly());
        assertTrue(only(json("{\"userId\":\"1\",\"message\":\"x\",\"ttl\":0}")).liveOnly());
        assertEquals("bad_duration", code(() -> get("userId=1&message=x&ttl=soon")));
        assertEquals("bad_duration", code(() -> get("userId=1&message=x&ttl=")));
        assertEquals("bad_duration", code(() -> json("{\"userId\":\"1\",\"message\":\"x\",\"ttl\":-1}")));
        assertEquals("bad_duration", code(() -> json("{\"userId\":\"1\",\"message\":\"x\",\"ttl\":1.5}")));
    }

    @Test
    void waitsAMinuteAtMostAndNeverForWhatHasNoPosition() throws Problem {
        assertEquals(0, get("userId=1&message=x").publication().waitMillis());
        assertEquals(2_000, get("userId=1&message=x&wait=2s").publication().waitMillis());
        assertEquals(60_000, get("userId=1&message=x&wait=60").publication().waitMillis());
        assertEquals("bad_value", code(() -> get("userId=1&message=x&wait=60001ms")));
        assertEquals("bad_value", code(() -> get("userId=1&message=x&ttl=0&wait=1ms")));
        assertEquals(1, get("userId=1&message=x&ttl=1ms&wait=1ms").publication().waitMillis());
    }

    @Test
    void anIdempotencyKeyStandsForOneMessage() throws Problem {
        assertNull(get("userId=1&message=x").publication().key());
        assertEquals("bad_value", code(() -> get("userId=1&message=x&idempotencyKey=")));
        var key = get("userId=1&message=x&idempotencyKey=k").publication().key();
        assertEquals(
                key,
                json("{\"message\":\"x\",\"userId\":1,\"idempotencyKey\":\"k\",\"wait\":\"5s\"}")
                        .publication()
                        .key(),
                "the same message however it is written, and whoever waits");
        for (String other : List.of("userId=1&message=y", "userId=2&message=x", "userId=1&message=x&flag=f")) {
            assertNotEquals(key, get(other + "&idempotencyKey=k").publication().key(), other);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hello", "[]", "[{\"userId\":\"1\",\"message\":\"x\"}]", "{\"userId\":\"1\",}"})
    void aJsonBodyIsAnObject(String body) {
        assertEquals("bad_json", code(() -> request("userId=1&message=x", Kind.JSON, body)));
    }
}
