package parley.auth;

import java.nio.file.Path;
import java.util.List;
import parley.auth.AuthSettings.Secret;
import parley.message.Durations;
import parley.message.Problem;

/**
 * A token to be made.
 *
 * @param secret the server's, or null
 * @param keyFile a private key (PEM) whose public half the server has, or null; beats the secret
 * @param user whose it is
 * @param topics names, and beginnings with a {@code *}; empty for none
 * @param ttlMillis how long it is good
 * @param issuer or null
 * @param audience or null
 */
public record NewTokenSettings(
        Secret secret, Path keyFile, String user, List<String> topics, long ttlMillis, String issuer, String audience) {

    /** @throws Problem unless it is a duration, and not nothing */
    public static long ttl(String text) throws Problem {
        long millis = Durations.millis(text);
        if (millis < 1_000) {
            throw Problem.bad("bad_duration", "a token is good for a second at least.");
        }
        return millis;
    }
}
