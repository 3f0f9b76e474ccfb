package parley.socket;

import java.util.List;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import parley.message.Problem;

/**
 * What RFC 6455 demands of a handshake and Jetty lets pass. Whoever breaks it is no WebSocket client, and is told by a
 * status even when it offers {@code parley.v1}.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1">RFC 6455, section 4.2.1</a>
 */
final class StrictHandshake {

    /** Sixteen bytes in base64. */
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9+/]{21}[AQgw]==");

    /** Of subprotocols, and of extensions; browsers offer one or two. Beyond it: 400. */
    private static final int MAX_OFFERS = 16;

    private StrictHandshake() {}

    static void require(HttpFields headers) throws Problem {
        List<String> keys = headers.getValuesList(HttpHeader.SEC_WEBSOCKET_KEY);
        if (keys.size() != 1 || !KEY.matcher(keys.get(0)).matches()) {
            throw Problem.bad("bad_handshake", "There must be one Sec-WebSocket-Key of 16 bytes in base64.");
        }
        if (headers.getValuesList(HttpHeader.SEC_WEBSOCKET_VERSION).size() != 1) {
            throw Problem.bad("bad_handshake", "There must be one Sec-WebSocket-Version, which is 13.");
        }
        if (headers.getLongField(HttpHeader.CONTENT_LENGTH) > 0 || headers.contains(HttpHeader.TRANSFER_ENCODING)) {
            throw Problem.bad("bad_handshake", "A handshake has no body: it would be taken for frames.");
        }
        for (HttpHeader offers : List.of(HttpHeader.SEC_WEBSOCKET_EXTENSIONS, HttpHeader.SEC_WEBSOCKET_SUBPROTOCOL)) {
            if (headers.getCSV(offers, true).size() > MAX_OFFERS) {
                throw Problem.bad("bad_handshake", "There may be " + MAX_OFFERS + " offers in " + offers + " at most.");
            }
        }
    }
}
