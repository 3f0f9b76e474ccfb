package parley.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.auth.AuthSettings;
import parley.auth.AuthSettings.PublishKey;
import parley.auth.GuardSettings;
import parley.auth.LimitSettings;
import parley.auth.NewTokenSettings;
import parley.auth.TokenSettings;
import parley.history.HistorySettings;
import parley.session.SessionSettings;
import parley.socket.ServerSettings;
import parley.socket.TlsSettings;
import picocli.CommandLine;

class ConfigLoaderTest {

    private static final Map<String, String> NOWHERE = Map.of();

    @TempDir
    Path directory;

    private static ConfigLoader.Result load(Map<String, String> environment, String... arguments) {
        return ConfigLoader.load(List.of(arguments), environment, "1.2.3");
    }

    private static Settings settings(Map<String, String> environment, String... arguments) {
        ConfigLoader.Result result = load(environment, arguments);
        return assertInstanceOf(ConfigLoader.Loaded.class, result, result::toString)
                .settings();
    }

    private static String wrong(Map<String, String> environment, String... arguments) {
        return assertInstanceOf(ConfigLoader.Wrong.class, load(environment, arguments))
                .text();
    }

    private static String said(String... arguments) {
        return assertInstanceOf(ConfigLoader.Say.class, load(NOWHERE, arguments))
                .text();
    }

    private static ServerSettings listensOn(String host, int port) {
        return new ServerSettings(host, port, null, List.of());
    }

    private String file(String text) throws IOException {
        return Files.writeString(directory.resolve("parley.properties"), text).toString();
    }

    @Test
    void standardSettings() {
        assertEquals(
                new Settings(
                        listensOn("127.0.0.1", 7777),
                        HistorySettings.standard(),
                        new SessionSettings(50, 200, false),
                        new GuardSettings("127.0.0.1", List.of(), List.of()),
                        new AuthSettings(List.of(), null),
                        new LimitSettings(0, 1_000, 0)),
                settings(NOWHERE));
    }

    @Test
    void otherVariablesOfTheEnvironmentAreNotOurs() {
        assertEquals(
                settings(NOWHERE), settings(Map.of("PATH", "/bin", "parley_port", "1", "PORT", "2", "PARLEY", "3")));
    }

    @Test
    void aFlagBeatsTheEnvironmentWhichBeatsTheFileWhichBeatsTheStandard() throws IOException {
        String file = file("port=1\nhost=a.test\n");
        Map<String, String> environment = Map.of("PARLEY_CONFIG", file, "PARLEY_PORT", "2");
        assertEquals(listensOn("127.0.0.1", 7777), settings(NOWHERE).server());
        assertEquals(listensOn("a.test", 1), settings(NOWHERE, "--config", file).server());
        assertEquals(listensOn("a.test", 2), settings(environment).server());
        assertEquals(
                listensOn("a.test", 3), settings(environment, "--port", "3").server());
        assertEquals(
                listensOn("b.test", 2), settings(environment, "--host=b.test").server());
    }

    @Test
    void whatIsBeatenIsNotJudgedByItsValue() {
        assertEquals(
                8, settings(Map.of("PARLEY_PORT", "x"), "--port=8").server().port());
    }

    @Test
    void theFlagNamesTheFileBeforeTheEnvironmentDoes() throws IOException {
        String file = file("port=1");
        Map<String, String> environment =
                Map.of("PARLEY_CONFIG", directory.resolve("absent").toString());
        assertEquals(1, settings(environment, "--config", file).server().port());
        assertTrue(wrong(environment).contains("absent"));
    }

    @Test
    void everySettingHasItsThreeNames() throws IOException {
        Map<String, String> values = new HashMap<>(Map.of(
                "port", "80",
                "host", "b.test",
                "history", "users=1/1s",
                "data", "some/where",
                "session-rate", "7",
                "client-broadcast", "true",
                "allow-host", "c.test",
                "allow-origin", "https://d.test",
                "trusted-proxy", "10.0.0.1"));
        values.put("tls-cert", "c.pem");
        values.put("tls-key", "k.pem");
        values.put("max-connections", "8");
        values.put("address-connections", "9");
        values.put("publish-rate", "10");
        values.put("publish-key", "ci:0123456789abcdef");
        values.put(
                "publish-key-file",
                Files.writeString(directory.resolve("keys"), "# ours\n\nold:fedcba9876543210\nold:0123456789abcdef\n")
                        .toString());
        values.putAll(Map.of(
                "auth", "token",
                "token-secret", "of 32 characters, 0123456789abcd",
                "token-secret-file",
                        Files.writeString(directory.resolve("secret"), "another, in a file\n")
                                .toString(),
                "token-key", "key.pem",
                "token-jwks", "https://id.test/keys",
                "token-issuer", "https://id.test",
                "token-audience", "chat"));
        List<String> flags = new ArrayList<>();
        Map<String, String> variables = new HashMap<>();
        StringBuilder lines = new StringBuilder();
        values.forEach((name, value) -> {
            flags.add("--" + name + (name.equals("client-broadcast") ? "" : "=" + value));
            variables.put("PARLEY_" + name.toUpperCase().replace('-', '_'), value);
            lines.append(name).append('=').append(value).append('\n');
        });
        Settings all = settings(NOWHERE, flags.toArray(String[]::new));
        assertEquals(
                new ServerSettings(
                        "b.test", 80, new TlsSettings(Path.of("c.pem"), Path.of("k.pem")), List.of("10.0.0.1")),
                all.server());
        assertEquals(new HistorySettings.Keep(1, 1_000), all.history().users());
        assertEquals(Path.of("some/where"), all.history().directory());
        assertEquals(new SessionSettings(7, 28, true), all.sessions());
        assertEquals(new GuardSettings("b.test", List.of("c.test"), List.of("https://d.test")), all.guard());
        assertEquals(
                List.of(key("ci", "0123456789abcdef"), key("old", "fedcba9876543210"), key("old", "0123456789abcdef")),
                all.auth().publishKeys());
        assertEquals(
                new TokenSettings(
                        List.of(
                                new AuthSettings.Secret("of 32 characters, 0123456789abcd"),
                                new AuthSettings.Secret("another, in a file")),
                        List.of(Path.of("key.pem")),
                        List.of("https://id.test/keys"),
                        List.of("https://id.test"),
                        List.of("chat")),
                all.auth().tokens());
        assertEquals(new LimitSettings(8, 9, 10), all.limits());
        assertEquals(all, settings(variables));
        assertEquals(all, settings(NOWHERE, "--config", file(lines.toString())));
        assertEquals(values.keySet().size(), Setting.ALL.size(), "a new setting belongs into this test");
    }

    private static PublishKey key(String name, String key) {
        return new PublishKey(name, new AuthSettings.Secret(key));
    }

    @Test
    void aKeyWithoutNameIsTheDefault() {
        assertEquals(
                List.of(key("default", "0123456789abcdef"), key("a.b_c-9", "+/=:!~0123456789")),
                settings(NOWHERE, "--publish-key=0123456789abcdef", "--publish-key", "a.b_c-9:+/=:!~0123456789")
                        .auth()
                        .publishKeys());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ci:",
                "0123456789abcde",
                "ci:0123456789abcde",
                "c i:0123456789abcdef",
                ":0123456789abcdef",
                "ci:0123456789abc def",
                "ci:0123456789,abcdef",
                "ci:0123456789abcdef\u00e9",
            })
    void aKeyThatCannotBeOneIsRefusedAndNotShown(String key) {
        String text = wrong(NOWHERE, "--publish-key=" + key);
        assertTrue(text.startsWith("--publish-key: "), text);
        assertFalse(text.contains("0123"), text);
    }

    @Test
    void aKeyIsAtMost256CharactersLong() {
        assertEquals(
                1,
                settings(NOWHERE, "--publish-key=ci:" + "x".repeat(256))
                        .auth()
                        .publishKeys()
                        .size());
        assertTrue(wrong(NOWHERE, "--publish-key=ci:" + "x".repeat(257)).contains("at most 256"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--auth=tokens | --auth must be open or token, not 'tokens'.",
                "--auth=token | --auth token needs a key to check tokens with: ",
                "--token-secret=x | --token-secret has no effect without --auth token",
                "--token-jwks=x | --token-jwks has no effect without --auth token",
                "--token-issuer=x | --token-issuer has no effect without --auth token",
                "--auth=token --token-secret-file=absent | --token-secret-file: the file absent cannot be read",
            })
    void tokensNeedAKeyAndKeysNeedTokens(String arguments, String words) {
        String text = wrong(NOWHERE, arguments.split(" "));
        assertTrue(text.startsWith(words), text);
    }

    @Test
    void keysOnTheCommandLineAreWarnedAbout() throws IOException {
        String[] flag = {"--publish-key=0123456789abcdef"};
        Map<String, String> variable = Map.of("PARLEY_PUBLISH_KEY", "0123456789abcdef");
        ConfigLoader.Loaded shown = assertInstanceOf(ConfigLoader.Loaded.class, load(NOWHERE, flag));
        assertEquals(1, shown.warnings().size());
        assertTrue(shown.warnings().get(0).contains("PARLEY_PUBLISH_KEY"), shown.warnings()::toString);
        assertFalse(shown.toString().contains("0123456789abcdef"), shown::toString);
        assertEquals(
                List.of(),
                assertInstanceOf(ConfigLoader.Loaded.class, load(variable)).warnings());
        assertTrue(wrong(NOWHERE, "--publish-key-file=absent").contains("the file absent cannot be read"));
        assertTrue(wrong(NOWHERE, "--publish-key-file", file("# nothing")).contains("there is no key in"));
    }

    @Test
    void onDiskThereIsRoomForAGibibyteUnlessAnotherTotalIsGiven() {
        assertEquals(1L << 30, settings(NOWHERE, "--data", "d").history().totalBytes());
        assertEquals(
                5L << 20,
                settings(NOWHERE, "--data", "d", "--history", "total=5m")
                        .history()
                        .totalBytes());
        assertEquals(
                HistorySettings.off().in(Path.of("d")),
                settings(NOWHERE, "--data", "d", "--history", "off").history());
        assertEquals("--data: it must name a directory.", wrong(NOWHERE, "--data="));
    }

    @Test
    void repeatableFlagsAddUp() {
        GuardSettings guard = settings(
                        NOWHERE,
                        "--allow-origin=https://a.test",
                        "--allow-host",
                        "a.test",
                        "--allow-origin",
                        "https://b.test")
                .guard();
        assertEquals(List.of("https://a.test", "https://b.test"), guard.allowOrigins());
        assertEquals(List.of("a.test"), guard.allowHosts());
    }

    @ParameterizedTest
    @CsvSource({
        "https://a.test/, https://a.test",
        "https://a.test:443, https://a.test",
        "http://a.test:80/, http://a.test",
        "http://a.test:443, http://a.test:443",
        "HTTPS://A.test:8443, HTTPS://A.test:8443",
        "capacitor://localhost, capacitor://localhost",
        "http://[::1]:5173, http://[::1]:5173",
        "*, *",
        "null, null",
    })
    void originsAreAsBrowsersSendThem(String written, String read) {
        assertEquals(
                List.of(read),
                settings(NOWHERE, "--allow-origin", written).guard().allowOrigins());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"example.com", "https://", "https://a.test/page", "https://a.test?x", "https://bücher.test"})
    void whatNoBrowserSendsIsNoOrigin(String written) {
        assertEquals(
                "--allow-origin: '" + written
                        + "' is no origin as browsers send it: write it like https://example.com.",
                wrong(NOWHERE, "--allow-origin", written));
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://a.test", "a.test:7777", "a.test/", "::1"})
    void aHostIsANameAndNoMore(String written) {
        assertEquals(
                "--allow-host: '" + written
                        + "' is no name of a host: write it without scheme and port, like chat.example.com.",
                wrong(NOWHERE, "--allow-host", written));
        assertEquals(
                List.of("[::1]"),
                settings(NOWHERE, "--allow-host", "[::1]").guard().allowHosts());
    }

    @Test
    void elsewhereRepeatablesAreSeparatedByCommas() throws IOException {
        List<String> expected = List.of("a.test", "b.test");
        assertEquals(
                expected,
                settings(Map.of("PARLEY_ALLOW_HOST", "a.test, b.test")).guard().allowHosts());
        String file = file("allow-host = a.test,b.test");
        assertEquals(expected, settings(NOWHERE, "--config", file).guard().allowHosts());
        assertEquals(
                List.of("c.test"),
                settings(NOWHERE, "--config", file, "--allow-host=c.test")
                        .guard()
                        .allowHosts(),
                "the flag replaces the file's list");
    }

    @ParameterizedTest
    @CsvSource({
        "--prot, --port",
        "--Port, --port",
        "--hosts, --host",
        "--histroy=off, --history",
        "--session-limit, --session-rate",
        "--allow-orgin=x, --allow-origin",
        "--client-brodcast, --client-broadcast",
        "--hlep, --help",
        "--confg=x, --config",
    })
    void anUnknownFlagNamesTheNearest(String flag, String nearest) {
        assertEquals(
                "There is no option " + flag.split("=")[0] + ". Did you mean " + nearest + "?", wrong(NOWHERE, flag));
    }

    @Test
    void variablesOfOthersAreNotOurs() throws Exception {
        Map<String, String> others = Map.of("PARLEY_JAR", "server.jar", "PARLEY_SERVICE_HOST", "10.0.0.1");
        assertEquals(7777, settings(others).server().port());
    }

    @ParameterizedTest
    @CsvSource({"PARLEY_PROT, PARLEY_PORT", "PARLEY_ALLOW_HOSTS, PARLEY_ALLOW_HOST", "PARLEY_port, PARLEY_PORT"})
    void anUnknownVariableNamesTheNearest(String variable, String nearest) {
        String text = wrong(Map.of(variable, "1"));
        assertTrue(text.contains(variable) && text.endsWith("Did you mean " + nearest + "?"), text);
    }

    @ParameterizedTest
    @CsvSource({"prot, port", "allow_host, allow-host", "PORT, port"})
    void anUnknownLineOfTheFileNamesTheNearest(String name, String nearest) throws IOException {
        String text = wrong(NOWHERE, "--config", file("host=a.test\n" + name + "=1"));
        assertTrue(text.startsWith("There is no setting " + name + " "), text);
        assertTrue(text.contains("parley.properties"), text);
        assertTrue(text.endsWith("Did you mean " + nearest + "?"), text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "x", "-1", "65536", "999999999999", "7777.0", "0x1", "7 7", "٧"})
    void aBadNumberNamesWhereItStands(String port) throws IOException {
        String must = " must be a number from 0 to 65535, not '";
        assertTrue(wrong(NOWHERE, "--port=" + port).startsWith("--port" + must));
        assertTrue(wrong(Map.of("PARLEY_PORT", port)).startsWith("PARLEY_PORT" + must));
        String file = file("port=" + port);
        assertTrue(wrong(NOWHERE, "--config", file).startsWith("port in " + file + must));
    }

    @ParameterizedTest
    @CsvSource({"--port=0, 0", "--port=65535, 65535"})
    void portsReachFromEndToEnd(String flag, int port) {
        assertEquals(port, settings(NOWHERE, flag).server().port());
    }

    @Test
    void theSessionRateBringsItsBurst() {
        assertEquals(
                new SessionSettings(0, 0, false),
                settings(NOWHERE, "--session-rate=0").sessions());
        assertEquals(
                new SessionSettings(1_000_000, 4_000_000, false),
                settings(NOWHERE, "--session-rate=1000000").sessions());
        assertTrue(wrong(NOWHERE, "--session-rate=1000001").startsWith("--session-rate must be a number"));
    }

    @Test
    void limitsHaveTheirBounds() {
        assertEquals(
                new LimitSettings(7, 0, 9),
                settings(NOWHERE, "--max-connections=7", "--address-connections=0", "--publish-rate=9")
                        .limits());
        assertTrue(wrong(NOWHERE, "--max-connections=0").startsWith("--max-connections must be a number from 1 "));
        assertTrue(wrong(NOWHERE, "--address-connections=many").startsWith("--address-connections must be a number"));
        assertTrue(wrong(NOWHERE, "--publish-rate=1000001").startsWith("--publish-rate must be a number"));
    }

    @Test
    void aCertificateNeedsItsKey() {
        String both = "--tls-cert and --tls-key are needed both.";
        assertEquals(both, wrong(NOWHERE, "--tls-cert=c.pem"));
        assertEquals(both, wrong(NOWHERE, "--tls-key=k.pem"));
    }

    @Test
    void trustedProxiesAreAddressesOrRanges() {
        assertEquals(
                List.of("127.0.0.1", "10.0.0.0/8", "fd00::/8", "::1"),
                settings(Map.of("PARLEY_TRUSTED_PROXY", "127.0.0.1, 10.0.0.0/8,fd00::/8,::1"))
                        .server()
                        .trustedProxies());
        for (String wrong : List.of(
                "",
                "proxy",
                "beef",
                "10.0.0.0/33",
                "10.0.0.1/8",
                "10.0.0.0/",
                "10.0.0.0/+8",
                "10.0.0.0/-8",
                "10.0.0.0/8/8",
                "10.0.0.0/ 8",
                "fd00::/+8",
                "*",
                "1-2",
                "::1%lo")) {
            assertEquals(
                    "--trusted-proxy: '" + wrong + "' is neither an address nor a range of addresses like 10.0.0.0/8.",
                    wrong(NOWHERE, "--trusted-proxy=10.0.0.1", "--trusted-proxy=" + wrong));
        }
    }

    @Test
    void aSwitchIsTrueOrFalse() {
        assertTrue(settings(NOWHERE, "--client-broadcast").sessions().clientBroadcast());
        assertTrue(
                settings(Map.of("PARLEY_CLIENT_BROADCAST", "true")).sessions().clientBroadcast());
        assertFalse(
                settings(Map.of("PARLEY_CLIENT_BROADCAST", "false")).sessions().clientBroadcast());
        assertEquals(
                "PARLEY_CLIENT_BROADCAST must be true or false, not 'yes'.",
                wrong(Map.of("PARLEY_CLIENT_BROADCAST", "yes")));
    }

    @Test
    void historyNamesWhatDiffersFromTheStandard() {
        HistorySettings standard = HistorySettings.standard();
        assertEquals(
                standard,
                settings(NOWHERE, "--history", Setting.HISTORY.standard()).history());
        assertEquals(HistorySettings.off(), settings(NOWHERE, "--history=off").history());
        assertEquals(
                new HistorySettings(
                        new HistorySettings.Keep(10, 500),
                        standard.topics(),
                        HistorySettings.Keep.NOTHING,
                        standard.events(),
                        128L << 20),
                settings(NOWHERE, "--history", "users=10/500ms, everyone=0/0, total=128m")
                        .history());
    }

    @ParameterizedTest
    @CsvSource({"total=7, 7", "total=7k, 7168", "total=7M, 7340032", "total=7g, 7516192768", "total=0, 0"})
    void historySizes(String history, long bytes) {
        assertEquals(bytes, settings(NOWHERE, "--history", history).history().totalBytes());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "on",
                "OFF",
                "off,users=1/1s",
                "users",
                "users=",
                "users=1",
                "users=1/",
                "users=/1s",
                "users=-1/1s",
                "users=1/1w",
                "users=12345678/1s",
                "user=1/1s",
                "users=1/1s;topics=1/1s",
                "total=",
                "total=1t",
                "total=1.5g",
                "total=-1",
                "users=1/1s,,topics=1/1s",
            })
    void aMalformedHistoryIsNamed(String history) {
        assertTrue(wrong(NOWHERE, "--history=" + history).startsWith("--history: "));
        assertTrue(wrong(Map.of("PARLEY_HISTORY", history)).startsWith("PARLEY_HISTORY: "));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "--port, Missing required parameter for option '--port'",
                "--port=1 --port=2, option '--port'",
                "--client-broadcast=maybe, --client-broadcast",
                "version x, 'x' is not understood",
                "--port=1 version, The command version must stand before its options",
                "-x, '-x' is not understood",
                "-p 1, '-p' is not understood",
            })
    void whatTheCommandLineDoesNotTake(String arguments, String words) {
        String text = wrong(NOWHERE, arguments.split(" "));
        assertTrue(text.contains(words) && text.endsWith("--help."), text);
    }

    @Test
    void withoutACommandTheServerRuns() {
        assertEquals(settings(NOWHERE), settings(NOWHERE, "serve"));
        assertEquals(settings(NOWHERE, "--port=1"), settings(NOWHERE, "serve", "--port=1"));
        assertEquals(2, settings(Map.of("PARLEY_PORT", "2"), "serve").server().port());
    }

    @ParameterizedTest
    @CsvSource({"serv, serve", "server, serve", "vresion, version", "Version, version"})
    void anUnknownCommandNamesTheNearest(String name, String nearest) {
        assertEquals(
                "There is no command " + name + ". Did you mean " + nearest + "? See --help.",
                wrong(NOWHERE, name, "--port=1"));
    }

    @Test
    void whoAsksForHelpIsToldHow() {
        assertEquals("There is no command help. See --help.", wrong(NOWHERE, "help"));
    }

    @Test
    void aTokenIsMadeOfTheServersSettings() throws IOException {
        AuthSettings.Secret secret = new AuthSettings.Secret("the server's own");
        assertEquals(
                new ConfigLoader.MakeToken(
                        new NewTokenSettings(secret, null, "42", List.of("news.*", "a", "b"), 3_600_000, "me", "chat")),
                load(
                        Map.of("PARLEY_TOKEN_SECRET", "the server's own", "PARLEY_TOKEN_ISSUER", "me"),
                        "token",
                        "--config=" + file("port=1\nauth=token\ntoken-audience=chat,push"),
                        "--user=42",
                        "--topics=news.*,a",
                        "--topics",
                        "b"));
        assertEquals(
                new ConfigLoader.MakeToken(
                        new NewTokenSettings(secret, Path.of("key.pem"), "42", List.of(), 90_000, null, null)),
                load(
                        NOWHERE,
                        "token",
                        "--user=42",
                        "--ttl=90",
                        "--private-key=key.pem",
                        "--token-secret-file=" + file("the server's own\n")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--token-secret=x | Whose token?",
                "--user=42 | A token is made with the server's --token-secret",
                "--user=42 --token-secret=x --ttl=soon | --ttl: A duration is written",
                "--user=42 --token-secret=x --ttl=0 | --ttl: a token is good for a second at least",
                "--user=42 --port=1 | There is no option --port.",
            })
    void aTokenThatCannotBeMade(String arguments, String words) {
        String text = wrong(NOWHERE, ("token " + arguments).split(" "));
        assertTrue(text.startsWith(words), text);
    }

    @Test
    void aCommandTakesItsOwnOptionsOnly() {
        assertEquals("There is no option --port. Did you mean --help?", wrong(NOWHERE, "version", "--port=1"));
        assertInstanceOf(
                ConfigLoader.Say.class, load(Map.of("PARLEY_PROT", "x"), "version"), "it reads no environment");
    }

    @Test
    void helpNamesEveryCommand() {
        String help = said("--help");
        assertEquals(help, said("serve", "--help"));
        for (Command command : Command.all()) {
            assertTrue(help.contains("\n  " + command.name() + " "), help);
            if (command != Command.SERVE) {
                String own = said(command.name(), "--help");
                assertTrue(own.startsWith("Usage: java -jar server.jar " + command.name() + " "), own);
                assertTrue(own.lines().allMatch(line -> line.length() <= 80), own);
            }
        }
    }

    @Test
    void aFileThatCannotBeReadIsAnError() throws IOException {
        for (Path path : List.of(directory, directory.resolve("absent.properties"))) {
            String text = wrong(NOWHERE, "--config", path.toString());
            assertTrue(text.startsWith("The configuration file " + path + " cannot be read: "), text);
        }
        assertTrue(wrong(NOWHERE, "--config", "absent").endsWith(": there is no such file."));
        Path malformed = Files.write(directory.resolve("latin1"), "host=é".getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(wrong(NOWHERE, "--config", malformed.toString()).contains("cannot be read"));
        assertTrue(wrong(NOWHERE, "--config", file("host=\\u12")).contains("cannot be read"));
        assertTrue(wrong(NOWHERE, "--config", "a\u0000b").contains("cannot be read"));
        assertTrue(wrong(Map.of("PARLEY_CONFIG", "")).contains("cannot be read"));
    }

    @Test
    void filesMayHaveCommentsSpacesAndUtf8() throws IOException {
        String file = file("# a comment\n\n  host = b\u00fccher.test  \n! another\nport : 81\n");
        assertEquals(
                listensOn("b\u00fccher.test", 81),
                settings(NOWHERE, "--config", file).server());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-h", "--help"})
    void helpNamesEverySettingAndItsStandard(String flag) {
        String help = said(flag);
        assertTrue(help.startsWith("Usage: java -jar server.jar "), help);
        String flowing = help.replaceAll("\\s+", " ");
        for (Setting setting : Setting.ALL) {
            assertTrue(help.contains(setting.flag()), setting.flag());
            assertTrue(
                    setting.standard() == null
                            || flowing.replace(" ", "").contains("Default:" + setting.standard() + "."),
                    setting.flag());
        }
        assertTrue(flowing.contains("PARLEY_PORT=8080") && flowing.contains("(port=8080)"), help);
        assertFalse(help.contains("\u001b"), "no colours");
        assertTrue(help.lines().allMatch(line -> line.length() <= 80), help);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-V", "--version", "version"})
    void theVersionIsTheJars(String flag) {
        assertEquals("Parley 1.2.3", said(flag));
    }

    @Test
    void helpComesBeforeMistakesElsewhere() {
        assertInstanceOf(ConfigLoader.Say.class, load(Map.of("PARLEY_PORT", "x"), "--help"));
    }

    /** picocli costs a start of the server more than all else that reads settings. */
    @Test
    void withoutArgumentsTheCommandLineLibraryIsNotLoaded() throws Exception {
        assertFalse(loadsPicocli(List.of()));
        assertTrue(loadsPicocli(List.of("--port=1")), "or this test sees nothing");
    }

    private static boolean loadsPicocli(List<String> arguments) throws Exception {
        List<String> loaded = new ArrayList<>();
        URL[] jars = {source(ConfigLoader.class), source(CommandLine.class)};
        try (URLClassLoader loader = new URLClassLoader(jars, ClassLoader.getPlatformClassLoader()) {
            @Override
            protected Class<?> findClass(String name) throws ClassNotFoundException {
                loaded.add(name);
                return super.findClass(name);
            }
        }) {
            Object result = loader.loadClass(ConfigLoader.class.getName())
                    .getMethod("load", List.class, Map.class, String.class)
                    .invoke(null, arguments, NOWHERE, "1.2.3");
            assertEquals("Loaded", result.getClass().getSimpleName(), result.toString());
        }
        return loaded.stream().anyMatch(name -> name.startsWith("picocli."));
    }

    private static URL source(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation();
    }
}
