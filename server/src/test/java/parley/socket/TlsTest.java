package parley.socket;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files make a certificate, and what becomes of it when they change. */
class TlsTest {

    /** The last is none: it says that we know how to renegotiate safely. */
    private static final Pattern GOOD_CIPHER = Pattern.compile(
            "(TLS|TLS_ECDHE_(RSA|ECDSA)_WITH)_(AES_\\d+_GCM|CHACHA20_POLY1305)_SHA\\d+|TLS_EMPTY_RENEGOTIATION_INFO_SCSV");

    @TempDir
    static Path directory;

    private static TestCertificate rsa;
    private static TestCertificate ec;
    private static TestCertificate ed;

    private static Path certificate;
    private static Path key;
    private static TlsSettings files;

    @BeforeAll
    static void make() throws Exception {
        rsa = TestCertificate.make(directory, "-keyalg RSA -keysize 2048");
        ec = TestCertificate.make(directory, "-keyalg EC -groupname secp256r1");
        ed = TestCertificate.make(directory, "-keyalg Ed25519");
        certificate = directory.resolve("cert.pem");
        key = directory.resolve("key.pem");
        files = new TlsSettings(certificate, key);
    }

    @BeforeEach
    void write() throws Exception {
        ec.write(certificate, key);
    }

    private static Certificate served(Tls tls) throws Exception {
        if (!tls.context().isRunning()) {
            tls.context().start();
        }
        return tls.context().getKeyStore().getCertificate("server");
    }

    private static String refusal() {
        return assertThrows(IOException.class, () -> new Tls(files)).getMessage();
    }

    @Test
    void keysMayBeOfAnyKindAndForm() throws Exception {
        for (TestCertificate each : new TestCertificate[] {rsa, ec, ed}) {
            each.write(certificate, key);
            assertEquals(each.certificate(), served(new Tls(files)));
        }
        for (TestCertificate each : new TestCertificate[] {rsa, ec}) {
            Files.writeString(certificate, "a comment\n" + each.certificatePem());
            Files.writeString(
                    key,
                    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                            + each.oldKeyPem().replace("\n", "\r\n"));
            assertEquals(each.certificate(), served(new Tls(files)));
        }
    }

    @Test
    void mistakesAreToldInWords() throws Exception {
        Files.delete(key);
        assertEquals("There is no file " + key + ".", refusal());
        Files.createDirectory(key);
        assertEquals("The file " + key + " cannot be read: Is a directory.", refusal());
        Files.delete(key);
        String notItsKey = "The key in " + key + " does not belong to the first certificate in " + certificate
                + ", which must be the server's own.";
        Files.writeString(key, rsa.keyPem());
        assertEquals(notItsKey, refusal());
        Files.writeString(key, rsa.oldKeyPem().replace("RSA", "EC"));
        assertEquals(notItsKey, refusal());
        Files.writeString(
                key,
                TestCertificate.make(directory, "-keyalg EC -groupname secp256r1")
                        .keyPem());
        assertEquals(notItsKey, refusal());
        String encrypted = "The key in " + key + " is encrypted; 'openssl pkey -in FILE' decrypts it.";
        Files.writeString(key, ec.keyPem().replace("PRIVATE", "ENCRYPTED PRIVATE"));
        assertEquals(encrypted, refusal());
        Files.writeString(key, ec.oldKeyPem().replaceFirst("\n", "\nProc-Type: 4,ENCRYPTED\n"));
        assertEquals(encrypted, refusal());
        for (String nothing :
                new String[] {"", "hello", ec.certificatePem(), ec.keyPem().substring(0, 80)}) {
            Files.writeString(key, nothing);
            assertEquals("There is no private key in " + key + "; it must be PEM.", refusal());
        }
        ec.write(certificate, key);
        for (String nothing : new String[] {"", "hello", ec.keyPem()}) {
            Files.writeString(certificate, nothing);
            assertEquals("There is no certificate in " + certificate + "; it must be PEM.", refusal());
        }
        Files.writeString(certificate, ec.certificatePem() + ec.certificatePem());
        assertEquals(
                "The certificates in " + certificate
                        + " are no chain: each must be vouched for by the one that follows.",
                refusal());
        Files.writeString(certificate, ec.certificatePem().replaceFirst("\n.{64}\n", "\n"));
        assertEquals("A certificate in " + certificate + " is damaged.", refusal());
    }

    @Test
    void onlyNewProtocolsAreSpokenAndNothingButHttp1() throws Exception {
        Tls tls = new Tls(files);
        served(tls);
        SSLEngine engine = tls.context().newSSLEngine();
        assertEquals(Set.of("TLSv1.3", "TLSv1.2"), Set.of(engine.getEnabledProtocols()));
        assertArrayEquals(new String[] {"http/1.1"}, engine.getSSLParameters().getApplicationProtocols());
        assertFalse(tls.context().isRenegotiationAllowed());
        for (String cipher : engine.getEnabledCipherSuites()) {
            assertTrue(GOOD_CIPHER.matcher(cipher).matches(), cipher);
        }
        assertTrue(engine.getEnabledCipherSuites().length >= 6);
    }

    /** Certificates and keys are written one after the other, and not at a stroke. */
    @Test
    void aPairIsTakenOnceItIsWhole() throws Exception {
        Tls tls = new Tls(files);
        assertEquals(ec.certificate(), served(tls));
        tls.refresh();
        tls.refresh();
        Files.writeString(certificate, rsa.certificatePem().substring(0, 100));
        tls.refresh();
        tls.refresh();
        assertEquals(ec.certificate(), served(tls));
        Files.writeString(certificate, rsa.certificatePem());
        tls.refresh();
        tls.refresh();
        assertEquals(ec.certificate(), served(tls), "the key is still the old one");
        Files.delete(key);
        tls.refresh();
        tls.refresh();
        assertEquals(ec.certificate(), served(tls));
        Files.writeString(key, rsa.keyPem());
        tls.refresh();
        assertEquals(ec.certificate(), served(tls), "who knows whether the file is whole");
        var before = tls.context().getSslContext();
        tls.refresh();
        assertEquals(rsa.certificate(), served(tls));
        var after = tls.context().getSslContext();
        assertNotSame(before, after);
        tls.refresh();
        tls.refresh();
        assertSame(after, tls.context().getSslContext(), "nothing has changed");
    }

    /** However often it is asked to look: the others are needed. */
    @Test
    void aDiskThatHangsHoldsOneThread() throws Exception {
        Tls tls = new Tls(files);
        Files.delete(certificate);
        assertEquals(
                0, new ProcessBuilder("mkfifo", certificate.toString()).start().waitFor());
        Thread hangs = new Thread(tls::refresh);
        hangs.start();
        await().until(() -> isReading(hangs));
        assertTimeoutPreemptively(Duration.ofSeconds(10), tls::refresh);
        assertTrue(hangs.isAlive());
        Files.writeString(certificate, "");
        hangs.join(10_000);
        Files.delete(certificate);
        ec.write(certificate, key);
        tls.refresh();
        Files.writeString(key, rsa.keyPem());
        Files.writeString(certificate, rsa.certificatePem());
        tls.refresh();
        tls.refresh();
        assertEquals(rsa.certificate(), served(tls), "it looks again");
    }

    private static boolean isReading(Thread thread) {
        return Stream.of(thread.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("readAllBytes"));
    }
}
