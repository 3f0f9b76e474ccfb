package parley.socket;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A certificate and its key, from PEM to what Java wants. Keys of the kinds RSA, EC and EdDSA, in PKCS #8 or in the older
 * forms of their own.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7468">RFC 7468</a>
 */
final class Pem {

    static final char[] PASSWORD = {}; // it never leaves the memory

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s*(.*?)\\s*-----END \\1-----", Pattern.DOTALL);

    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final byte[] VERSION_0 = {2, 1, 0};

    private record Block(String label, byte[] der) {}

    private Pem() {}

    /**
     * A store of one entry, whose password is {@link #PASSWORD}.
     *
     * @throws IOException a sentence that says what is wrong with which of the files
     */
    static KeyStore keyStore(TlsSettings files, byte[] certificates, byte[] key) throws IOException {
        List<Certificate> chain = chain(files, certificates);
        PublicKey own = chain.get(0).getPublicKey();
        try {
            PrivateKey secret = KeyFactory.getInstance(own.getAlgorithm())
                    .generatePrivate(new PKCS8EncodedKeySpec(pkcs8(files, own, key)));
            if (!matches(secret, own)) {
                throw notItsKey(files);
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("server", secret, PASSWORD, chain.toArray(Certificate[]::new));
            return store;
        } catch (KeyStoreException noChain) {
            throw new IOException("The certificates in " + files.certificate()
                    + " are no chain: each must be vouched for by the one that follows.");
        } catch (GeneralSecurityException malformed) {
            throw notItsKey(files);
        }
    }

    private static IOException notItsKey(TlsSettings files) {
        return new IOException("The key in " + files.key() + " does not belong to the first certificate in "
                + files.certificate() + ", which must be the server's own.");
    }

    private static List<Certificate> chain(TlsSettings files, byte[] pem) throws IOException {
        List<Certificate> chain = new ArrayList<>();
        try {
            for (Block block : blocks(files.certificate().toString(), pem)) {
                if (block.label().equals("CERTIFICATE")) {
                    chain.add(CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(block.der())));
                }
            }
        } catch (GeneralSecurityException malformed) {
            throw new IOException("A certificate in " + files.certificate() + " is damaged.");
        }
        if (chain.isEmpty()) {
            throw new IOException("There is no certificate in " + files.certificate() + "; it must be PEM.");
        }
        return chain;
    }

    private static byte[] pkcs8(TlsSettings files, PublicKey own, byte[] pem) throws IOException {
        if (new String(pem, StandardCharsets.ISO_8859_1).contains("ENCRYPTED")) {
            throw new IOException("The key in " + files.key() + " is encrypted; 'openssl pkey -in FILE' decrypts it.");
        }
        for (Block block : blocks(files.key().toString(), pem)) {
            if (block.label().equals("PRIVATE KEY")) {
                return block.der();
            }
            if (block.label().equals("RSA PRIVATE KEY") || block.label().equals("EC PRIVATE KEY")) {
                return wrapped(own, block.der());
            }
        }
        throw new IOException("There is no private key in " + files.key() + "; it must be PEM.");
    }

    /**
     * PKCS #8 is the old form beside the name of the algorithm, and the public key has that name.
     *
     * @see <a href="https://www.rfc-editor.org/rfc/rfc5208#section-5">RFC 5208, section 5</a>
     */
    private static byte[] wrapped(PublicKey own, byte[] old) {
        byte[] info = own.getEncoded();
        int algorithm = contentAt(info, 0);
        byte[] name = Arrays.copyOfRange(info, algorithm, contentAt(info, algorithm) + lengthAt(info, algorithm));
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(VERSION_0);
        content.writeBytes(name);
        content.writeBytes(element(OCTET_STRING, old));
        return element(SEQUENCE, content.toByteArray());
    }

    /** Where the content of the DER element at {@code at} begins: its length stands in one byte, or says how many. */
    private static int contentAt(byte[] der, int at) {
        return at + 2 + (der[at + 1] < 0 ? der[at + 1] & 0x7f : 0);
    }

    private static int lengthAt(byte[] der, int at) {
        int length = 0;
        for (int i = der[at + 1] < 0 ? at + 2 : at + 1; i < contentAt(der, at); i++) {
            length = length << 8 | der[i] & 0xff;
        }
        return length;
    }

    private static byte[] element(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(content.length + 4);
        out.write(tag);
        byte[] length = BigInteger.valueOf(content.length).toByteArray(); // with a bit for the sign, as DER wants it
        int zero = length[0] == 0 ? 1 : 0;
        if (length.length > 1) {
            out.write(0x80 | length.length - zero);
        }
        out.write(length, zero, length.length - zero);
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static boolean matches(PrivateKey secret, PublicKey own) throws GeneralSecurityException {
        String algorithm = own.getAlgorithm().equals("EdDSA")
                ? "EdDSA"
                : "SHA256with" + (own.getAlgorithm().equals("EC") ? "ECDSA" : own.getAlgorithm());
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(secret);
        signature.update(VERSION_0);
        byte[] signed = signature.sign();
        signature.initVerify(own);
        signature.update(VERSION_0);
        return signature.verify(signed);
    }

    private static List<Block> blocks(String file, byte[] pem) throws IOException {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(new String(pem, StandardCharsets.ISO_8859_1));
        try {
            while (matcher.find()) {
                blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
            }
        } catch (IllegalArgumentException notBase64) {
            throw new IOException(file + " is damaged.");
        }
        return blocks;
    }
}
