package parley.message;

/**
 * How a channel stands at one moment.
 *
 * @param epoch the channel's epoch
 * @param top the highest delivered offset
 * @param oldest the offset of the oldest kept message, {@code top + 1} when none is kept
 * @param cursor up to where the user of a user channel has read, null when nobody ever moved it
 */
public record Standing(String epoch, long top, long oldest, Long cursor) {}
