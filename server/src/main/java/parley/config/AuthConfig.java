package parley.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import parley.auth.AuthSettings;
import parley.auth.AuthSettings.PublishKey;

/** Keys and secrets: from the command line, the environment, or files of their own. No message of it shows one. */
final class AuthConfig {

    private AuthConfig() {}

    static AuthSettings read(Map<Setting, Value> values) throws ConfigLoader.Misconfigured {
        List<PublishKey> keys = new ArrayList<>(values.get(Setting.PUBLISH_KEY).readAll(PublishKey::parse));
        values.get(Setting.PUBLISH_KEY_FILE).readAll(AuthConfig::keysIn).forEach(keys::addAll);
        return new AuthSettings(keys);
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
        for (Setting setting : List.of(Setting.PUBLISH_KEY)) {
            Value value = values.get(setting);
            if (!value.texts().isEmpty() && value.origin().equals(setting.flag())) {
                warnings.add("Every user of this machine can read " + setting.flag() + " in the list of processes; "
                        + setting.variable() + " or " + setting.flag() + "-file keep it secret.");
            }
        }
        return warnings;
    }
}
