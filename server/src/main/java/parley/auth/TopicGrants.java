package parley.auth;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import parley.message.Problem;

/**
 * The topics that somebody may subscribe and send to. Immutable.
 *
 * @param names exactly these
 * @param prefixes all that begin so and go on
 */
public record TopicGrants(Set<String> names, List<String> prefixes) {

    public static final TopicGrants ALL = new TopicGrants(Set.of(), List.of(""));
    public static final TopicGrants NONE = new TopicGrants(Set.of(), List.of());

    /**
     * @param patterns names, or beginnings of names with a {@code *} at the end: {@code news.*}
     * @throws Problem when one could never be a topic's name
     */
    static TopicGrants of(List<String> patterns) throws Problem {
        Set<String> names = new HashSet<>();
        List<String> prefixes = new ArrayList<>();
        for (String pattern : patterns) {
            if (pattern.equals("*")) {
                prefixes.add("");
            } else if (pattern.endsWith("*")) {
                prefixes.add(UserId.topic(pattern.substring(0, pattern.length() - 1)));
            } else {
                names.add(UserId.topic(pattern));
            }
        }
        return new TopicGrants(Set.copyOf(names), List.copyOf(prefixes));
    }

    /** @param topic in its canonical form */
    public boolean cover(String topic) {
        return names.contains(topic)
                || prefixes.stream().anyMatch(prefix -> topic.length() > prefix.length() && topic.startsWith(prefix));
    }
}
