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
 * comes and goes between two looks is not announced at all. What cannot be published is said later, if it still holds.
 */
final class Presence {

    /** Looks, a second of them: a full disk is not asked at each look for every user. */
    private static final int PAUSE = 1_000 / Wheel.TICK_MILLIS;

    private final Set<String> changed = ConcurrentHashMap.newKeySet(); // users who perhaps came or went
    private final Set<String> announced = ConcurrentHashMap.newKeySet(); // users who are online, by the events
    private final Audiences audiences;
    private final Broker broker;
    private volatile int pause; // looks to leave out, because an event could not be published

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
        if (pause > 0) {
            pause--;
            return;
        }
        for (String user : changed) {
            changed.remove(user);
            boolean online = audiences.online(new Channel.User(user)) > 0;
            if (isNews(user, online)) {
                String body =
                        new Json.Out().put("user", user).put("online", online).end();
                broker.publish(Draft.of(Channel.EVENTS, null, null, null, new Body(body, true)))
                        .whenComplete((receipt, failure) -> {
                            if (failure != null) { // nobody was told: as if it had not been said, and again later
                                isNews(user, !online);
                                changed.add(user);
                                pause = PAUSE;
                            }
                        });
            }
        }
    }

    /** Whether this is not what the events said last; from now on it is. */
    private boolean isNews(String user, boolean online) {
        return online ? announced.add(user) : announced.remove(user);
    }
}
