package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Foreign scripts in the pages are what their authors published, byte for byte. */
class VendoredTest {

    private static final Path UPLOT = Path.of("src/main/resources/static/vendor/uplot-1.6.32");

    @Test
    void uPlotIsTheFilesOfItsPackage() throws IOException, NoSuchAlgorithmException {
        Map<String, String> expected = new TreeMap<>();
        for (String line : Files.readAllLines(UPLOT.resolve("SHA256SUMS"))) {
            expected.put(line.substring(66), line.substring(0, 64));
        }
        List<Path> files;
        try (Stream<Path> all = Files.list(UPLOT)) {
            files = all.filter(file -> !file.endsWith("SHA256SUMS") && !file.endsWith("README.md"))
                    .toList();
        }
        Map<String, String> found = new TreeMap<>();
        for (Path file : files) {
            byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
            found.put(file.getFileName().toString(), HexFormat.of().formatHex(sum));
        }
        assertEquals(expected, found);
    }
}
