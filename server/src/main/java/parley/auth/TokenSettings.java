package parley.auth;

import java.nio.file.Path;
import java.util.List;
import parley.auth.AuthSettings.Secret;

/**
 * Whose tokens say who a user is.
 *
 * @param secrets shared with whoever makes HS256 tokens
 * @param keyFiles public keys or certificates, PEM
 * @param jwks URLs of key sets, or files of them
 * @param issuers of which a token's {@code iss} must be one; empty for any
 * @param audiences of which a token's {@code aud} must name one; empty when no token may have an {@code aud}
 */
public record TokenSettings(
        List<Secret> secrets, List<Path> keyFiles, List<String> jwks, List<String> issuers, List<String> audiences) {}
