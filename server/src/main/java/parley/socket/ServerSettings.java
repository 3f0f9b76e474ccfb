package parley.socket;

/**
 * Where the server listens.
 *
 * @param host a name or address of this machine; 0.0.0.0 or :: for all of them
 * @param port 0 for any free one
 */
public record ServerSettings(String host, int port) {}
