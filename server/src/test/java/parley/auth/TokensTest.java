package parley.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.auth.AuthSettings.Secret;
import parley.message.Channel;
import parley.message.ManualTime;

/** Tokens, good and bad; made by hand with the JDK, so that nothing here agrees with the library by accident. */
class TokensTest {

    private static final String SECRET = "a secret of thirty-two characters";
    private static final String CLAIMS = "{\"sub\":\"42\",\"exp\":1800000060}";

    private static KeyPair rsa;
    private static KeyPair ec;
    private static KeyPair ed;
    private static KeyPair otherRsa;

    @TempDir
    static Path directory;

    private final ManualTime time = new ManualTime(); // at 1,800,000,000 s

    @BeforeAll
    static void makeKeys() throws Exception {
        rsa = pair("RSA", 2048);
        otherRsa = pair("RSA", 2048);
        KeyPairGenerator curve = KeyPairGenerator.getInstance("EC");
        curve.initialize(new ECGenParameterSpec("secp256r1"));
        ec = curve.generateKeyPair();
        ed = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    }

    private static KeyPair pair(String kind, int bits) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    // ---- making tokens

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static String base64(String text) {
        return base64(text.getBytes(StandardCharsets.UTF_8));
    }

    private interface Signer {
        byte[] sign(byte[] what) throws GeneralSecurityException;
    }

    private static Signer hmac(byte[] key) {
        return what -> {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(what);
        };
    }

    private static final Signer SHARED = hmac(SECRET.getBytes(StandardCharsets.UTF_8));

    private static Signer jdk(String algorithm, PrivateKey key) {
        return what -> {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(what);
            return signature.sign();
        };
    }

    private static String token(String header, String claims, Signer signer) {
        try {
            String signed = base64(header) + '.' + base64(claims);
            return signed + '.' + base64(signer.sign(signed.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static String rs256(String header) {
        return token(header, CLAIMS, jdk("SHA256withRSA", rsa.getPrivate()));
    }

    private static String hs256(String claims) {
        return token("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", claims, SHARED);
    }

    // ---- checking them

    private static String pem(String kind, byte[] bytes) {
        return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(bytes) + "\n-----END " + kind
                + "-----\n";
    }

    private static Path file(String text) throws IOException {
        return Files.writeString(Files.createTempFile(directory, "key", ""), text);
    }

    private static Path publicKey(KeyPair pair) throws IOException {
        return file(pem("PUBLIC KEY", pair.getPublic().getEncoded()));
    }

    private Tokens with(List<String> secrets, Path... keys) throws IOException {
        return tokens(new TokenSettings(
                secrets.stream().map(Secret::new).toList(), List.of(keys), List.of(), List.of(), List.of()));
    }

    private Tokens tokens(TokenSettings settings) throws IOException {
        Tokens tokens = new Tokens(settings, time, (millis, task) -> {});
        tokens.start();
        return tokens;
    }

    private Tokens all() throws IOException {
        return with(List.of(SECRET), publicKey(rsa), publicKey(ec), publicKey(ed));
    }

    private static Identity valid(Tokens tokens, String token) {
        return assertInstanceOf(Tokens.Valid.class, tokens.verify(token), token).identity();
    }

    private static void forged(Tokens tokens, String token) {
        assertInstanceOf(Tokens.Forged.class, tokens.verify(token), token);
        assertInstanceOf(Tokens.Forged.class, tokens.verify(token), "and a second time");
    }

    private static String invalid(Tokens tokens, String token) {
        Tokens.Verdict verdict = tokens.verify(token);
        assertEquals(
                401,
                assertInstanceOf(Tokens.Invalid.class, verdict, verdict::toString)
                        .why()
                        .status());
        return ((Tokens.Invalid) verdict).why().code();
    }

    /** An ECDSA signature as tokens have it: two numbers of 32 bytes. */
    private static Signer es256() {
        return jdk("SHA256withECDSAinP1363Format", ec.getPrivate());
    }

    @Test
    void eachOfTheFourAlgorithms() throws IOException {
        Tokens tokens = all();
        for (String token : List.of(
                hs256(CLAIMS),
                rs256("{\"alg\":\"RS256\"}"),
                token("{\"alg\":\"ES256\"}", CLAIMS, es256()),
                token("{\"alg\":\"EdDSA\"}", CLAIMS, jdk("Ed25519", ed.getPrivate())))) {
            for (int i = 0; i < 2; i++) { // the second time it is known
                Identity identity = valid(tokens, token);
                assertEquals("42", identity.user());
                assertEquals(1_800_000_060_000L, identity.expires());
            }
        }
    }

    @Test
    void aSecretMayBeWrittenInBase64() throws IOException {
        String base64 = Base64.getEncoder().encodeToString(SECRET.getBytes(StandardCharsets.UTF_8));
        assertEquals(
                "42", valid(with(List.of("base64:" + base64)), hs256(CLAIMS)).user());
    }

    @Test
    void severalKeysOfOneKindAreTriedInTurn() throws IOException {
        Tokens tokens = with(List.of("0".repeat(32), SECRET), publicKey(otherRsa), publicKey(rsa));
        valid(tokens, hs256(CLAIMS));
        valid(tokens, rs256("{\"alg\":\"RS256\",\"kid\":\"a key without a name may have any\"}"));
    }

    /** RFC 8725, sections 2 and 3; signed well or not, none of these gets in. */
    static Stream<String> forgeries() {
        Signer nobody = what -> new byte[0];
        byte[] publicBytes = rsa.getPublic().getEncoded();
        String jwk = "{\"kty\":\"RSA\",\"n\":\""
                + base64(((java.security.interfaces.RSAPublicKey) otherRsa.getPublic())
                        .getModulus()
                        .toByteArray())
                + "\",\"e\":\"AQAB\"}";
        Signer other = jdk("SHA256withRSA", otherRsa.getPrivate());
        List<String> tokens = new ArrayList<>();
        for (String none : List.of("none", "None", "nOnE", "NONE", "", " ", "null")) {
            tokens.add(base64("{\"alg\":\"" + none + "\"}") + '.' + base64(CLAIMS) + '.');
            tokens.add(token("{\"alg\":\"" + none + "\"}", CLAIMS, SHARED));
            tokens.add(rs256("{\"alg\":\"" + none + "\"}"));
        }
        tokens.add(base64("{\"alg\":\"HS256\"}") + '.' + base64(CLAIMS) + '.');
        tokens.add(base64("{\"alg\":\"HS256\"}") + '.' + base64(CLAIMS));
        tokens.add(token("{\"alg\":\"HS256\"}", CLAIMS, nobody));
        // the public key as a secret: CVE-2015-9235
        for (String form : List.of(
                pem("PUBLIC KEY", publicBytes),
                pem("PUBLIC KEY", publicBytes).strip(),
                Base64.getEncoder().encodeToString(publicBytes))) {
            tokens.add(token("{\"alg\":\"HS256\"}", CLAIMS, hmac(form.getBytes(StandardCharsets.UTF_8))));
        }
        tokens.add(token("{\"alg\":\"HS256\"}", CLAIMS, hmac(publicBytes)));
        // what the algorithm is must be a text, and one that the key is for
        for (String alg : List.of("[\"RS256\"]", "256", "{}", "true", "null")) {
            tokens.add(rs256("{\"alg\":" + alg + "}"));
        }
        tokens.add(rs256("{}"));
        for (String alg : List.of("rs256", "RS384", "PS256", "HS256", "ES256", "EdDSA", "RS256 ", "RS256\\u0000")) {
            tokens.add(rs256("{\"alg\":\"" + alg + "\"}"));
        }
        tokens.add(token("{\"alg\":\"HS512\"}", CLAIMS, SHARED));
        // extensions: what they mean is not known here, or changes what is signed
        for (String more : List.of(
                "\"crit\":[\"exp\"],\"exp\":1",
                "\"crit\":[\"b64\"],\"b64\":false",
                "\"crit\":[\"b64\"],\"b64\":true",
                "\"b64\":false",
                "\"crit\":[]",
                "\"crit\":\"alg\"",
                "\"crit\":null")) {
            tokens.add(rs256("{\"alg\":\"RS256\"," + more + "}"));
            tokens.add(token("{\"alg\":\"HS256\"," + more + "}", CLAIMS, SHARED));
        }
        // keys that the token brings along, or says where to find
        for (String more : List.of(
                "\"jwk\":" + jwk,
                "\"jku\":\"http://127.0.0.1:1/keys\"",
                "\"x5u\":\"http://127.0.0.1:1/cert\"",
                "\"x5c\":[\"" + Base64.getEncoder().encodeToString(publicBytes) + "\"]",
                "\"x5t\":\"AAAA\"")) {
            tokens.add(token("{\"alg\":\"RS256\"," + more + "}", CLAIMS, other));
        }
        for (String kid : List.of(
                "../../dev/null", "/dev/null", "' OR 1=1 --", "\\u0000", "http://127.0.0.1:1/", "x".repeat(10_240))) {
            tokens.add(token("{\"alg\":\"RS256\",\"kid\":\"" + kid + "\"}", CLAIMS, other));
            tokens.add(token("{\"alg\":\"HS256\",\"kid\":\"" + kid + "\"}", CLAIMS, hmac(new byte[] {0})));
        }
        for (String kid : List.of("1", "[\"a\"]", "{}")) {
            tokens.add(rs256("{\"alg\":\"RS256\",\"kid\":" + kid + "}"));
        }
        // signed for something else
        for (String type : List.of("logout+jwt", "secevent+jwt", "dpop+jwt", "JWE", "")) {
            tokens.add(rs256("{\"alg\":\"RS256\",\"typ\":\"" + type + "\"}"));
        }
        // not JSON, or not only one reading of it
        for (String header : List.of(
                "{\"alg\":\"none\",\"alg\":\"RS256\"}",
                "{\"alg\":\"RS256\",\"alg\":\"RS256\"}",
                "{'alg':'RS256'}",
                "{\"alg\":\"RS256\"} ,",
                "[\"RS256\"]",
                "\"RS256\"",
                "",
                "{\"alg\":\"RS256\",\"x\":" + "[".repeat(40) + "]".repeat(40) + "}")) {
            tokens.add(rs256(header));
        }
        return Stream.concat(tokens.stream(), brokenForms());
    }

    private static Stream<String> brokenForms() {
        String good = rs256("{\"alg\":\"RS256\"}");
        String[] parts = good.split("\\.");
        byte[] signature = Base64.getUrlDecoder().decode(parts[2]);
        signature[7] ^= 1;
        String encrypted = base64("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}") + "..AAAA.AAAA.AAAA";
        String zeroes = base64(new byte[64]);
        return Stream.of(
                "",
                ".",
                "..",
                "...",
                "eyJ.eyJ.x",
                good + '.',
                '.' + good,
                good + ' ',
                ' ' + good,
                good + '\n',
                good + "=",
                good.replace('.', ' '),
                parts[0] + '.' + parts[1] + '.' + base64(signature),
                parts[0] + '.' + base64(CLAIMS.replace("42", "43")) + '.' + parts[2],
                base64("{\"alg\":\"RS256\" }") + '.' + parts[1] + '.' + parts[2],
                parts[0] + '.' + parts[1] + '.' + parts[1],
                parts[0] + '.' + parts[1] + ".AAAA",
                parts[0] + '.' + parts[1] + '.' + parts[2] + "AAAA",
                // ECDSA without any signature: CVE-2022-21449
                base64("{\"alg\":\"ES256\"}") + '.' + base64(CLAIMS) + '.' + zeroes,
                base64("{\"alg\":\"EdDSA\"}") + '.' + base64(CLAIMS) + '.' + zeroes,
                token("{\"alg\":\"ES256\"}", CLAIMS, jdk("SHA256withECDSA", ec.getPrivate())), // in ASN.1
                encrypted,
                good.replace("eyJ", "eyK"),
                base64(new byte[] {(byte) 0xff, (byte) 0xfe}) + '.' + parts[1] + '.' + parts[2],
                "A".repeat(100_000),
                "eyJ" + ".".repeat(4_000),
                good.substring(0, good.length() - 1));
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("forgeries")
    void noneOfTheseGetsIn(String token) throws IOException {
        forged(all(), token);
    }

    /** With the RSA key alone nothing but RS256 is even tried. */
    @ParameterizedTest(name = "{index}")
    @MethodSource("forgeries")
    void norWithOneKeyOnly(String token) throws IOException {
        forged(with(List.of(), publicKey(rsa)), token);
    }

    @Test
    void aTokenHas4096CharactersAtMost() throws IOException {
        String claims = CLAIMS.replace("}", ",\"x\":\"\"}");
        int more = 4096 - hs256(claims).length();
        String filled = claims.replace("\"x\":\"", "\"x\":\"" + "x".repeat(more * 3 / 4));
        String longest = hs256(filled);
        assertEquals(4096, longest.length());
        valid(all(), longest);
        forged(all(), hs256(filled.replace("\"x\":\"", "\"x\":\"x")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"JWT", "jwt", "at+jwt", "application/at+jwt", "application/jwt"})
    void typesOfTokensThatAreForUs(String type) throws IOException {
        valid(all(), rs256("{\"typ\":\"" + type + "\",\"alg\":\"RS256\",\"x5t\":\"AAAA\",\"jku\":\"https://a.test\"}"));
    }

    // ---- claims

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1800000001 | 1800000001000",
                "1800000000.5 | 1800000000500",
                "1800000000.001 | 1800000000001",
                "1800000000.0019 | 1800000000001",
                "99999999999 | 99999999999000",
            })
    void whenATokenExpires(String exp, long millis) throws IOException {
        assertEquals(
                millis,
                valid(all(), hs256("{\"sub\":\"42\",\"exp\":" + exp + "}")).expires());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                " | bad_token",
                "null | bad_token",
                "\"1800000060\" | bad_token",
                "-1 | bad_token",
                "0 | token_expired",
                "1799999999 | token_expired",
                "1800000000 | token_expired",
                "1800000000.0 | token_expired",
                "1.8e9 | bad_token",
                "1e999 | bad_token",
                "9223372036854775808 | bad_token",
                "1800000060000 | bad_token",
                "100000000000 | bad_token",
                "-9223372036854775809 | bad_token",
                "1800000060.1234567890 | bad_token",
                "[1800000060] | bad_token",
                "{} | bad_token",
                "true | bad_token",
            })
    void orDoesNot(String exp, String code) throws IOException {
        String claims = exp == null ? "{\"sub\":\"42\"}" : "{\"sub\":\"42\",\"exp\":" + exp + "}";
        assertEquals(code, invalid(all(), hs256(claims)));
    }

    @Test
    void aKnownTokenExpiresToo() throws IOException {
        Tokens tokens = all();
        String token = hs256(CLAIMS);
        valid(tokens, token);
        time.advance(59_999);
        valid(tokens, token);
        time.advance(1);
        assertEquals("token_expired", invalid(tokens, token));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nbf", "iat"})
    void clocksMayDifferByHalfAMinute(String claim) throws IOException {
        Tokens tokens = all();
        String claims = "{\"sub\":\"42\",\"exp\":1800000060,\"" + claim + "\":%s}";
        valid(tokens, hs256(claims.formatted("1800000030")));
        valid(tokens, hs256(claims.formatted("0")));
        for (String bad : List.of("1800000030.001", "1800000031", "\"1\"", "-1", "1e999", "null", "99999999999")) {
            assertEquals("bad_token", invalid(tokens, hs256(claims.formatted(bad))), bad);
        }
        time.advance(1);
        valid(tokens, hs256(claims.formatted("1800000030.001")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "42 ~ 42",
                "jos\\u00e9 ~ jos\u00e9",
                "jose\\u0301 ~ jos\u00e9",
                "auth0|1 ~ auth0|1",
                "4\\u0032 ~ 42"
            })
    void theSubjectIsTheUser(String sub, String user) throws IOException {
        assertEquals(
                user,
                valid(all(), hs256("{\"exp\":1800000060,\"sub\":\"" + sub + "\"}"))
                        .user());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "42",
                "4.2",
                "true",
                "[\"42\"]",
                "{}",
                "\"\"",
                "\"a/b\"",
                "\"a;b\"",
                "\"a\\\\b\"",
                "\"a\\u0000\"",
                "\"\\u202e42\"",
                "\"4\\u200b2\""
            })
    void aSubjectThatIsNoUserId(String sub) throws IOException {
        assertEquals("bad_token", invalid(all(), hs256("{\"exp\":1800000060,\"sub\":" + sub + "}")));
    }

    @Test
    void withoutASubjectNobodyIsMeant() throws IOException {
        assertEquals("bad_token", invalid(all(), hs256("{\"exp\":1800000060}")));
        assertEquals("bad_token", invalid(all(), hs256("{\"exp\":1800000060,\"sub\":\"" + "x".repeat(129) + "\"}")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"sub\":\"42\",\"sub\":\"43\",\"exp\":1800000060}",
                "{\"sub\":\"42\",\"exp\":1,\"exp\":1800000060}",
                "[]",
                "42",
                "",
                "{\"sub\":\"42\",\"exp\":1800000060",
                "{\"sub\":\"42\",\"exp\":1800000060}{}",
                "{\"sub\":\"\\ud800\",\"exp\":1800000060}",
            })
    void claimsHaveOneReading(String claims) throws IOException {
        assertEquals("bad_token", invalid(all(), claims.isEmpty() ? hs256(" ") : hs256(claims)));
    }

    @Test
    void claimsAreUtf8() throws Exception {
        String signed = base64("{\"alg\":\"HS256\"}")
                + '.'
                + base64("{\"sub\":\"\u00e9\",\"exp\":1800000060}".getBytes(StandardCharsets.ISO_8859_1));
        String token = signed + '.' + base64(SHARED.sign(signed.getBytes(StandardCharsets.US_ASCII)));
        assertEquals("bad_token", invalid(all(), token));
    }

    private Tokens expecting(List<String> issuers, List<String> audiences) throws IOException {
        return tokens(new TokenSettings(List.of(new Secret(SECRET)), List.of(), List.of(), issuers, audiences));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"x\":1 | ok | no",
                "\"iss\":\"id\" | ok | ok",
                "\"iss\":\"id2\" | ok | ok",
                "\"iss\":\"ID\" | ok | no",
                "\"iss\":\"id/\" | ok | no",
                "\"iss\":null | ok | no",
                "\"iss\":[\"id\"] | ok | no",
            })
    void theIssuerIsOneOfOurs(String claim, String without, String with) throws IOException {
        String token = hs256(CLAIMS.replace("}", "," + claim + "}"));
        assertEquals(without, outcome(expecting(List.of(), List.of()), token));
        assertEquals(with, outcome(expecting(List.of("id", "id2"), List.of()), token));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"x\":1 | ok | no",
                "\"aud\":\"chat\" | no | ok",
                "\"aud\":[\"chat\"] | no | ok",
                "\"aud\":[\"mail\",\"chat\"] | no | ok",
                "\"aud\":[] | ok | no",
                "\"aud\":\"mail\" | no | no",
                "\"aud\":\"chat \" | no | no",
                "\"aud\":null | no | no",
                "\"aud\":[1] | no | no",
                "\"aud\":{\"chat\":1} | no | no",
            })
    void aTokenForSomebodyElseIsNotForUs(String claim, String without, String with) throws IOException {
        String token = hs256(CLAIMS.replace("}", "," + claim + "}"));
        assertEquals(without, outcome(expecting(List.of(), List.of()), token));
        assertEquals(with, outcome(expecting(List.of(), List.of("chat", "push")), token));
    }

    private static String outcome(Tokens tokens, String token) {
        Tokens.Verdict verdict = tokens.verify(token);
        if (verdict instanceof Tokens.Invalid invalid) {
            assertEquals("bad_token", invalid.why().code());
            return "no";
        }
        assertInstanceOf(Tokens.Valid.class, verdict);
        return "ok";
    }

    // ---- topics

    private static final String GRANTED =
            "[\"news.*\",\"alarm\",\"jose\\u0301\",\"a*b\",\"room.\\u65e5*\",\"user:*\",\" x\"]";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "news.sport | true",
                "news.a.b | true",
                "news..* | true",
                "news. | false",
                "news | false",
                "News.sport | false",
                "xnews.sport | false",
                "newssport | false",
                "alarm | true",
                "alarms | false",
                "Alarm | false",
                "'alarm ' | false",
                "' alarm' | false",
                "jos\u00e9 | true",
                "jose | false",
                "a*b | true",
                "axb | false",
                "a* | false",
                "* | false",
                "room.\u65e5\u672c | true",
                "room.\u672c | false",
                "user:42 | true",
                "topic:alarm | false",
                "alarm_news | false",
                "' x' | true",
                "x | false",
            })
    void topicsAreNamesOrBeginnings(String topic, boolean granted) throws IOException {
        Identity identity = valid(all(), hs256(CLAIMS.replace("}", ",\"topics\":" + GRANTED + "}")));
        assertEquals(granted, identity.mayRead(new Channel.Topic(topic)));
    }

    @Test
    void withoutTopicsThereAreNone() throws IOException {
        for (String claims :
                List.of(CLAIMS, CLAIMS.replace("}", ",\"topics\":[]}"), CLAIMS.replace("}", ",\"topics\":null}"))) {
            Identity identity = valid(all(), hs256(claims));
            assertTrue(!identity.mayRead(new Channel.Topic("news")));
            assertTrue(identity.mayRead(Channel.EVERYONE));
            assertTrue(identity.mayRead(new Channel.User("42")));
            assertTrue(!identity.mayRead(new Channel.User("43")));
            assertTrue(!identity.mayRead(Channel.EVENTS));
        }
        Identity all = valid(all(), hs256(CLAIMS.replace("}", ",\"topics\":[\"*\"]}")));
        assertTrue(all.mayRead(new Channel.Topic("anything")));
        assertTrue(!all.mayRead(Channel.EVENTS));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"news\"",
                "{\"news\":true}",
                "[1]",
                "[null]",
                "[[\"news\"]]",
                "[\"\"]",
                "[\"a/b\"]",
                "[\"a;*\"]",
                "[\"\\u0000*\"]",
                "true"
            })
    void topicsThatAreNone(String topics) throws IOException {
        assertEquals("bad_token", invalid(all(), hs256(CLAIMS.replace("}", ",\"topics\":" + topics + "}"))));
    }

    // ---- keys

    @Test
    void keysThatAreTooWeakOrWrongAreRefusedAtTheStart() throws Exception {
        assertTrue(
                refused(() -> with(List.of("x".repeat(31)))).startsWith("--token-secret: a token secret has at least"));
        assertTrue(refused(() -> with(List.of("base64:" + "A".repeat(40)))).contains("at least 32 bytes"));
        assertTrue(refused(() -> with(List.of("base64:%"))).startsWith("--token-secret: "));
        Path weak = publicKey(pair("RSA", 1024));
        assertEquals(
                "--token-key " + weak + ": a key must be RSA of 2048 bits at least, EC on P-256, or Ed25519.",
                refused(() -> with(List.of(), weak)));
        KeyPairGenerator curve = KeyPairGenerator.getInstance("EC");
        curve.initialize(new ECGenParameterSpec("secp384r1"));
        Path p384 = publicKey(curve.generateKeyPair());
        assertTrue(refused(() -> with(List.of(), p384)).contains("P-256"));
        Path secret = file(pem("PRIVATE KEY", rsa.getPrivate().getEncoded()));
        assertTrue(refused(() -> with(List.of(), secret)).contains("openssl pkey -in FILE -pubout"));
        Path text = file("ssh-rsa AAAA");
        assertTrue(refused(() -> with(List.of(), text)).contains("no key in PEM"));
        Path damaged = file(pem("PUBLIC KEY", new byte[] {1, 2, 3}));
        assertTrue(refused(() -> with(List.of(), damaged)).contains("damaged"));
        Path certificate = file(pem("CERTIFICATE", new byte[] {1, 2, 3}));
        assertTrue(refused(() -> with(List.of(), certificate)).contains("damaged"));
        Path absent = directory.resolve("absent.pem");
        assertTrue(refused(() -> with(List.of(), absent)).startsWith("--token-key " + absent));
    }

    private interface Making {
        Tokens make() throws IOException;
    }

    private static String refused(Making making) {
        return assertThrows(IOException.class, making::make).getMessage();
    }

    @Test
    void whatOneKeySignsItsPublicHalfTakes() throws Exception {
        for (KeyPair pair : List.of(rsa, ec, ed)) {
            TokensKey signing =
                    TokensKey.signing(pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
            valid(with(List.of(), publicKey(pair)), signing.sign(CLAIMS));
        }
        valid(all(), TokensKey.secret(SECRET).sign(CLAIMS));
        assertTrue(assertThrows(
                        IllegalArgumentException.class,
                        () -> TokensKey.signing(
                                pem("PUBLIC KEY", rsa.getPublic().getEncoded())))
                .getMessage()
                .contains("private"));
    }

    @Test
    void aTokenForTriesIsAGoodOne() throws IOException {
        NewTokenSettings wanted = new NewTokenSettings(
                new Secret(SECRET), null, "jose\u0301", List.of("news.*", "a"), 60_000, "id", "chat");
        Identity identity = valid(expecting(List.of("id"), List.of("chat")), NewToken.of(wanted, time));
        assertEquals("jos\u00e9", identity.user());
        assertEquals(1_800_000_060_000L, identity.expires());
        assertTrue(identity.mayRead(new Channel.Topic("news.x")) && identity.mayRead(new Channel.Topic("a")));

        Path key = file(pem("PRIVATE KEY", ed.getPrivate().getEncoded()));
        wanted = new NewTokenSettings(null, key, "42", List.of(), 60_000, null, null);
        assertEquals("42", valid(all(), NewToken.of(wanted, time)).user());

        for (NewTokenSettings bad : List.of(
                new NewTokenSettings(new Secret("short"), null, "42", List.of(), 60_000, null, null),
                new NewTokenSettings(null, directory.resolve("absent"), "42", List.of(), 60_000, null, null),
                new NewTokenSettings(new Secret(SECRET), null, "a/b", List.of(), 60_000, null, null),
                new NewTokenSettings(new Secret(SECRET), null, "42", List.of("a;*"), 60_000, null, null))) {
            assertThrows(IOException.class, () -> NewToken.of(bad, time));
        }
    }

    @Test
    void keysDoNotShowThemselves() {
        assertEquals("TokensKey[null, HS256]", TokensKey.secret(SECRET).toString());
    }
}
