package parley.auth;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECKey;
import java.security.interfaces.EdECKey;
import java.security.interfaces.RSAKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.keys.EllipticCurves;
import org.jose4j.keys.HmacKey;
import org.jose4j.lang.JoseException;

/**
 * A key of tokens, and the one algorithm that it is for: what a token says of algorithms and keys only chooses among
 * ours. Immutable.
 *
 * @param id by which tokens may name it; null when it has none
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8725#section-3.1">RFC 8725, section 3.1</a>
 */
record TokensKey(String id, String algorithm, Key key) {

    static final String HS256 = "HS256";

    /** As long as the hash: a shorter one can be found by trying. */
    private static final int MIN_SECRET_BYTES = 32;

    private static final int MIN_RSA_BITS = 2048;

    private static final String BASE64 = "base64:";
    private static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z ]+)-----([^-]+)-----END \\1-----");

    /** Kinds of keys, as the JDK names them. */
    private static final List<String> KINDS = List.of("RSA", "EC", "Ed25519");

    @Override
    public String toString() {
        return "TokensKey[" + id + ", " + algorithm + "]";
    }

    /** @param text the secret's characters, or {@code base64:} and its bytes */
    static TokensKey secret(String text) {
        byte[] bytes = text.startsWith(BASE64)
                ? Base64.getDecoder().decode(text.substring(BASE64.length()))
                : text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length < MIN_SECRET_BYTES) {
            throw new IllegalArgumentException("a token secret has at least " + MIN_SECRET_BYTES
                    + " bytes, or it can be guessed; 'openssl rand -hex 32' makes one.");
        }
        return new TokensKey(null, HS256, new HmacKey(bytes));
    }

    /** A public key or certificate that somebody's tokens are checked with. */
    static TokensKey checking(String pem) {
        Matcher block = block(pem);
        byte[] bytes = Base64.getMimeDecoder().decode(block.group(2));
        return switch (block.group(1)) {
            case "PUBLIC KEY" -> of(read(KeyFactory::generatePublic, new X509EncodedKeySpec(bytes)));
            case "CERTIFICATE" -> of(certified(bytes));
            default ->
                throw new IllegalArgumentException("this is a " + block.group(1)
                        + "; the server needs the public one: openssl pkey -in FILE -pubout.");
        };
    }

    /** A private key to make tokens with. */
    static TokensKey signing(String pem) {
        Matcher block = block(pem);
        if (!block.group(1).equals("PRIVATE KEY")) {
            throw new IllegalArgumentException("this is a " + block.group(1)
                    + "; tokens are made with a private one in PKCS #8: openssl pkey -in FILE.");
        }
        byte[] bytes = Base64.getMimeDecoder().decode(block.group(2));
        return of(read(KeyFactory::generatePrivate, new PKCS8EncodedKeySpec(bytes)));
    }

    private static Matcher block(String pem) {
        Matcher block = PEM.matcher(pem);
        if (!block.find()) {
            throw new IllegalArgumentException("there is no key in PEM: -----BEGIN ... and so on.");
        }
        return block;
    }

    private interface Reading<S, K> {
        K with(KeyFactory factory, S spec) throws GeneralSecurityException;
    }

    private static <S, K extends Key> K read(Reading<S, K> reading, S spec) {
        for (String kind : KINDS) {
            try {
                return reading.with(KeyFactory.getInstance(kind), spec);
            } catch (GeneralSecurityException otherKind) {
                continue;
            }
        }
        throw new IllegalArgumentException("the key is damaged, or of a kind that is not supported.");
    }

    private static PublicKey certified(byte[] bytes) {
        try {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(bytes))
                    .getPublicKey();
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the certificate is damaged.", e);
        }
    }

    private static TokensKey of(Key key) {
        String algorithm = algorithm(key);
        if (algorithm == null) {
            throw new IllegalArgumentException(
                    "a key must be RSA of " + MIN_RSA_BITS + " bits at least, EC on P-256, or Ed25519.");
        }
        return new TokensKey(null, algorithm, key);
    }

    /** The one algorithm that we use a key for; null for none. */
    private static String algorithm(Key key) {
        if (key instanceof RSAKey rsa) {
            return rsa.getModulus().bitLength() >= MIN_RSA_BITS ? "RS256" : null;
        }
        if (key instanceof ECKey ec) {
            boolean p256 = ec.getParams().getCurve().equals(EllipticCurves.P256.getCurve());
            return p256 ? "ES256" : null;
        }
        if (key instanceof EdECKey ed) {
            return ed.getParams().getName().equals("Ed25519") ? "EdDSA" : null;
        }
        return null;
    }

    /**
     * The keys of a set that check tokens: public ones, of our kinds, and not meant for something else.
     *
     * @throws IllegalArgumentException when it is no key set
     * @see <a href="https://www.rfc-editor.org/rfc/rfc7517#section-5">RFC 7517, section 5</a>
     */
    static List<TokensKey> ofSet(String json) {
        List<TokensKey> keys = new ArrayList<>();
        try {
            for (JsonWebKey key : new JsonWebKeySet(json).getJsonWebKeys()) {
                String algorithm = key instanceof PublicJsonWebKey checks ? algorithm(checks.getPublicKey()) : null;
                boolean ours = algorithm != null
                        && (key.getAlgorithm() == null || key.getAlgorithm().equals(algorithm))
                        && (key.getUse() == null || key.getUse().equals("sig"))
                        && (key.getKeyOps() == null || key.getKeyOps().contains("verify"));
                if (ours) {
                    keys.add(new TokensKey(key.getKeyId(), algorithm, ((PublicJsonWebKey) key).getPublicKey()));
                }
            }
        } catch (JoseException | RuntimeException malformed) {
            throw new IllegalArgumentException("it is no JSON Web Key Set.", malformed);
        }
        return keys;
    }

    /** Whether this key made the signature of a token of three parts. */
    boolean signed(String token) {
        JsonWebSignature signature = new JsonWebSignature();
        signature.setAlgorithmConstraints(
                new AlgorithmConstraints(AlgorithmConstraints.ConstraintType.PERMIT, algorithm));
        signature.setKey(key);
        try {
            signature.setCompactSerialization(token);
            return signature.verifySignature();
        } catch (JoseException malformed) {
            return false;
        }
    }

    /** A token with these claims, a JSON object; of a secret or a private key. */
    String sign(String claims) {
        JsonWebSignature signature = new JsonWebSignature();
        signature.setAlgorithmHeaderValue(algorithm);
        signature.setHeader("typ", "JWT");
        signature.setPayload(claims);
        signature.setKey(key);
        try {
            return signature.getCompactSerialization();
        } catch (JoseException e) {
            throw new IllegalStateException("this key makes no tokens", e);
        }
    }
}
