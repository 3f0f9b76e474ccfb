package parley.broker;

/** Runs something later: an argument, so that a test can decide when. Thread-safe. */
public interface Delays {

    /**
     * Runs {@code task} once after {@code millis} milliseconds, on a thread that must not be blocked.
     *
     * @return cancels it, if it has not run yet
     */
    Runnable after(long millis, Runnable task);
}
