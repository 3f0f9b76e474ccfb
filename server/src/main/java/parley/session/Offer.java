package parley.session;

/** What became of something offered to an Outbox. */
sealed interface Offer {

    /** It will be written. */
    Offer ACCEPTED = new Plain();

    /** The session is closed. */
    Offer CLOSED = new Plain();

    /** It does not fit now. */
    Offer OVERFLOW = new Plain();

    /** It will be written, and took the place of an older message of the same collapse name. */
    record Replaced(Outgoing displaced) implements Offer {}

    final class Plain implements Offer {
        private Plain() {}
    }

    default boolean taken() {
        return this == ACCEPTED || this instanceof Replaced;
    }
}
