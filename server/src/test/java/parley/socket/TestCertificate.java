package parley.socket;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A certificate for localhost, signed by itself, made when a test runs. */
public record TestCertificate(X509Certificate certificate, PrivateKey key) {

    private static final String PASSWORD = "changeit";

    /** @param algorithm as keytool takes it: {@code -keyalg RSA -keysize 2048} */
    public static TestCertificate make(Path directory, String algorithm) throws Exception {
        Path file = Files.createTempDirectory(directory, "keys").resolve("store.p12");
        List<String> command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-genkeypair",
                "-alias",
                "server",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost,ip:127.0.0.1",
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                file.toString()));
        command.addAll(List.of(algorithm.split(" ")));
        Process keytool = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(file.resolveSibling("log").toFile())
                .start();
        if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
            throw new AssertionError(Files.readString(file.resolveSibling("log")));
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        return new TestCertificate((X509Certificate) store.getCertificate("server"), (PrivateKey)
                store.getKey("server", PASSWORD.toCharArray()));
    }

    private static String pem(String label, byte[] der) {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n";
    }

    public String certificatePem() throws Exception {
        return pem("CERTIFICATE", certificate.getEncoded());
    }

    /** In PKCS #8. */
    public String keyPem() {
        return pem("PRIVATE KEY", key.getEncoded());
    }

    /** In the form that the algorithm had before, which is the last element of the new one. */
    String oldKeyPem() {
        byte[] der = key.getEncoded();
        for (int at = 0; at < der.length; at++) {
            if (der[at] == 4) { // an OCTET STRING up to the end
                int more = der[at + 1] & 0x7f;
                int begin = at + 2 + (der[at + 1] < 0 ? more : 0);
                int length = der[at + 1] < 0
                        ? new java.math.BigInteger(1, Arrays.copyOfRange(der, at + 2, begin)).intValue()
                        : more;
                if (begin + length == der.length) {
                    return pem(key.getAlgorithm() + " PRIVATE KEY", Arrays.copyOfRange(der, begin, der.length));
                }
            }
        }
        throw new AssertionError("no key in the key");
    }

    /** Writes both files. */
    public void write(Path certificateFile, Path keyFile) throws Exception {
        Files.writeString(certificateFile, certificatePem());
        Files.writeString(keyFile, keyPem());
    }
}
