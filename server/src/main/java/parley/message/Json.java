package parley.message;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Strict JSON (RFC 8259) in, compact JSON out. Gson checks the syntax; values that are only carried are cut out of the
 * text as they stand, never parsed into a tree and printed again. Stateless.
 */
public final class Json {

    /** Deep enough for any envelope, shallow enough that no reader recurses far. Beyond it: {@code bad_json}. */
    private static final int MAX_DEPTH = 32;

    private static final Pattern PLACE = Pattern.compile("line (\\d+) column (\\d+)");

    private Json() {}

    /** The members of the object that {@code text} is. */
    public static Fields object(String text) throws Problem {
        check(text);
        if (first(text) != '{') {
            throw Problem.bad(
                    "bad_json", "The JSON must be an object, like {\"userId\":\"42\",\"message\":\"hello\"}.");
        }
        return new Fields(new JsonScanner(text).members());
    }

    /** The elements of the array that {@code text} is, each as its exact JSON text. */
    public static List<String> array(String text) throws Problem {
        check(text);
        if (first(text) != '[') {
            throw Problem.bad("bad_json", "The JSON must be an array.");
        }
        return elements(text);
    }

    /** The first character that is not white space, or 0. */
    public static char first(String text) {
        int at = JsonScanner.skipSpace(text, 0);
        return at < text.length() ? text.charAt(at) : 0;
    }

    /** The elements of the array that the valid JSON text {@code raw} is, each as its text. */
    static List<String> elements(String raw) {
        return new JsonScanner(raw).elements();
    }

    /** What the checked JSON string {@code raw} spells. */
    static String unquote(String raw) {
        String text = raw.substring(1, raw.length() - 1);
        if (raw.indexOf('\\') >= 0) {
            try {
                text = reader(raw).nextString();
            } catch (IOException e) {
                throw new AssertionError("unchecked JSON", e);
            }
        }
        return text;
    }

    private static void check(String text) throws Problem {
        JsonReader reader = reader(text);
        try {
            checkValue(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw Problem.bad("bad_json", "The JSON goes on after its end.");
            }
        } catch (IOException e) {
            String why = String.valueOf(e.getMessage());
            if (why.contains("Nesting limit")) {
                throw Problem.bad("too_deep", "The JSON is nested more than " + MAX_DEPTH + " deep.");
            }
            if (why.contains("Unpaired surrogate")) {
                throw Problem.bad("bad_text", "A string has half a surrogate pair, which UTF-8 cannot carry.");
            }
            throw Problem.bad("bad_json", "This is not JSON" + place(e.getMessage()) + ".");
        }
    }

    private static void checkValue(JsonReader reader) throws IOException, Problem {
        switch (reader.peek()) {
            case BEGIN_OBJECT -> {
                Set<String> names = new HashSet<>();
                reader.beginObject();
                while (reader.hasNext()) {
                    if (!names.add(reader.nextName())) {
                        throw Problem.bad(
                                "bad_json", "A name stands twice in one JSON object" + place(reader.toString()) + ".");
                    }
                    checkValue(reader);
                }
                reader.endObject();
            }
            case BEGIN_ARRAY -> {
                reader.beginArray();
                while (reader.hasNext()) {
                    checkValue(reader);
                }
                reader.endArray();
            }
            case STRING, NUMBER -> reader.nextString();
            default -> reader.skipValue();
        }
    }

    private static String place(String words) {
        Matcher place = PLACE.matcher(words == null ? "" : words);
        return place.find() ? ": line " + place.group(1) + ", column " + place.group(2) : "";
    }

    private static JsonReader reader(String text) {
        JsonReader reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(MAX_DEPTH);
        return reader;
    }

    /** {@code text} as a JSON string. */
    public static String quote(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        quote(out, text);
        return out.toString();
    }

    /** The array of these elements, each JSON text already. */
    public static String arrayOf(Stream<String> elements) {
        return elements.collect(Collectors.joining(",", "[", "]"));
    }

    private static void quote(StringBuilder out, String text) {
        out.append('"');
        int done = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c != '"' && c != '\\') {
                continue;
            }
            out.append(text, done, i);
            done = i + 1;
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> out.append("\\u").append(String.format("%04x", (int) c));
            }
        }
        out.append(text, done, text.length()).append('"');
    }

    /** Members of a checked object, in order, each value as its exact JSON text. */
    public static final class Fields {

        private final Map<String, String> raw;

        private Fields(Map<String, String> raw) {
            this.raw = raw;
        }

        public Map<String, String> raw() {
            return raw;
        }

        /** The JSON text of a member, or null when it is absent or null. */
        public String raw(String name) {
            String value = raw.get(name);
            return "null".equals(value) ? null : value;
        }

        public boolean has(String name) {
            return raw.containsKey(name);
        }

        /** A string member, or null when it is absent or null; anything else is a problem. */
        public String text(String name) throws Problem {
            String value = raw(name);
            if (value == null) {
                return null;
            }
            if (value.charAt(0) != '"') {
                throw Problem.bad("bad_value", "'" + name + "' must be a string.");
            }
            return unquote(value);
        }

        /** A member that may be written as a string, a number or a boolean, as its text; or null. */
        public String scalar(String name) throws Problem {
            String value = raw(name);
            if (value == null || value.charAt(0) == '"') {
                return text(name);
            }
            if (value.charAt(0) == '{' || value.charAt(0) == '[') {
                throw Problem.bad("bad_value", "'" + name + "' must be a string.");
            }
            return value;
        }

        /** An array of strings, empty when absent. */
        public List<String> texts(String name) throws Problem {
            for (String element : array(name)) {
                if (element.charAt(0) != '"') {
                    throw Problem.bad("bad_value", "'" + name + "' must be an array of strings.");
                }
            }
            return scalars(name);
        }

        /** An array of strings, numbers or booleans, each as its text; empty when absent. */
        public List<String> scalars(String name) throws Problem {
            List<String> texts = new ArrayList<>();
            for (String element : array(name)) {
                if ("{[n".indexOf(element.charAt(0)) >= 0) {
                    throw Problem.bad("bad_value", "'" + name + "' must be an array of strings.");
                }
                texts.add(element.charAt(0) == '"' ? unquote(element) : element);
            }
            return texts;
        }

        private List<String> array(String name) throws Problem {
            String value = raw(name);
            if (value == null) {
                return List.of();
            }
            if (value.charAt(0) != '[') {
                throw Problem.bad("bad_value", "'" + name + "' must be an array of strings.");
            }
            return elements(value);
        }

        /** An object of strings, empty when absent. */
        public Map<String, String> textMap(String name) throws Problem {
            String value = raw(name);
            if (value == null) {
                return Map.of();
            }
            if (value.charAt(0) != '{') {
                throw Problem.bad("bad_value", "'" + name + "' must be an object of strings.");
            }
            Fields fields = new Fields(new JsonScanner(value).members());
            Map<String, String> texts = new LinkedHashMap<>();
            for (String key : fields.raw.keySet()) {
                String text = fields.text(key);
                if (text != null) {
                    texts.put(key, text);
                }
            }
            return texts;
        }
    }

    /** Writes one object, members in the order of the calls; a null value leaves its member out. */
    public static final class Out {

        private final StringBuilder out = new StringBuilder(192).append('{');

        public Out put(String name, String text) {
            if (text != null) {
                name(name);
                quote(out, text);
            }
            return this;
        }

        public Out put(String name, long number) {
            name(name).append(number);
            return this;
        }

        public Out put(String name, boolean value) {
            name(name).append(value);
            return this;
        }

        public Out put(String name, Position position) {
            if (position != null) {
                name(name)
                        .append('"')
                        .append(position.epoch())
                        .append('-')
                        .append(position.offset())
                        .append('"');
            }
            return this;
        }

        /** A number, or {@code null} written out: unlike the others, this member is never left out. */
        public Out putNullable(String name, Long number) {
            name(name).append(number);
            return this;
        }

        /** A member whose value is JSON text already. */
        public Out raw(String name, String json) {
            if (json != null) {
                name(name).append(json);
            }
            return this;
        }

        public String end() {
            return out.append('}').toString();
        }

        private StringBuilder name(String name) {
            if (out.length() > 1) {
                out.append(',');
            }
            quote(out, name);
            return out.append(':');
        }
    }
}
