package parley.log;

import org.slf4j.Logger;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/**
 * Cleans what it passes on to another logger: each argument is foreign text, and so is the message itself when a library
 * has put it together. Lines of one pattern are one kind; see {@link LineLimit}. Lines below info are written only by
 * who asks for them, and so are not limited.
 */
final class CleanLogger extends LegacyAbstractLogger {

    private static final long serialVersionUID = 1;

    /** Of a pattern: enough to tell ours apart. */
    private static final int KIND_CHARS = 128;

    private final transient Logger out;
    private final transient LineLimit limit;

    CleanLogger(Logger out, LineLimit limit) {
        this.name = out.getName();
        this.out = out;
        this.limit = limit;
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level, Marker marker, String pattern, Object[] arguments, Throwable failure) {
        if (level.compareTo(Level.INFO) > 0) { // the lower, the greater
            write(level, line(pattern, arguments), told(failure));
        } else {
            limit.write(
                    kind(pattern),
                    after -> write(level, line(pattern, arguments) + after, told(failure)),
                    count -> write(level, leftOut(count, line(pattern, arguments)), null));
        }
    }

    private static Throwable told(Throwable failure) {
        return failure == null ? null : new ToldFailure(failure);
    }

    private String kind(String pattern) {
        String start = String.valueOf(pattern);
        return name + ' ' + start.substring(0, Math.min(start.length(), KIND_CHARS));
    }

    private static String line(String pattern, Object[] arguments) {
        if (arguments == null || arguments.length == 0) {
            return Foreign.clean(String.valueOf(pattern));
        }
        Object[] cleaned = new Object[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            cleaned[i] = Foreign.clean(arguments[i]);
        }
        return MessageFormatter.basicArrayFormat(Foreign.cleanLong(pattern), cleaned);
    }

    private static String leftOut(long count, String example) {
        return count + " lines were left out that are like this one: " + example;
    }

    private void write(Level level, String line, Throwable failure) {
        switch (level) {
            case ERROR -> out.error(line, failure);
            case WARN -> out.warn(line, failure);
            case INFO -> out.info(line, failure);
            case DEBUG -> out.debug(line, failure);
            case TRACE -> out.trace(line, failure);
        }
    }

    @Override
    protected String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    public boolean isTraceEnabled() {
        return out.isTraceEnabled();
    }

    @Override
    public boolean isDebugEnabled() {
        return out.isDebugEnabled();
    }

    @Override
    public boolean isInfoEnabled() {
        return out.isInfoEnabled();
    }

    @Override
    public boolean isWarnEnabled() {
        return out.isWarnEnabled();
    }

    @Override
    public boolean isErrorEnabled() {
        return out.isErrorEnabled();
    }
}
