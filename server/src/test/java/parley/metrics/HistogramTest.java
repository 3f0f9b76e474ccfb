package parley.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HistogramTest {

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "2, 2", "4, 3", "5, 4", "99, 11", "100, 12", "59999, 20", "60000, 21", "900000, 21"})
    void aClassEndsBeforeItsEnd(long millis, int place) {
        Histogram histogram = new Histogram();
        histogram.record(millis);
        List<Long> expected = new ArrayList<>(Collections.nCopies(Histogram.ENDS.size() + 1, 0L));
        expected.set(place, 1L);
        assertEquals(expected, histogram.counts());
    }
}
