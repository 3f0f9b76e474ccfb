package parley.message;

/**
 * Where messages are ordered: one index, one history and one replay for all four kinds. Names are canonical already
 * ({@code auth.UserId}); a channel prints as on the wire: {@code user:42}, {@code topic:news}, {@code everyone},
 * {@code events}.
 */
public sealed interface Channel {

    Channel EVERYONE = new Everyone();
    Channel EVENTS = new Events();

    /** All sessions of one user; its history is the user's inbox. */
    record User(String id) implements Channel {
        @Override
        public String toString() {
            return "user:" + id;
        }
    }

    /** All sessions that subscribed to one topic. */
    record Topic(String name) implements Channel {
        @Override
        public String toString() {
            return "topic:" + name;
        }
    }

    /** Every session of every user. */
    record Everyone() implements Channel {
        @Override
        public String toString() {
            return "everyone";
        }
    }

    /** What back ends listen to: clients' messages to nobody in particular, comings and goings. */
    record Events() implements Channel {
        @Override
        public String toString() {
            return "events";
        }
    }

    /** The channel that prints as {@code text}, or null; does not judge the name in it. */
    static Channel parse(String text) {
        if (text.startsWith("user:")) {
            return new User(text.substring(5));
        }
        if (text.startsWith("topic:")) {
            return new Topic(text.substring(6));
        }
        return switch (text) {
            case "everyone" -> EVERYONE;
            case "events" -> EVENTS;
            default -> null;
        };
    }
}
