package parley.publish;

import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import parley.message.Problem;

/** {@code name=value&name=value} as in a query or a form body, percent-encoded strict UTF-8. */
final class Parameters {

    /** Far more than there are options; a body with more is not for us. */
    private static final int MAX_FIELDS = 1_000;

    private Parameters() {}

    /** All values by name, in order; a 400 {@code bad_query} when an escape is malformed or is not UTF-8. */
    static Map<String, List<String>> decode(String encoded) throws Problem {
        Map<String, List<String>> values = new LinkedHashMap<>();
        if (encoded == null || encoded.isEmpty()) {
            return values;
        }
        String[] pairs = encoded.split("&", MAX_FIELDS + 1);
        if (pairs.length > MAX_FIELDS) {
            throw Problem.bad("bad_query", "There are more than " + MAX_FIELDS + " parameters.");
        }
        for (String pair : pairs) {
            if (!pair.isEmpty()) {
                int equals = pair.indexOf('=');
                String name = text(equals < 0 ? pair : pair.substring(0, equals));
                String value = equals < 0 ? "" : text(pair.substring(equals + 1));
                values.computeIfAbsent(name, absent -> new ArrayList<>(1)).add(value);
            }
        }
        return values;
    }

    private static String text(String encoded) throws Problem {
        if (encoded.indexOf('%') < 0) {
            return encoded.indexOf('+') < 0 ? encoded : encoded.replace('+', ' ');
        }
        if (encoded.contains("%+")) { // the decoder of the JDK would read +1 as a number
            throw malformed();
        }
        try {
            // as bytes first: the decoder of the JDK would replace what is not UTF-8 in silence
            byte[] bytes = URLDecoder.decode(latin1(encoded), StandardCharsets.ISO_8859_1)
                    .getBytes(StandardCharsets.ISO_8859_1);
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (IllegalArgumentException | CharacterCodingException e) {
            throw malformed();
        }
    }

    private static Problem malformed() {
        return Problem.bad("bad_query", "A parameter is not percent-encoded UTF-8.");
    }

    /** Characters that somebody left unescaped, as their UTF-8 bytes. */
    private static String latin1(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }
}
