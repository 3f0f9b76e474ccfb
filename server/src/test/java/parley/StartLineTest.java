package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
}
