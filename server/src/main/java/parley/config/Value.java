package parley.config;

import java.util.ArrayList;
import java.util.List;

/**
 * What a setting was set to.
 *
 * @param texts empty when nobody set it and it has no standard
 * @param origin how the user wrote it, for error messages
 */
record Value(List<String> texts, String origin) {

    static Value of(Setting setting, String text, String origin) {
        List<String> texts = new ArrayList<>();
        for (String part : setting.repeatable() ? text.split(",") : new String[] {text}) {
            if (!part.isBlank() || !setting.repeatable()) {
                texts.add(part.strip());
            }
        }
        return new Value(texts, origin);
    }

    /** The one text, or null. */
    String text() {
        return texts.isEmpty() ? null : texts.get(texts.size() - 1);
    }

    int number(int least, int most) throws ConfigLoader.Misconfigured {
        if (text().matches("\\d{1,9}")) {
            int number = Integer.parseInt(text());
            if (number >= least && number <= most) {
                return number;
            }
        }
        throw new ConfigLoader.Misconfigured(
                origin + " must be a number from " + least + " to " + most + ", not '" + text() + "'.");
    }

    boolean yes() throws ConfigLoader.Misconfigured {
        if (!text().equals("true") && !text().equals("false")) {
            throw new ConfigLoader.Misconfigured(origin + " must be true or false, not '" + text() + "'.");
        }
        return text().equals("true");
    }

    interface Reading<T> {
        T of(String text) throws Exception;
    }

    <T> T read(Reading<T> reading) throws ConfigLoader.Misconfigured {
        return read(text(), reading);
    }

    <T> List<T> readAll(Reading<T> reading) throws ConfigLoader.Misconfigured {
        List<T> all = new ArrayList<>();
        for (String text : texts) {
            all.add(read(text, reading));
        }
        return all;
    }

    private <T> T read(String text, Reading<T> reading) throws ConfigLoader.Misconfigured {
        try {
            return reading.of(text);
        } catch (Exception malformed) {
            throw new ConfigLoader.Misconfigured(origin + ": " + malformed.getMessage());
        }
    }
}
