package parley.session;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import parley.broker.Broker;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Json;

/**
 * Tells the back ends which users came and went: compares who is online with what was last announced, so that whoever
 * comes and goes between two looks is not announced at all.
 */
final class Presence {

    private final Set<String> changed = ConcurrentHashMap.newKeySet(); // users who perhaps came or went
    private final Set<String> announced = ConcurrentHashMap.newKeySet(); // users who are online, by the events
    private final Audiences audiences;
    private final Broker broker;

    Presence(Audiences audiences, Broker broker) {
        this.audiences = audiences;
        this.broker = broker;
    }

    /** The session's user perhaps came or went; the next {@link #announce} finds out. From any thread. */
    void cameOrWent(ClientSession session) {
        if (session.identity().user() != null) {
            changed.add(session.identity().user());
        }
    }

    /** For one thread at a time. */
    void announce() {
        for (String user : changed) {
            changed.remove(user);
            boolean online = audiences.online(new Channel.User(user)) > 0;
            if (online ? announced.add(user) : announced.remove(user)) {
                String body =
                        new Json.Out().put("user", user).put("online", online).end();
                broker.publish(Draft.of(Channel.EVENTS, null, null, null, new Body(body, true)));
            }
        }
    }
}
