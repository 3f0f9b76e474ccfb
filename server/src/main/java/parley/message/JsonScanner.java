package parley.message;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Walks over text that is known to be valid JSON and cuts values out of it, as they stand. For one thread. */
final class JsonScanner {

    private final String text;
    private int at;

    JsonScanner(String text) {
        this.text = text;
    }

    Map<String, String> members() {
        Map<String, String> members = new LinkedHashMap<>();
        at = skipSpace(text, at) + 1;
        while (text.charAt(at = skipSpace(text, at)) != '}') {
            String name = Json.unquote(value());
            at = skipSpace(text, at) + 1;
            members.put(name, value());
            comma();
        }
        return members;
    }

    List<String> elements() {
        List<String> elements = new ArrayList<>();
        at = skipSpace(text, at) + 1;
        while (text.charAt(at = skipSpace(text, at)) != ']') {
            elements.add(value());
            comma();
        }
        return elements;
    }

    private void comma() {
        at = skipSpace(text, at);
        if (text.charAt(at) == ',') {
            at++;
        }
    }

    /** The value that starts here, after white space; leaves {@code at} behind it. */
    private String value() {
        int start = at = skipSpace(text, at);
        switch (text.charAt(at)) {
            case '"' -> skipString();
            case '{', '[' -> skipNested();
            default -> {
                while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) {
                    at++;
                }
            }
        }
        return text.substring(start, at);
    }

    private void skipNested() {
        int depth = 0;
        do {
            switch (text.charAt(at)) {
                case '"' -> {
                    skipString();
                    continue;
                }
                case '{', '[' -> depth++;
                case '}', ']' -> depth--;
                default -> {}
            }
            at++;
        } while (depth > 0);
    }

    private void skipString() {
        at++;
        while (text.charAt(at) != '"') {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        at++;
    }

    static int skipSpace(String text, int from) {
        int at = from;
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        return at;
    }
}
