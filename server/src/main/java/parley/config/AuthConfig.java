package parley.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import parley.auth.AuthSettings;
import parley.auth.AuthSettings.PublishKey;
import parley.auth.AuthSettings.Secret;
import parley.auth.TokenSettings;

/** Keys and secrets: from the command line, the environment, or files of their own. No message of it shows one. */
final class AuthConfig {

    /** What means nothing where users are believed. */
    private static final List<Setting> TOKEN_SETTINGS = List.of(
            Setting.TOKEN_SECRET,
            Setting.TOKEN_SECRET_FILE,
            Setting.TOKEN_KEY,
            Setting.TOKEN_JWKS,
            Setting.TOKEN_ISSUER,
            Setting.TOKEN_AUDIENCE);

    private AuthConfig() {}

    static AuthSettings read(Map<Setting, Value> values) throws ConfigLoader.Misconfigured {
        List<PublishKey> keys = new ArrayList<>(values.get(Setting.PUBLISH_KEY).readAll(PublishKey::parse));
        values.get(Setting.PUBLISH_KEY_FILE).readAll(AuthConfig::keysIn).forEach(keys::addAll);
        return new AuthSettings(keys, tokens(values));
    }

    private static TokenSettings tokens(Map<Setting, Value> values) throws ConfigLoader.Misconfigured {
        Value auth = values.get(Setting.AUTH);
        if (!auth.text().matches("open|token")) {
            throw new ConfigLoader.Misconfigured(auth.origin() + " must be open or token, not '" + auth.text() + "'.");
        }
        TokenSettings tokens = tokenSettings(values);
        if (auth.text().equals("open")) {
            for (Setting setting : TOKEN_SETTINGS) {
                if (!values.get(setting).texts().isEmpty()) {
                    throw new ConfigLoader.Misconfigured(values.get(setting).origin() + " has no effect without "
                            + Setting.AUTH.flag() + " token, which asks users for tokens.");
                }
            }
            return null;
        }
        if (tokens.secrets().isEmpty()
                && tokens.keyFiles().isEmpty()
                && tokens.jwks().isEmpty()) {
            throw new ConfigLoader.Misconfigured(auth.origin() + " token needs a key to check tokens with: "
                    + Setting.TOKEN_SECRET.flag() + ", " + Setting.TOKEN_KEY.flag() + " or " + Setting.TOKEN_JWKS.flag()
                    + ".");
        }
        return tokens;
    }

    private static TokenSettings tokenSettings(Map<Setting, Value> values) throws ConfigLoader.Misconfigured {
        return new TokenSettings(
                secrets(values),
                values.get(Setting.TOKEN_KEY).readAll(Path::of),
                values.get(Setting.TOKEN_JWKS).texts(),
                values.get(Setting.TOKEN_ISSUER).texts(),
                values.get(Setting.TOKEN_AUDIENCE).texts());
    }

    static List<Secret> secrets(Map<Setting, Value> values) throws ConfigLoader.Misconfigured {
        List<Secret> secrets = new ArrayList<>(values.get(Setting.TOKEN_SECRET).readAll(Secret::new));
        secrets.addAll(values.get(Setting.TOKEN_SECRET_FILE)
                .readAll(file -> new Secret(text(file).strip())));
        return secrets;
    }

    private static List<PublishKey> keysIn(String file) throws IOException, ConfigLoader.Misconfigured {
        List<PublishKey> keys = text(file)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .map(PublishKey::parse)
                .toList();
        if (keys.isEmpty()) {
            throw new ConfigLoader.Misconfigured("there is no key in " + file + ".");
        }
        return keys;
    }

    private static String text(String file) throws ConfigLoader.Misconfigured {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException | IllegalArgumentException e) {
            throw new ConfigLoader.Misconfigured("the file " + file + " cannot be read: " + e.getMessage());
        }
    }

    /** What to tell somebody who shows his secrets to every user of the machine. */
    static List<String> warnings(Map<Setting, Value> values) {
        List<String> warnings = new ArrayList<>();
        for (Setting setting : List.of(Setting.PUBLISH_KEY, Setting.TOKEN_SECRET)) {
            Value value = values.get(setting);
            if (!value.texts().isEmpty() && value.origin().equals(setting.flag())) {
                warnings.add("Every user of this machine can read " + setting.flag() + " in the list of processes; "
                        + setting.variable() + " or " + setting.flag() + "-file keep it secret.");
            }
        }
        return warnings;
    }
}
