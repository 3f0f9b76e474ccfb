package parley.message;

/**
 * What a message says: text, or the text of a JSON value exactly as it was sent. Carried, never interpreted.
 *
 * @param content the text itself, or the JSON text
 * @param json whether {@code content} is JSON text (an object, array, number, boolean or null, never a string)
 */
public record Body(String content, boolean json) {

    public static Body text(String text) {
        return new Body(text, false);
    }

    /** The body that JSON text stands for: a JSON string is the text that it spells. The text must be valid JSON. */
    public static Body ofJson(String raw) throws Problem {
        return raw.startsWith("\"") ? new Body(Json.unquote(raw), false) : new Body(raw, true);
    }

    /** The JSON text of this body. */
    String toJson() {
        return json ? content : Json.quote(content);
    }
}
