package parley.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import parley.auth.GuardSettings;
import parley.auth.LimitSettings;
import parley.auth.NewTokenSettings;
import parley.bench.BenchSettings;
import parley.history.HistorySettings;
import parley.session.SessionSettings;
import parley.socket.ServerSettings;
import parley.socket.TlsSettings;

/**
 * Command line, environment and file to {@link Settings}: a flag beats the environment, which beats the file, which
 * beats the default. A name that nobody knows is an error that names the nearest one.
 */
public final class ConfigLoader {

    private static final String CONFIG_VARIABLE = "PARLEY_CONFIG";

    /** Letters that a slip of the finger changes at most. */
    private static final int TYPO_CHANGES = 2;

    /** What came of the command line. */
    public sealed interface Result {}

    /** @param warnings sentences for whoever starts the server */
    public record Loaded(Settings settings, List<String> warnings) implements Result {}

    /** The user wants a measurement. */
    public record Bench(BenchSettings settings) implements Result {}

    /** The user wants a token. */
    public record MakeToken(NewTokenSettings token) implements Result {}

    /** The user asked for words, not for a server. */
    public record Say(String text) implements Result {}

    /** @param text what is wrong and what to change */
    public record Wrong(String text) implements Result {}

    private ConfigLoader() {}

    public static Result load(List<String> arguments, Map<String, String> environment, String version) {
        try {
            Command command = Command.of(arguments);
            Map<String, List<String>> flags = Map.of();
            List<String> operands = List.of();
            if (!arguments.isEmpty()) { // the library is loaded only when there is something to read
                CommandLineFlags line = new CommandLineFlags(command, version);
                String words = line.parse(arguments);
                if (words != null) {
                    return new Say(words);
                }
                flags = line.values();
                operands = line.operands();
            }
            return command.making().of(new Command.Given(merge(command, flags, environment), operands, version));
        } catch (Misconfigured wrong) {
            return new Wrong(wrong.getMessage());
        }
    }

    /** A setting that cannot be used; the message names it and says what to change. */
    static final class Misconfigured extends Exception {
        private static final long serialVersionUID = 1;

        Misconfigured(String message) {
            super(message, null, false, false);
        }
    }

    private static Map<Setting, Value> merge(
            Command command, Map<String, List<String>> flags, Map<String, String> environment) throws Misconfigured {
        Map<Setting, Value> values = new LinkedHashMap<>();
        if (command.readsSettings()) {
            addElsewhere(values, flags, environment);
        }
        for (Setting setting : command.options()) {
            List<String> given = flags.get(setting.name());
            if (given != null) {
                values.put(setting, new Value(given, setting.flag()));
            } else if (!values.containsKey(setting)) {
                List<String> standard = setting.standard() == null ? List.of() : List.of(setting.standard());
                values.put(setting, new Value(standard, setting.flag()));
            }
        }
        return values;
    }

    /** What stands in the file and in the environment. */
    private static void addElsewhere(
            Map<Setting, Value> values, Map<String, List<String>> flags, Map<String, String> environment)
            throws Misconfigured {
        List<String> file = flags.get("config");
        String path = file == null ? environment.get(CONFIG_VARIABLE) : file.get(0);
        if (path != null) {
            for (Map.Entry<String, String> entry : read(path).entrySet()) {
                Setting setting = known(entry.getKey(), "the file " + path, ConfigLoader::names);
                values.put(setting, Value.of(setting, entry.getValue(), entry.getKey() + " in " + path));
            }
        }
        for (Map.Entry<String, String> entry : environment.entrySet()) {
            if (isMeant(entry.getKey())) {
                Setting setting = known(entry.getKey(), "the environment", ConfigLoader::variables);
                values.put(setting, Value.of(setting, entry.getValue(), entry.getKey()));
            }
        }
    }

    private static Map<String, String> read(String path) throws Misconfigured {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(path), StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            String why = e instanceof NoSuchFileException ? "there is no such file." : e.getMessage();
            throw new Misconfigured("The configuration file " + path + " cannot be read: " + why);
        }
        Map<String, String> entries = new LinkedHashMap<>();
        properties.stringPropertyNames().stream()
                .sorted()
                .forEach(name -> entries.put(name, properties.getProperty(name)));
        return entries;
    }

    private interface Names {
        Map<String, Setting> all();
    }

    private static Map<String, Setting> names() {
        Map<String, Setting> names = new LinkedHashMap<>();
        Setting.ALL.forEach(setting -> names.put(setting.name(), setting));
        return names;
    }

    private static Map<String, Setting> variables() {
        Map<String, Setting> names = new LinkedHashMap<>();
        Setting.ALL.forEach(setting -> names.put(setting.variable(), setting));
        return names;
    }

    /**
     * Whether a variable of the environment is a setting or a mistyped one. Others may begin like ours, too: tools that
     * start the server have their own, and some clusters make one of each service's name.
     */
    private static boolean isMeant(String variable) {
        if (!variable.startsWith("PARLEY_") || variable.equals(CONFIG_VARIABLE)) {
            return false;
        }
        String upper = variable.toUpperCase(Locale.ROOT);
        return changes(upper, nearest(upper, variables().keySet())) <= TYPO_CHANGES;
    }

    private static Setting known(String name, String where, Names names) throws Misconfigured {
        Setting setting = names.all().get(name);
        if (setting == null) {
            throw new Misconfigured("There is no setting " + name + " (in " + where + "). Did you mean "
                    + nearest(name, names.all().keySet()) + "?");
        }
        return setting;
    }

    /** The one of {@code names} that takes the fewest changes of a letter. */
    static String nearest(String name, Collection<String> names) {
        String best = null;
        int fewest = Integer.MAX_VALUE;
        for (String candidate : names) {
            int changes = changes(name, candidate);
            if (changes < fewest) {
                fewest = changes;
                best = candidate;
            }
        }
        return best;
    }

    /** Levenshtein's distance. */
    private static int changes(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }

    /** The values of {@link Setting#ALL} as their features want them. */
    static Settings settings(Map<Setting, Value> values) throws Misconfigured {
        Value rate = values.get(Setting.SESSION_RATE);
        Value host = values.get(Setting.HOST);
        Value data = values.get(Setting.DATA);
        Path directory = data.texts().isEmpty() ? null : data.read(ConfigLoader::directory);
        Value connections = values.get(Setting.MAX_CONNECTIONS);
        int perSecond = rate.number(0, 1_000_000);
        return new Settings(
                new ServerSettings(
                        host.text(),
                        values.get(Setting.PORT).number(0, 65_535),
                        tls(values),
                        proxies(values.get(Setting.TRUSTED_PROXY))),
                values.get(Setting.HISTORY).read(text -> HistorySettings.parse(text, directory)),
                new SessionSettings(
                        perSecond,
                        4 * perSecond,
                        values.get(Setting.CLIENT_BROADCAST).yes()),
                new GuardSettings(
                        host.text(),
                        values.get(Setting.ALLOW_HOST).readAll(GuardSettings::host),
                        values.get(Setting.ALLOW_ORIGIN).readAll(GuardSettings::origin)),
                AuthConfig.read(values),
                new LimitSettings(
                        connections.texts().isEmpty() ? 0 : connections.number(1, 100_000_000),
                        values.get(Setting.ADDRESS_CONNECTIONS).number(0, 1_000_000),
                        values.get(Setting.PUBLISH_RATE).number(0, 1_000_000)));
    }

    private static TlsSettings tls(Map<Setting, Value> values) throws Misconfigured {
        Value certificate = values.get(Setting.TLS_CERT);
        Value key = values.get(Setting.TLS_KEY);
        if (certificate.texts().isEmpty() && key.texts().isEmpty()) {
            return null;
        }
        if (certificate.texts().isEmpty() || key.texts().isEmpty()) {
            throw new Misconfigured("--tls-cert and --tls-key are needed both.");
        }
        return new TlsSettings(certificate.read(Path::of), key.read(Path::of));
    }

    private static List<String> proxies(Value value) throws Misconfigured {
        return value.texts().isEmpty() ? List.of() : value.read(last -> ServerSettings.proxies(value.texts()));
    }

    private static Path directory(String text) throws Misconfigured {
        if (text.isEmpty()) {
            throw new Misconfigured("it must name a directory.");
        }
        return Path.of(text);
    }
}
