package parley.socket;

import java.nio.file.Path;

/**
 * How clients come by TLS.
 *
 * @param certificate PEM; the server's own certificate first, then those that vouch for it
 * @param key PEM, not encrypted
 */
public record TlsSettings(Path certificate, Path key) {}
