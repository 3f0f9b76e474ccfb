package parley.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.auth.AuthSettings.PublishKey;
import parley.auth.AuthSettings.Secret;
import parley.auth.Authenticator.Access;
import parley.message.ManualTime;
import parley.message.Problem;

/** Which back end may publish and administer, with keys and without. */
class BackEndTest {

    private static final String KEY = "0123456789abcdef";
    private static final String OTHER = "fedcba9876543210";

    private final List<String> told = new ArrayList<>();
    private boolean guessedTooOften;

    private final Guesses guesses = new Guesses() {
        @Override
        public void requireAnother(Caller caller) throws Problem {
            told.add("asked");
            if (guessedTooOften) {
                throw new Problem(429, "too_many", "Too many.");
            }
        }

        @Override
        public void wrong(Caller caller) {
            told.add("wrong from " + caller.address().getHostAddress());
        }
    };

    private Authenticator server(PublishKey... keys) {
        try {
            return new Authenticator(
                    new AuthSettings(List.of(keys), null),
                    new BrowserGuard(new GuardSettings("127.0.0.1", List.of(), List.of())),
                    guesses,
                    new ManualTime(),
                    (millis, task) -> {});
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Authenticator keyed() {
        return server(
                new PublishKey("ci", new Secret(KEY)),
                new PublishKey("shop", new Secret("the old key of the shop")),
                new PublishKey("shop", new Secret(OTHER)));
    }

    /** @param headers {@code Name: value} */
    private static Caller caller(String remote, String local, String... headers) {
        Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String header : headers) {
            int colon = header.indexOf(": ");
            all.computeIfAbsent(header.substring(0, colon), name -> new ArrayList<>())
                    .add(header.substring(colon + 2));
        }
        try {
            return Caller.of(
                    name -> all.getOrDefault(name, List.of()),
                    InetAddress.getByName(remote),
                    InetAddress.getByName(local),
                    false);
        } catch (java.net.UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static Caller far(String... headers) {
        return caller("10.0.0.9", "10.0.0.1", headers);
    }

    private static Caller near(String... headers) {
        String[] all = java.util.Arrays.copyOf(headers, headers.length + 1);
        all[headers.length] = "Host: localhost:7777";
        return caller("127.0.0.1", "127.0.0.1", all);
    }

    private static Problem refused(Authenticator server, Caller caller, Access access) {
        return assertThrows(Problem.class, () -> server.backEnd(caller, access));
    }

    @ParameterizedTest
    @CsvSource({
        "X-Api-Key: 0123456789abcdef, ci",
        "X-API-KEY: fedcba9876543210, shop",
        "x-api-key: the old key of the shop, shop",
        "Authorization: Bearer 0123456789abcdef, ci",
        "Authorization: bearer   fedcba9876543210, shop",
    })
    void aKeyNamesItsBackEndWhereverItIs(String header, String name) throws Problem {
        for (Access access : Access.values()) {
            assertEquals(name, keyed().backEnd(far(header), access));
            // a page of another site does not know the key: nothing else is asked
            assertEquals(name, keyed().backEnd(near(header, "Sec-Fetch-Site: cross-site"), access));
            assertEquals(name, keyed().backEnd(far(header, "Host: any.test", "X-Forwarded-For: 1.1.1.1"), access));
        }
        assertTrue(told.stream().allMatch("asked"::equals), told::toString);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "0123456789abcde",
                "0123456789abcdef0",
                "0123456789ABCDEF",
                "0123456789abcdef ",
                "0123456789abcdef,0123456789abcdef",
                "ci:0123456789abcdef",
                "default",
                "0123456789abcde\u0000",
            })
    void anythingButAKeyIsWrong(String key) {
        for (Access access : Access.values()) {
            Problem problem = refused(keyed(), near("X-Api-Key: " + key), access);
            assertEquals(401, problem.status());
        }
        assertEquals(List.of("asked", "wrong from 127.0.0.1", "asked", "wrong from 127.0.0.1"), told);
    }

    @Test
    void twoKeysAreNone() {
        for (Caller caller : List.of(
                far("X-Api-Key: " + KEY, "X-Api-Key: " + KEY),
                far("X-Api-Key: " + KEY, "X-Api-Key: " + OTHER),
                far("X-Api-Key: " + KEY, "Authorization: Bearer " + KEY))) {
            assertEquals(401, refused(keyed(), caller, Access.PUBLISH).status());
        }
    }

    /** A password for a proxy in front of us is none of ours. */
    /** Who stopped at the first that fits would tell by the time where it stands. */
    @Test
    void allKeysAreComparedWhicheverFits() throws Problem {
        Authenticator server = server(
                new PublishKey("first", new Secret(KEY)),
                new PublishKey("other", new Secret(OTHER)),
                new PublishKey("last", new Secret(KEY)));
        assertEquals("last", server.backEnd(far("X-Api-Key: " + KEY), Access.PUBLISH));
    }

    @Test
    void otherSchemesArePassedOver() throws Problem {
        assertEquals("ci", keyed().backEnd(far("Authorization: Basic YTpi", "X-Api-Key: " + KEY), Access.PUBLISH));
        refused(keyed(), far("Authorization: Basic YTpi"), Access.PUBLISH);
        assertEquals(List.of("asked"), told);
    }

    @Test
    void theAnswerToNoKeyIsThatToAWrongOne() {
        Problem none = refused(keyed(), far(), Access.PUBLISH);
        assertEquals(List.of(), told, "nobody guessed");
        assertEquals(
                none.json(),
                refused(keyed(), far("X-Api-Key: x"), Access.PUBLISH).json());
        assertEquals(
                none.json(),
                refused(keyed(), far("X-Api-Key: x"), Access.ADMINISTER).json());
        assertEquals(none.json(), refused(keyed(), far(), Access.ADMINISTER).json());
    }

    @Test
    void withKeysPublishingNeedsOneEvenFromHere() {
        assertEquals(401, refused(keyed(), near(), Access.PUBLISH).status());
    }

    @Test
    void administrationNeedsNoneFromHere() throws Problem {
        assertEquals("", keyed().backEnd(near(), Access.ADMINISTER));
        assertEquals(
                401,
                refused(keyed(), near("X-Forwarded-For: 1.1.1.1"), Access.ADMINISTER)
                        .status());
        assertEquals(
                401, refused(keyed(), near("Via: 1.1 proxy"), Access.ADMINISTER).status());
        assertEquals(
                403,
                refused(keyed(), near("Sec-Fetch-Site: cross-site"), Access.ADMINISTER)
                        .status());
        assertEquals(
                421,
                refused(keyed(), caller("127.0.0.1", "127.0.0.1", "Host: evil.test"), Access.ADMINISTER)
                        .status());
        assertEquals(
                401,
                refused(keyed(), caller("127.0.0.1", "10.0.0.1", "Host: localhost"), Access.ADMINISTER)
                        .status());
    }

    @Test
    void withoutKeysOnlyThisMachineMay() throws Problem {
        for (Access access : Access.values()) {
            assertEquals("", server().backEnd(near(), access));
            assertEquals("", server().backEnd(near("X-Api-Key: left over"), access));
            assertEquals(401, refused(server(), far("Host: localhost"), access).status());
            assertEquals(
                    401,
                    refused(server(), near("Forwarded: for=1.1.1.1"), access).status());
            assertEquals(
                    403, refused(server(), near("Sec-Fetch-Site: none"), access).status());
        }
        assertEquals(List.of(), told);
    }

    @Test
    void whoGuessedTooOftenIsNotEvenLookedAt() {
        guessedTooOften = true;
        assertEquals(
                429, refused(keyed(), far("X-Api-Key: " + KEY), Access.PUBLISH).status());
        assertEquals(List.of("asked"), told);
        assertEquals(401, refused(keyed(), far(), Access.PUBLISH).status(), "who presents nothing guesses nothing");
    }

    @Test
    void secretsDoNotShowThemselves() {
        assertEquals(
                "AuthSettings[publishKeys=[PublishKey[name=ci, key=(secret)]], tokens=null]",
                "" + new AuthSettings(List.of(new PublishKey("ci", new Secret(KEY))), null));
    }
}
