package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.socket.TestCertificate;

/** A real server with a certificate. */
class TlsServerTest {

    @TempDir
    static Path directory;

    private static TestCertificate first;
    private static TestCertificate second;
    private static Path certificate;
    private static Path key;
    private static ServerFixture server;
    private static SSLContext trusting;

    @BeforeAll
    static void start() throws Exception {
        first = TestCertificate.make(directory, "-keyalg EC -groupname secp256r1");
        second = TestCertificate.make(directory, "-keyalg EC -groupname secp256r1");
        certificate = directory.resolve("cert.pem");
        key = directory.resolve("key.pem");
        first.write(certificate, key);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("first", first.certificate());
        trusted.setCertificateEntry("second", second.certificate());
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        trusting = SSLContext.getInstance("TLS");
        trusting.init(null, trust.getTrustManagers(), null);
        server = ServerFixture.start("--tls-cert=" + certificate, "--tls-key=" + key);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static HttpClient client(String protocol) {
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(new String[] {protocol});
        return HttpClient.newBuilder()
                .sslContext(trusting)
                .sslParameters(parameters)
                .connectTimeout(ServerFixture.PATIENCE)
                .build();
    }

    /** With HTTP/2 on offer, as Java's client does, and browsers. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void pagesPublishersAndSocketsComeByTls(String protocol) throws Exception {
        HttpClient client = client(protocol);
        String base = "://localhost:" + server.port();
        LinkedBlockingQueue<String> texts = new LinkedBlockingQueue<>();
        WebSocket socket = client.newWebSocketBuilder()
                .header("Origin", "https" + base)
                .buildAsync(URI.create("wss" + base + "/websocket/42?since=now"), collecting(texts))
                .get(10, TimeUnit.SECONDS);
        HttpRequest publish = HttpRequest.newBuilder(
                        URI.create("https" + base + "/socket/publish?userId=42&message=hi"))
                .timeout(ServerFixture.PATIENCE)
                .build();
        HttpResponse<String> answer = client.send(publish, HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), answer::body);
        assertEquals(HttpClient.Version.HTTP_1_1, answer.version());
        assertEquals(protocol, answer.sslSession().orElseThrow().getProtocol());
        assertEquals("hi", texts.poll(10, TimeUnit.SECONDS));
        socket.abort();
        await().until(() -> client.send(
                        HttpRequest.newBuilder(URI.create("https" + base + "/socket/online?userId=42"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body()
                .contains(":0}"));
    }

    private static WebSocket.Listener collecting(LinkedBlockingQueue<String> texts) {
        return new WebSocket.Listener() {
            @Override
            public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
                texts.add(text.toString());
                socket.request(1);
                return null;
            }
        };
    }

    private static SSLSocket handshake(String... protocols) throws IOException {
        SSLSocket socket = (SSLSocket) trusting.getSocketFactory().createSocket("localhost", server.port());
        socket.setSoTimeout((int) ServerFixture.PATIENCE.toMillis());
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(protocols);
        socket.setSSLParameters(parameters);
        try {
            socket.startHandshake();
            return socket;
        } catch (IOException refused) {
            socket.close();
            throw refused;
        }
    }

    /** Which names are ours, is not the certificate's to say. */
    @Test
    void theHostNeedNotBeTheCertificates() throws Exception {
        try (SSLSocket line = handshake()) {
            line.getOutputStream()
                    .write("GET /health HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n".getBytes());
            String answer = new String(line.getInputStream().readAllBytes());
            assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
        }
    }

    /** A handshake costs the server more than the client. */
    @Test
    void aLineIsNegotiatedOnce() throws Exception {
        SSLContext context = trusting;
        try (SSLSocket line = (SSLSocket) context.getSocketFactory().createSocket("localhost", server.port())) {
            line.setSoTimeout((int) ServerFixture.PATIENCE.toMillis());
            line.setEnabledProtocols(new String[] {"TLSv1.2"});
            line.startHandshake();
            assertThrows(IOException.class, () -> {
                line.startHandshake();
                line.getOutputStream().write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes());
                if (line.getInputStream().read() < 0) {
                    throw new IOException("ended");
                }
            });
        }
    }

    @Test
    void nothingButHttp1IsNegotiated() throws Exception {
        try (SSLSocket both = handshake("h2", "http/1.1");
                SSLSocket none = handshake()) {
            assertEquals("http/1.1", both.getApplicationProtocol());
            assertEquals("", none.getApplicationProtocol());
        }
        assertThrows(SSLException.class, () -> handshake("h2"));
    }

    @Test
    void aNewCertificateDropsNobody() throws Exception {
        LinkedBlockingQueue<String> texts = new LinkedBlockingQueue<>();
        WebSocket socket = client("TLSv1.3")
                .newWebSocketBuilder()
                .buildAsync(URI.create("wss://localhost:" + server.port() + "/websocket/stays"), collecting(texts))
                .get(10, TimeUnit.SECONDS);
        assertEquals(first.certificate(), served());
        try {
            second.write(certificate, key);
            await().until(() -> second.certificate().equals(served()));
            socket.sendText("ping", true);
            assertEquals("pong", texts.poll(10, TimeUnit.SECONDS));
        } finally {
            socket.abort();
            first.write(certificate, key);
            await().until(() -> first.certificate().equals(served()));
        }
    }

    private static X509Certificate served() throws IOException {
        try (SSLSocket socket = handshake()) {
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    /** TLS, too, has to be spoken in time. */
    @ParameterizedTest
    @ValueSource(strings = {"", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000"})
    void aHandshakeIsDueWithinTenSeconds(String begin) throws Exception {
        try (RawSocket line = server.raw()) {
            line.send(begin.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
            server.cutSlowHeaders(Duration.ofSeconds(8));
            assertTrue(!line.isEnded());
            await().until(() -> {
                server.cutSlowHeaders(Duration.ofMillis(10_100));
                return line.isEnded();
            });
        }
    }

    /** The address bar may forget the s. */
    @Test
    void plainHttpGetsNoAnswerAndHarmsNothing() throws Exception {
        try (Socket socket = new Socket("localhost", server.port())) {
            socket.setSoTimeout((int) ServerFixture.PATIENCE.toMillis());
            socket.getOutputStream().write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes());
            String answer = new String(socket.getInputStream().readAllBytes());
            assertTrue(!answer.contains("HTTP/1.1 200"), answer);
        }
        assertEquals(first.certificate(), served());
    }
}
