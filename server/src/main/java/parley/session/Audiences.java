package parley.session;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import parley.message.Channel;

/** Who listens to which channel: the index of all subscriptions of this server. An audience exists while it has members. */
final class Audiences {

    private final ConcurrentHashMap<Channel, Audience> byChannel = new ConcurrentHashMap<>();

    void add(Subscription subscription) {
        byChannel.compute(subscription.channel, (channel, audience) -> {
            Audience members = audience == null ? new Audience() : audience;
            members.add(subscription);
            return members;
        });
    }

    void remove(Subscription subscription) {
        byChannel.computeIfPresent(
                subscription.channel, (channel, audience) -> audience.remove(subscription) ? null : audience);
    }

    /** Null when nobody listens. */
    Audience of(Channel channel) {
        return byChannel.get(channel);
    }

    List<Subscription> members(Channel channel) {
        Audience audience = of(channel);
        return audience == null ? List.of() : audience.members();
    }

    /** Subscriptions of a channel, of sessions that are not greeted yet, too. */
    int size(Channel channel) {
        Audience audience = of(channel);
        return audience == null ? 0 : audience.size();
    }

    int online(Channel channel) {
        Audience audience = of(channel);
        return audience == null ? 0 : audience.online();
    }

    /** See {@link parley.broker.Broker.Sink#users}. */
    List<String> users(String after, int limit) {
        return byChannel.keySet().stream()
                .filter(Channel.User.class::isInstance)
                .map(channel -> ((Channel.User) channel).id())
                .filter(user -> after == null || user.compareTo(after) > 0)
                .sorted()
                .limit(limit)
                .toList();
    }

    /** Every channel that somebody listens to, with how many subscriptions. */
    Map<Channel, Integer> sizes() {
        Map<Channel, Integer> sizes = new HashMap<>(byChannel.size() * 2);
        byChannel.forEach((channel, audience) -> sizes.put(channel, audience.size()));
        return sizes;
    }

    int size() {
        return byChannel.size();
    }
}
