package parley.auth;

import java.io.IOException;
import java.nio.file.Files;
import parley.message.Json;
import parley.message.Problem;
import parley.message.Time;

/** Makes a token, for tries: real ones come from whoever knows the users. */
public final class NewToken {

    private NewToken() {}

    /** @throws IOException when it cannot be made; the message says what to change */
    public static String of(NewTokenSettings wanted, Time time) throws IOException {
        try {
            TopicGrants.of(wanted.topics());
            long now = time.wallMillis() / 1_000;
            String topics = Json.arrayOf(wanted.topics().stream().map(Json::quote));
            String claims = new Json.Out()
                    .put("iss", wanted.issuer())
                    .put("aud", wanted.audience())
                    .put("sub", UserId.user(wanted.user()))
                    .raw("topics", wanted.topics().isEmpty() ? null : topics)
                    .put("iat", now)
                    .put("exp", now + wanted.ttlMillis() / 1_000)
                    .end();
            return key(wanted).sign(claims);
        } catch (Problem | IllegalArgumentException unusable) {
            throw new IOException(unusable.getMessage(), unusable);
        }
    }

    private static TokensKey key(NewTokenSettings wanted) throws IOException {
        return wanted.keyFile() == null
                ? TokensKey.secret(wanted.secret().text())
                : TokensKey.signing(Files.readString(wanted.keyFile()));
    }
}
