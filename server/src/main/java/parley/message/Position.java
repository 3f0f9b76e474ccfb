package parley.message;

import java.util.function.IntUnaryOperator;
import java.util.random.RandomGenerator;

/**
 * A place in one channel's stream. Under one epoch no offset is ever given twice; offset 0 is before the first message.
 * Prints as {@code epoch-offset}.
 *
 * @param epoch 8 letters and digits, drawn when the channel's entry was made
 * @param offset grows by one for each stored message
 */
public record Position(String epoch, long offset) {

    private static final int EPOCH_LENGTH = 8;
    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    @Override
    public String toString() {
        return epoch + '-' + offset;
    }

    /** The position that prints as {@code text}, or null when it is not of that form. */
    public static Position parse(String text) {
        int length = text.length();
        if (length < EPOCH_LENGTH + 2 || length > EPOCH_LENGTH + 20 || text.charAt(EPOCH_LENGTH) != '-') {
            return null;
        }
        for (int i = 0; i < EPOCH_LENGTH; i++) {
            if (ALPHABET.indexOf(text.charAt(i)) < 0) {
                return null;
            }
        }
        for (int i = EPOCH_LENGTH + 1; i < length; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return null;
            }
        }
        try {
            return new Position(text.substring(0, EPOCH_LENGTH), Long.parseLong(text, EPOCH_LENGTH + 1, length, 10));
        } catch (NumberFormatException tooLarge) {
            return null;
        }
    }

    /** A new epoch, drawn from {@code random}. */
    public static String newEpoch(RandomGenerator random) {
        return epoch(place -> random.nextInt(ALPHABET.length()));
    }

    /** The epoch that these numbers stand for: one, not negative, for each of its {@value #EPOCH_LENGTH} places. */
    public static String epoch(IntUnaryOperator numbers) {
        StringBuilder epoch = new StringBuilder(EPOCH_LENGTH);
        for (int place = 0; place < EPOCH_LENGTH; place++) {
            epoch.append(ALPHABET.charAt(numbers.applyAsInt(place) % ALPHABET.length()));
        }
        return epoch.toString();
    }
}
