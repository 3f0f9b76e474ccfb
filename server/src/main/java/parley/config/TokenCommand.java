package parley.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import parley.auth.AuthSettings.Secret;
import parley.auth.NewTokenSettings;

/** {@code java -jar server.jar token --user 42 --ttl 1h}: a token for tries, of the secret that the server has. */
final class TokenCommand {

    private static final Setting USER = new Setting("user", "ID", null, false, "The user whose token it is.");
    private static final Setting TTL = new Setting("ttl", "DURATION", "1h", false, "How long it is good.");
    private static final Setting TOPICS = new Setting(
            "topics",
            "NAMES",
            null,
            true,
            "Topics that it covers, or beginnings of their names such as news.*; separated by commas.");
    private static final Setting PRIVATE_KEY = new Setting(
            "private-key",
            "FILE",
            null,
            false,
            "Private key (PEM) to make it with, of which the server has the public half; else "
                    + Setting.TOKEN_SECRET.flag() + " is used.");

    static final Command TOKEN = new Command(
            "token",
            "Make a token of a user, for tries.",
            List.of(
                    USER,
                    TTL,
                    TOPICS,
                    PRIVATE_KEY,
                    Setting.TOKEN_SECRET,
                    Setting.TOKEN_SECRET_FILE,
                    Setting.TOKEN_ISSUER,
                    Setting.TOKEN_AUDIENCE),
            null,
            given -> new ConfigLoader.MakeToken(token(given.values())));

    private TokenCommand() {}

    private static NewTokenSettings token(Map<Setting, Value> values) throws ConfigLoader.Misconfigured {
        String user = values.get(USER).text();
        if (user == null) {
            throw new ConfigLoader.Misconfigured("Whose token? Say it with --user.");
        }
        List<Secret> secrets = AuthConfig.secrets(values);
        Value key = values.get(PRIVATE_KEY);
        if (secrets.isEmpty() && key.texts().isEmpty()) {
            throw new ConfigLoader.Misconfigured("A token is made with the server's " + Setting.TOKEN_SECRET.flag()
                    + ", or with a --private-key whose public half is the server's " + Setting.TOKEN_KEY.flag() + ".");
        }
        return new NewTokenSettings(
                first(secrets),
                key.texts().isEmpty() ? null : key.read(Path::of),
                user,
                values.get(TOPICS).texts().stream()
                        .flatMap(text -> List.of(text.split(",")).stream())
                        .map(String::strip)
                        .toList(),
                values.get(TTL).read(NewTokenSettings::ttl),
                first(values.get(Setting.TOKEN_ISSUER).texts()),
                first(values.get(Setting.TOKEN_AUDIENCE).texts()));
    }

    private static <T> T first(List<T> several) {
        return several.isEmpty() ? null : several.get(0);
    }
}
