package parley.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class DescriptorsTest {

    @Test
    void theSoftLimitCounts() {
        List<String> lines = List.of(
                "Limit                     Soft Limit           Hard Limit           Units     ",
                "Max processes             257000               257000               processes ",
                "Max open files            20000                1048576              files     ");
        assertEquals(20_000, Descriptors.limit(lines));
        assertEquals(0, Descriptors.limit(List.of("Max open files            unlimited            unlimited   files")));
        assertEquals(0, Descriptors.limit(List.of("")));
    }

    @Test
    void linuxSaysIt() {
        assumeTrue(Files.exists(Path.of("/proc/self/limits")), "there is no /proc/self/limits: this is not Linux");
        assertTrue(Descriptors.limit() > 0);
    }
}
