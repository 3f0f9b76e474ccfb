package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the documents name as proof is there: test classes, their methods, scripts, tests of the client. */
class DocumentsTest {

    private static final Path ROOT = Path.of("..");

    /** {@code `FooTest`}, {@code `FooTest.bar`}, {@code `package/FooTest`}, and words that look like either. */
    private static final Pattern TEST =
            Pattern.compile("`(?:\\w+/)?([A-Z]\\w*(?:Test|IT|Contract|Fuzz))(?:\\.(\\w+))?`");

    private static final Pattern FILE = Pattern.compile("`(scripts/\\w+|client-js/[\\w/.-]+\\.(?:js|json))[^`]*`");

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "server/README.md", "server/PROTOCOL.md", "server/SECURITY.md"})
    void whatProvesAPromiseExists(String document) throws IOException {
        String text = Files.readString(ROOT.resolve(document));
        Map<String, Path> tests = tests();
        List<String> missing = new ArrayList<>();
        for (MatchResult named : found(TEST, text)) {
            Path test = tests.get(named.group(1));
            if (test == null
                    || named.group(2) != null && !Files.readString(test).contains(" " + named.group(2) + "(")) {
                missing.add(named.group());
            }
        }
        for (MatchResult named : found(FILE, text)) {
            if (!Files.exists(ROOT.resolve(named.group(1)))) {
                missing.add(named.group());
            }
        }
        assertEquals(List.of(), missing);
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "server/SECURITY.md"})
    void thereAreSome(String document) throws IOException {
        assertTrue(found(TEST, Files.readString(ROOT.resolve(document))).size() >= 10);
    }

    private static List<MatchResult> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList();
    }

    private static Map<String, Path> tests() throws IOException {
        try (Stream<Path> walk = Files.walk(Path.of("src", "test", "java"))) {
            return walk.filter(path -> path.toString().endsWith(".java"))
                    .collect(Collectors.toMap(
                            path -> path.getFileName().toString().replace(".java", ""), Function.identity()));
        }
    }
}
