package parley.auth;

import parley.message.Problem;

/** Keeps count of wrong keys and tokens, so that nobody can try many. Thread-safe. */
public interface Guesses {

    Guesses UNCOUNTED = new Guesses() {
        @Override
        public void requireAnother(Caller caller) {}

        @Override
        public void wrong(Caller caller) {}
    };

    /**
     * A key or token is about to be looked at.
     *
     * @throws Problem 429 when this caller presented too many wrong ones lately
     */
    void requireAnother(Caller caller) throws Problem;

    /** It was none of ours. Not told of callers who present nothing. */
    void wrong(Caller caller);
}
