package parley.socket;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLParameters;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.2 and 1.3 with a certificate that may change: new connections get the new one, and nobody's line is touched. A
 * pair of files that does not fit, perhaps because one of them is still being written, changes nothing.
 */
public final class Tls {

    private static final Logger LOG = LoggerFactory.getLogger(Tls.class);

    private static final String HTTP = HttpVersion.HTTP_1_1.asString();

    /**
     * Of TLS 1.2, beside those that Jetty leaves out: padding that leaks (Lucky 13), and key agreements that cost the
     * server far more than the client (D(HE)at). Who speaks 1.2 at all has had better ones for ten years.
     */
    private static final String[] OLD_CIPHERS = {".*_CBC_.*", "TLS_DHE_.*"};

    /** What stands in the two files; null for a file that cannot be read. */
    private record Content(byte[] certificate, byte[] key) {
        boolean is(Content other) {
            return other != null && Arrays.equals(certificate, other.certificate) && Arrays.equals(key, other.key);
        }
    }

    private final TlsSettings files;
    private final SslContextFactory.Server context = new Http1();
    private final AtomicBoolean looking = new AtomicBoolean();
    private Content seen; // at the last look; guarded by looking
    private Content judged; // taken, or found wanting; guarded by looking

    /** @throws IOException a sentence that says what to change */
    public Tls(TlsSettings files) throws IOException {
        this.files = files;
        context.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        context.addExcludeCipherSuites(OLD_CIPHERS);
        context.setKeyManagerPassword(new String(Pem.PASSWORD));
        judged = new Content(read(files.certificate()), read(files.key()));
        context.setKeyStore(Pem.keyStore(files, judged.certificate, judged.key));
    }

    /** What stands before HTTP on a connection. */
    public SslConnectionFactory before(HttpConfiguration http) {
        http.addCustomizer(new SecureRequestCustomizer(false)); // which names are ours, is not the certificate's to say
        return new SslConnectionFactory(context, HTTP);
    }

    SslContextFactory.Server context() {
        return context;
    }

    /**
     * Looks whether the files have changed; to be called every second or so, where it may wait for a disk. Files that
     * change from one look to the next are still being written.
     */
    public void refresh() {
        if (looking.compareAndSet(false, true)) { // a disk that hangs, holds one thread
            try {
                look();
            } finally {
                looking.set(false);
            }
        }
    }

    private void look() {
        Content now = new Content(readOrNull(files.certificate()), readOrNull(files.key()));
        boolean steady = now.is(seen);
        seen = now;
        if (!steady || now.is(judged)) {
            return;
        }
        judged = now;
        try {
            if (now.certificate == null || now.key == null) {
                throw cannotRead(now.certificate == null ? files.certificate() : files.key(), "");
            }
            KeyStore store = Pem.keyStore(files, now.certificate, now.key);
            context.reload(factory -> factory.setKeyStore(store));
            LOG.info("the certificate in {} is served from now on", files.certificate());
        } catch (Exception unusable) {
            LOG.warn("the certificate that is served stays as it was: {}", unusable.getMessage());
        }
    }

    private static byte[] readOrNull(Path file) {
        try {
            return read(file);
        } catch (IOException unreadable) {
            return null;
        }
    }

    private static byte[] read(Path file) throws IOException {
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException absent) {
            throw new IOException("There is no file " + file + ".", absent);
        } catch (IOException unreadable) {
            throw cannotRead(file, ": " + unreadable.getMessage());
        }
    }

    private static IOException cannotRead(Path file, String why) {
        return new IOException("The file " + file + " cannot be read" + why + ".");
    }

    /** Offers no other protocol than the one that is spoken. */
    private static final class Http1 extends SslContextFactory.Server {
        @Override
        public SSLParameters customize(SSLParameters parameters) {
            parameters.setApplicationProtocols(new String[] {"http/1.1"});
            return super.customize(parameters);
        }
    }
}
