package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.config.ConfigLoader;

/** One line says what is insecure, and what does not work for the sake of security. */
class StartLineTest {

    private static final String KEY = "a key of a back end";
    private static final String SECRET = "a secret of thirty-two characters";

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, false, false, false, false",
        "localhost, false, true,  false, false",
        "0.0.0.0,   false, false, true,  true",
        "0.0.0.0,   true,  false, true,  false",
        "0.0.0.0,   false, true,  false, true",
        "0.0.0.0,   true,  true,  false, false",
    })
    void itWarns(String host, boolean keyed, boolean tokens, boolean inboxesOpen, boolean publishingHereOnly) {
        List<String> options = new ArrayList<>(List.of("--port=0", "--host=" + host));
        if (keyed) {
            options.add("--publish-key=" + KEY.replace(' ', '-'));
        }
        if (tokens) {
            options.addAll(List.of("--auth=token", "--token-secret=" + SECRET));
        }
        ConfigLoader.Result result = ConfigLoader.load(options, Map.of(), "test");
        try (Parley parley =
                new Parley(assertInstanceOf(ConfigLoader.Loaded.class, result).settings())) {
            String line = parley.startLine();
            assertEquals(inboxesOpen, line.contains("anybody who reaches it can read any inbox"), line);
            assertEquals(publishingHereOnly, line.contains("only this machine can publish"), line);
            assertFalse(line.contains(KEY.replace(' ', '-')) || line.contains(SECRET), line);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--auth=token --token-key=absent", "--tls-cert=absent --tls-key=absent"})
    void aKeyThatCannotBeReadLeavesTheDataDirectoryAlone(String wrong, @TempDir Path directory) {
        Path data = directory.resolve("data");
        String options = "--port=0 --data=" + data + " " + wrong;
        ConfigLoader.Result result = ConfigLoader.load(List.of(options.split(" ")), Map.of(), "test");
        assertThrows(
                Parley.CannotStart.class,
                () -> new Parley(
                        assertInstanceOf(ConfigLoader.Loaded.class, result).settings()));
        assertFalse(Files.exists(data));
    }

    @Test
    void whoCannotListenIsToldWhatToChange() throws Parley.CannotStart {
        try (ServerFixture first = ServerFixture.start()) {
            String taken = refusal("--port", String.valueOf(first.port()));
            assertTrue(taken.endsWith("Another process may have the port; --port chooses another one."), taken);
        }
        for (String elsewhere : List.of("192.0.2.1", "no such host")) {
            String refused = refusal("--port=0", "--host", elsewhere);
            assertTrue(refused.startsWith("Cannot listen on " + elsewhere + ":0: "), refused);
            assertTrue(refused.endsWith(". --host and --port choose another address."), refused);
            assertFalse(refused.contains("null"), refused);
        }
    }

    private static String refusal(String... options) throws Parley.CannotStart {
        ConfigLoader.Result result = ConfigLoader.load(List.of(options), Map.of(), "test");
        try (Parley parley =
                new Parley(assertInstanceOf(ConfigLoader.Loaded.class, result).settings())) {
            return assertThrows(Parley.CannotStart.class, parley::start).getMessage();
        }
    }
}
