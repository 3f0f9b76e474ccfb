package parley.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import parley.message.Json;

/**
 * The rows of a long list that one answer shows, for somebody who pages through it.
 *
 * @param total how many there are in all pages
 * @param next where the next page begins, or null when this is the last
 */
record Rows<T>(List<T> rows, int total, String next) {

    /**
     * The first {@code limit} of those wanted.
     *
     * @param begun whether the page has begun at a row: true for it and all that follow
     * @param cursor what tells a row's place to the next page
     */
    static <T> Rows<T> of(
            List<T> sorted, Predicate<T> wanted, Predicate<T> begun, Function<T, String> cursor, int limit) {
        List<T> rows = new ArrayList<>();
        int total = 0;
        boolean more = false;
        for (T row : sorted) {
            if (wanted.test(row)) {
                total++;
                if (rows.size() == limit) {
                    more = true;
                } else if (begun.test(row)) {
                    rows.add(row);
                }
            }
        }
        return new Rows<>(rows, total, more ? cursor.apply(rows.get(limit - 1)) : null);
    }

    /** @param name of the member with the rows */
    String json(String name, List<String> rowsJson) {
        return new Json.Out()
                .raw(name, Json.arrayOf(rowsJson.stream()))
                .put("total", total)
                .raw("next", next == null ? "null" : Json.quote(next))
                .end();
    }
}
