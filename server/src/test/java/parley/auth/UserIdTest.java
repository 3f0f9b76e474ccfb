package parley.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.message.Channel;
import parley.message.Problem;

class UserIdTest {

    private static final String ASTRAL = "🎉";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10086",
                "a",
                " ",
                "a b",
                "张三",
                "José",
                "ada@example.com",
                "f47ac10b-58cc-4372-a567-0e02b2c3d479",
                "a.b_c~d:e,f|g'h\"i<j>k{l}m%n?o#p&q=r+s",
                "..",
                "user:42",
                "שלום",
                "👩\u200d💻",
                "می\u200cخواهم",
                "\ue000",
                "null",
            })
    void takesWhatPeopleAreCalled(String id) throws Problem {
        assertEquals(id, UserId.user(id));
        assertEquals(id, UserId.topic(id));
    }

    @ParameterizedTest
    @CsvSource({
        "'', empty",
        "a/b, slash",
        "/, slash",
        "a\\b, back slash",
        "a;jsessionid=1, semicolon",
        "a\u037eb, a Greek question mark is a semicolon in NFC",
        "'a\u0000', NUL",
        "'a\tb', tab",
        "'a\nb', line feed",
        "'a\u001fb', control",
        "a\u007f, delete",
        "a\u0085b, next line",
        "a\u009fb, C1 control",
        "a\u2028b, line separator",
        "a\u2029b, paragraph separator",
        "a\u061cb, Arabic letter mark",
        "a\u200eb, left-to-right mark",
        "a\u200fb, right-to-left mark",
        "a\u202ab, embedding",
        "a\u202eb, override",
        "a\u2066b, isolate",
        "a\u2069b, pop isolate",
        "a\u200bb, zero-width space",
        "a\u2060b, word joiner",
        "\ufeffa, byte order mark",
        "a\u00adb, soft hyphen",
        "a\ufffeb, noncharacter",
        "a\uffffb, noncharacter",
    })
    void refusesWhatCannotBeSeenOrCutsAPath(String id, String why) {
        assertEquals("400 bad_user", problem(() -> UserId.user(id)), why);
        assertEquals("400 bad_topic", problem(() -> UserId.topic(id)), why);
    }

    @Test
    void refusesHalfASurrogatePair() {
        String high = ASTRAL.substring(0, 1);
        String low = ASTRAL.substring(1);
        for (String id : List.of(high, low, low + high, "a" + high + "b", high + ASTRAL, ASTRAL + low)) {
            assertEquals("400 bad_user", problem(() -> UserId.user(id)));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Jose\u0301, Jos\u00e9",
        "Jos\u00e9, Jos\u00e9",
        "\u212b, \u00c5",
        "A\u030a, \u00c5",
        "\u1112\u1161\u11ab, \ud55c",
        "q\u0307\u0323, q\u0323\u0307",
        "\u212a, K",
        "\ufb01, \ufb01", // compatibility forms are other names
    })
    void equalSpellingsAreOneUser(String written, String canonical) throws Problem {
        assertEquals(canonical, UserId.user(written));
        assertEquals(canonical, UserId.user(UserId.user(written)));
        assertEquals(new Channel.User(canonical), UserId.reception("user:" + written));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "é", "e\u0301", "\u1f82", "\u03b1\u0313\u0300\u0345", ASTRAL})
    void countsCodePointsOfTheCanonicalForm(String one) throws Problem {
        String canonical = UserId.user(one);
        assertEquals(canonical.repeat(128), UserId.user(one.repeat(128)));
        assertEquals("400 bad_user", problem(() -> UserId.user(one.repeat(129))));
        assertEquals(canonical.repeat(255), UserId.topic(one.repeat(255)));
        assertEquals("400 bad_topic", problem(() -> UserId.topic(one.repeat(256))));
    }

    @Test
    void receptionsNameAUserATopicOrEveryone() throws Problem {
        assertEquals(new Channel.User("42"), UserId.reception("42"));
        assertEquals(new Channel.User("42"), UserId.reception("user:42"));
        assertEquals(new Channel.User("a:b"), UserId.reception("a:b"));
        assertEquals(new Channel.User("everyone"), UserId.reception("user:everyone"));
        assertEquals(new Channel.User("user:42"), UserId.reception("user:user:42"));
        assertEquals(new Channel.User("Everyone"), UserId.reception("Everyone"));
        assertEquals(new Channel.Topic("user:42"), UserId.reception("topic:user:42"));
        assertEquals(new Channel.Topic("Jos\u00e9"), UserId.reception("topic:Jose\u0301"));
        assertEquals(Channel.EVERYONE, UserId.reception("everyone"));
        assertEquals(new Channel.User("events"), UserId.reception("events"), "clients cannot name the events");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "user:", "topic:", "a/b", "user:a/b", "topic:a;b", "topic:\u202e"})
    void badReceptionsAreCalledSo(String reception) {
        assertEquals("400 bad_reception", problem(() -> UserId.reception(reception)));
    }

    private interface Naming {
        void run() throws Problem;
    }

    private static String problem(Naming naming) {
        Problem problem = assertThrows(Problem.class, naming::run);
        return problem.status() + " " + problem.code();
    }
}
