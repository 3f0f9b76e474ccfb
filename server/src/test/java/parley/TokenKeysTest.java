package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.EdECPublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.auth.NewToken;
import parley.auth.NewTokenSettings;
import parley.message.Time;

/** A server whose token keys are somewhere else. */
class TokenKeysTest {

    @TempDir
    Path directory;

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** The last 32 bytes of an Ed25519 key's encoding are the key. */
    private static String keySet(KeyPair pair) {
        assertTrue(pair.getPublic() instanceof EdECPublicKey);
        byte[] encoded = pair.getPublic().getEncoded();
        byte[] bytes = Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length);
        return "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" + base64(bytes) + "\",\"kid\":\"1\"}]}";
    }

    @Test
    void clientsAreAskedToComeBackUntilTheKeysAreThere() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        CountDownLatch go = new CountDownLatch(1);
        ExecutorService threads = Executors.newSingleThreadExecutor();
        HttpServer keys = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        keys.setExecutor(threads);
        keys.createContext("/", exchange -> {
            try {
                go.await();
            } catch (InterruptedException theTestEnded) {
                Thread.currentThread().interrupt();
            }
            byte[] bytes = keySet(pair).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        keys.start();
        Path pem = Files.writeString(
                directory.resolve("private.pem"),
                "-----BEGIN PRIVATE KEY-----\n"
                        + Base64.getMimeEncoder()
                                .encodeToString(pair.getPrivate().getEncoded())
                        + "\n-----END PRIVATE KEY-----\n");
        String token = NewToken.of(new NewTokenSettings(null, pem, "42", List.of(), 60_000, null, null), Time.SYSTEM);
        String url = "http://127.0.0.1:" + keys.getAddress().getPort() + "/keys";
        try (ServerFixture server = ServerFixture.start("--auth", "token", "--token-jwks", url)) {
            assertEquals(503, server.get("/ready").status());
            assertEquals(200, server.get("/health").status());
            ServerFixture.Answer later = server.get("/websocket/" + token);
            assertEquals("no_token_keys", later.code());
            assertEquals("5", later.raw().headers().firstValue("Retry-After").orElse(null));
            try (RawSocket line = RawSocket.webSocket(server.port(), "/websocket/" + token, "parley.v1")) {
                assertEquals(4103, line.readClose().closeCode());
            }
            go.countDown();
            await().until(() -> server.get("/ready").status() == 200);
            try (V1Client client =
                    new V1Client(RawSocket.webSocket(server.port(), "/websocket/" + token, "parley.v1"))) {
                assertEquals("42", client.hello().get("user").getAsString());
            }
        } finally {
            go.countDown();
            keys.stop(0);
            threads.shutdownNow();
        }
    }

    @Test
    void aKeyThatCannotBeUsedStopsTheStart() throws Exception {
        for (String[] options : List.of(
                new String[] {"--token-secret", "too short"},
                new String[] {"--token-key", "absent.pem"},
                new String[] {"--token-jwks", "absent.json"})) {
            String[] all = {"--auth", "token", options[0], options[1]};
            String message = assertThrows(Parley.CannotStart.class, () -> ServerFixture.start(all))
                    .getMessage();
            assertTrue(message.startsWith(options[0]), message);
            assertFalse(message.contains("too short"), message);
        }
    }
}
