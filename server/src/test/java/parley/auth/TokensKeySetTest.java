package parley.auth;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.message.ManualTime;

/** Key sets that a real HTTP server publishes: changed, slow, broken. The timer is a test's. */
class TokensKeySetTest {

    private static final String CLAIMS = "{\"sub\":\"42\",\"exp\":1800000060}";

    private static KeyPair first;
    private static KeyPair second;

    @TempDir
    Path directory;

    private interface Answer {
        void give(HttpExchange exchange) throws IOException;
    }

    /** What is done later. */
    private record Later(long millis, Runnable task) {}

    private final ConcurrentLinkedDeque<Later> later = new ConcurrentLinkedDeque<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile Answer answer;
    private HttpServer http;

    @BeforeAll
    static void makeKeys() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        first = generator.generateKeyPair();
        second = generator.generateKeyPair();
    }

    @BeforeEach
    void listen() throws IOException {
        http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.setExecutor(threads);
        http.createContext("/", exchange -> {
            requests.incrementAndGet();
            answer.give(exchange);
        });
        http.start();
    }

    @AfterEach
    void stop() {
        http.stop(0);
        threads.shutdownNow();
    }

    private String url() {
        return "http://127.0.0.1:" + http.getAddress().getPort() + "/keys";
    }

    private static Answer status(int status, String body) {
        return exchange -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        };
    }

    private static String base64(BigInteger number) {
        byte[] bytes = number.toByteArray();
        int sign = bytes[0] == 0 ? 1 : 0;
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(java.util.Arrays.copyOfRange(bytes, sign, bytes.length));
    }

    /** @param more further members, each with a comma before it */
    private static String jwk(KeyPair pair, String kid, String more) {
        RSAPublicKey key = (RSAPublicKey) pair.getPublic();
        return "{\"kty\":\"RSA\",\"n\":\"" + base64(key.getModulus()) + "\",\"e\":\"" + base64(key.getPublicExponent())
                + "\",\"kid\":\"" + kid + "\"" + more + "}";
    }

    private static String set(String... keys) {
        return "{\"keys\":[" + String.join(",", keys) + "]}";
    }

    private static String token(KeyPair pair) {
        String pem = "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(pair.getPrivate().getEncoded())
                + "\n-----END PRIVATE KEY-----";
        return TokensKey.signing(pem).sign(CLAIMS);
    }

    /** A token that says which key it is signed with. */
    private static String naming(String kid, KeyPair pair) throws GeneralSecurityException {
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        String header = "{\"alg\":\"RS256\",\"kid\":\"" + kid + "\"}";
        String signed = base64.encodeToString(header.getBytes(StandardCharsets.UTF_8))
                + '.'
                + base64.encodeToString(CLAIMS.getBytes(StandardCharsets.UTF_8));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(pair.getPrivate());
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + '.' + base64.encodeToString(signature.sign());
    }

    private Tokens tokens(String... sources) throws IOException {
        Tokens tokens = new Tokens(
                new TokenSettings(List.of(), List.of(), List.of(sources), List.of(), List.of()),
                new ManualTime(),
                (millis, task) -> later.add(new Later(millis, task)));
        tokens.start();
        return tokens;
    }

    /** The one thing that is planned, once the reading under way has planned it. */
    private Later planned() {
        await().until(() -> later.size() == 1);
        return later.remove();
    }

    private static void valid(Tokens tokens, KeyPair pair) {
        assertInstanceOf(Tokens.Valid.class, tokens.verify(token(pair)));
    }

    private static void forged(Tokens tokens, KeyPair pair) {
        assertInstanceOf(Tokens.Forged.class, tokens.verify(token(pair)));
    }

    @Test
    void beforeTheFirstReadingNobodyCanTell() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        answer = exchange -> {
            awaitQuietly(go);
            status(200, set(jwk(first, "1", ""))).give(exchange);
        };
        Tokens tokens = tokens(url());
        assertFalse(tokens.isReady());
        assertInstanceOf(Tokens.Unknown.class, tokens.verify(token(first)), "at once, whatever the key server does");
        go.countDown();
        await().until(tokens::isReady);
        valid(tokens, first);
        forged(tokens, second);
        assertEquals(TokensKeySet.PERIOD_MILLIS, planned().millis());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException theTestEnded) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void keysComeAndGo() throws Exception {
        answer = status(200, set(jwk(first, "1", "")));
        Tokens tokens = tokens(url());
        Later next = planned();
        valid(tokens, first);

        answer = status(200, set(jwk(first, "1", ""), jwk(second, "2", "")));
        forged(tokens, second);
        next.task().run();
        next = planned();
        valid(tokens, second);
        valid(tokens, first);

        answer = status(200, set(jwk(second, "2", "")));
        next.task().run();
        planned();
        valid(tokens, second);
        forged(tokens, first); // although it was known
        assertEquals(3, requests.get(), "no token makes us ask");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "500 {}",
                "404 ",
                "204 ",
                "302 {\"keys\":[]}",
                "200 ",
                "200 <html>",
                "200 []",
                "200 {}",
                "200 {\"keys\":[]}",
                "200 {\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0\"}]}",
                "200 {\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
                "200 {\"keys\":7}",
                "200 too long",
            })
    void whatCannotBeReadChangesNothing(String broken) throws Exception {
        answer = status(200, set(jwk(first, "1", "")));
        Tokens tokens = tokens(url());
        Later next = planned();

        int code = Integer.parseInt(broken.substring(0, 3));
        String body = broken.substring(4);
        if (body.equals("too long")) {
            body = set(jwk(second, "2", ",\"x\":\"" + "x".repeat(TokensKeySet.MAX_BYTES) + "\""));
        }
        String text = body;
        answer = exchange -> {
            exchange.getResponseHeaders().set("Location", "/elsewhere");
            if (code == 204) {
                exchange.sendResponseHeaders(code, -1);
                exchange.close();
            } else {
                status(code, text).give(exchange);
            }
        };
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            next.task().run();
            next = planned();
            waits.add(next.millis());
            valid(tokens, first);
            forged(tokens, second);
        }
        assertEquals(List.of(5_000L, 10_000L, 20_000L, 40_000L, 80_000L, 160_000L, 300_000L, 300_000L), waits);
        assertEquals(9, requests.get(), "and no redirection was followed");

        answer = status(200, set(jwk(second, "2", "")));
        next.task().run();
        assertEquals(TokensKeySet.PERIOD_MILLIS, planned().millis());
        valid(tokens, second);
        answer = status(500, "");
        later.clear();
    }

    @Test
    void aSetThatComesTooSlowlyIsGivenUp() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        answer = exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            awaitQuietly(never);
        };
        AtomicInteger changes = new AtomicInteger();
        TokensKeySet slow = new TokensKeySet(
                url(),
                (millis, task) -> later.add(new Later(millis, task)),
                changes::incrementAndGet,
                Duration.ofMillis(300));
        slow.start();
        assertEquals(5_000, planned().millis());
        assertNull(slow.keys());
        assertEquals(0, changes.get());
        assertEquals(1, requests.get(), "one reading at a time");
        never.countDown();
    }

    @Test
    void nobodyListens() throws Exception {
        String url = url();
        http.stop(0);
        Tokens tokens = tokens(url);
        assertEquals(5_000, planned().millis());
        assertFalse(tokens.isReady());
    }

    @Test
    void afterItIsClosedNothingIsRead() throws Exception {
        answer = status(200, set(jwk(first, "1", "")));
        Tokens tokens = tokens(url());
        Later next = planned();
        tokens.close();
        next.task().run();
        assertEquals(1, requests.get());
        assertTrue(later.isEmpty());
    }

    @Test
    void keysForSomethingElseDoNotCount() throws Exception {
        answer = status(
                200,
                set(
                        jwk(first, "1", ""),
                        jwk(second, "2", ",\"use\":\"enc\""),
                        jwk(second, "3", ",\"alg\":\"PS256\""),
                        jwk(second, "4", ",\"key_ops\":[\"encrypt\"]"),
                        "{\"kty\":\"unheard of\"}"));
        Tokens tokens = tokens(url());
        planned();
        valid(tokens, first);
        forged(tokens, second);
        for (String more : List.of(",\"use\":\"sig\"", ",\"alg\":\"RS256\"", ",\"key_ops\":[\"verify\"]")) {
            answer = status(200, set(jwk(second, "2", more)));
            Tokens others = tokens(url());
            planned();
            valid(others, second);
        }
    }

    /** Two tenants may use one id for their keys: each key is a candidate, none hides the other. */
    @Test
    void anIdIsNoIdentity() throws Exception {
        answer = status(200, set(jwk(first, "same", ""), jwk(second, "same", "")));
        Tokens tokens = tokens(url());
        planned();
        valid(tokens, first);
        valid(tokens, second);
    }

    @Test
    void aTokenThatNamesItsKeyIsCheckedWithThatOneAlone() throws Exception {
        answer = status(200, set(jwk(first, "a", ""), jwk(second, "b", "")));
        Tokens tokens = tokens(url());
        planned();
        assertInstanceOf(Tokens.Valid.class, tokens.verify(naming("a", first)));
        assertInstanceOf(Tokens.Valid.class, tokens.verify(naming("b", second)));
        assertInstanceOf(Tokens.Forged.class, tokens.verify(naming("b", first)));
        assertInstanceOf(Tokens.Forged.class, tokens.verify(naming("c", first)));
        assertInstanceOf(Tokens.Forged.class, tokens.verify(naming("", first)));
    }

    @Test
    void aFileIsReadAgainToo() throws Exception {
        Path file = Files.writeString(directory.resolve("keys.json"), set(jwk(first, "1", "")));
        Tokens tokens = tokens(file.toString());
        assertTrue(tokens.isReady());
        valid(tokens, first);
        Files.writeString(file, set(jwk(second, "2", "")));
        planned().task().run();
        valid(tokens, second);
        Files.delete(file);
        planned().task().run();
        valid(tokens, second);
        assertEquals(5_000, planned().millis());
    }

    @Test
    void aFileThatIsNoneStopsTheStart() throws Exception {
        Path file = Files.writeString(directory.resolve("keys.json"), "{}");
        for (String source :
                List.of(file.toString(), directory.resolve("absent").toString(), "ftp://a.test/keys")) {
            String message =
                    assertThrows(IOException.class, () -> tokens(source)).getMessage();
            assertTrue(message.startsWith("--token-jwks " + source + ": "), message);
        }
    }
}
