package parley.log;

import java.util.concurrent.TimeUnit;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.simple.SimpleLoggerFactory;
import org.slf4j.simple.SimpleServiceProvider;

/**
 * The log of the whole process: slf4j-simple behind {@link CleanLogger}, so that every line, the libraries' too, is
 * cleaned and counted in one place, and whoever logs need not think of it.
 */
public final class LogProvider extends SimpleServiceProvider {

    private static final LineLimit LIMIT = new LineLimit(() -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));

    private ILoggerFactory loggers;

    /** Makes slf4j use this. To be called before the first logger is made. */
    public static void install() {
        System.setProperty("slf4j.provider", LogProvider.class.getName());
        System.setProperty("slf4j.internal.verbosity", "WARN"); // else it tells of the choice on standard error
    }

    /** Tells of the lines that floods which have ended left out. To be called every few seconds. */
    public static void tellLeftOut() {
        LIMIT.tellLeftOut();
    }

    @Override
    public void initialize() {
        super.initialize();
        loggers = new SimpleLoggerFactory() {
            @Override
            protected Logger createLogger(String name) {
                return new CleanLogger(super.createLogger(name), LIMIT);
            }
        };
    }

    @Override
    public ILoggerFactory getLoggerFactory() {
        return loggers;
    }
}
