package parley.message;

import java.util.List;

/**
 * A piece of one channel's past: every offset in ({@code from}, {@code through}] is in {@code messages} or gone for
 * good.
 *
 * @param epoch the channel's epoch; where it is not the asked one, the page starts at the oldest kept message
 * @param messages in order, all above {@code from}
 * @param from the asked offset, or the one before the oldest kept where retention took what followed the asked one
 * @param through how far this page reaches; under the asked epoch never above what was asked for
 * @param newest the highest delivered offset when the page was read
 * @param missed how many offsets lie between the asked one and {@code from}; null when the epoch is another one
 */
public record Page(String epoch, List<Message> messages, long from, long through, long newest, Long missed) {}
