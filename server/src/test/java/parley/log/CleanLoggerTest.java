package parley.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;

class CleanLoggerTest {

    private final Written written = new Written();
    private final CleanLogger log = new CleanLogger(written, new LineLimit(() -> 0));

    @Test
    void argumentsAreCleanedAndThePatternIsNot() {
        log.info("user {} sent {} characters", "a\nINFO forged", 12);
        log.warn("one {}", "{}\r");
        assertEquals(List.of("INFO user a\\u000aINFO forged sent 12 characters", "WARN one {}\\u000d"), written.lines);
    }

    @Test
    void aMessageThatALibraryPutTogetherIsForeignText() {
        log.warn("Bad header X: \n" + "x".repeat(8_000));
        assertTrue(written.lines.get(0).startsWith("WARN Bad header X: \\u000axxx"), written.lines.get(0));
        assertTrue(written.lines.get(0).length() < 300, written.lines.get(0));
    }

    /** Libraries put it into patterns, too. */
    @Test
    void aPatternMayHoldForeignText() {
        log.warn("Bad header X:\nINFO forged Bearer SECRET, of {}", "ann");
        assertEquals(List.of("WARN Bad header X:\\u000aINFO forged Bearer ..., of ann"), written.lines);
    }

    @Test
    void failuresSayWhereButNotWhatAClientSaid() {
        IOException cause = new IOException("no such user: \nINFO forged?token=SECRET");
        log.error("a request failed", new IllegalStateException("at Bearer SECRET", cause));
        StringWriter printed = new StringWriter();
        written.failures.get(0).printStackTrace(new PrintWriter(printed));
        String text = printed.toString();
        assertTrue(text.startsWith("java.lang.IllegalStateException: at Bearer ..."), text);
        assertTrue(text.contains("Caused by: java.io.IOException: no such user: \\u000aINFO forged?..."), text);
        assertTrue(text.contains("CleanLoggerTest.failuresSayWhere"), text);
        assertFalse(text.contains("SECRET") || text.lines().anyMatch(line -> line.startsWith("INFO")), text);
    }

    @Test
    void causesThatGoInCirclesEnd() {
        Exception one = new Exception("one");
        one.initCause(new Exception("two", one));
        log.error("circle", one);
        assertEquals("ERROR circle", written.lines.get(0));
    }

    @Test
    void aFloodIsCountedByItsPattern() {
        for (int i = 0; i < 1_000; i++) {
            log.error("failure {}", i, new Exception("number " + i));
        }
        assertEquals(LineLimit.BURST, written.lines.size());
    }

    /** Who asks for them wants all of them. */
    @Test
    void linesForDebuggingAreNotLimited() {
        for (int i = 0; i < 1_000; i++) {
            log.debug("frame {}", "a\nb");
        }
        assertEquals(1_000, written.lines.size());
        assertEquals("DEBUG frame a\\u000ab", written.lines.get(999));
        assertNull(written.failures.get(0));
    }

    private static final class Written extends LegacyAbstractLogger {
        private static final long serialVersionUID = 1;

        private final transient List<String> lines = new ArrayList<>();
        private final transient List<Throwable> failures = new ArrayList<>();

        Written() {
            name = "Written";
        }

        @Override
        protected void handleNormalizedLoggingCall(
                Level level, Marker marker, String message, Object[] arguments, Throwable failure) {
            assertNull(arguments);
            lines.add(level + " " + message);
            failures.add(failure);
        }

        @Override
        protected String getFullyQualifiedCallerName() {
            return null;
        }

        @Override
        public boolean isTraceEnabled() {
            return false;
        }

        @Override
        public boolean isDebugEnabled() {
            return true;
        }

        @Override
        public boolean isInfoEnabled() {
            return true;
        }

        @Override
        public boolean isWarnEnabled() {
            return true;
        }

        @Override
        public boolean isErrorEnabled() {
            return true;
        }
    }
}
