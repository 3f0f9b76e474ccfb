package parley.auth;

/**
 * Whose connection it is.
 *
 * @param user canonical id, or null for a back end that listens to the events
 */
public record Identity(String user) {

    public static final Identity BACK_END = new Identity(null);
}
