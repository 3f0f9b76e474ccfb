package parley.message;

import java.util.Map;

/** What the server sends to a {@code parley.v1} client. */
public sealed interface ServerFrame {

    Ping PING = new Ping();
    Pong PONG = new Pong();

    /** The frame as its JSON text. */
    String json();

    /**
     * How a channel starts in this session.
     *
     * @param position just before the next message to come
     * @param newest what comes at or below it is recovered history
     * @param recovered a position or cursor was known and nothing is missing
     * @param missed how many messages retention took; null when that cannot be known
     */
    record Start(Position position, Position newest, boolean recovered, Long missed) {
        private Json.Out into(Json.Out out) {
            return out.put("position", position)
                    .put("newest", newest)
                    .put("recovered", recovered)
                    .putNullable("missed", missed);
        }
    }

    /** @param heartbeat seconds between two {@code ping}s */
    record Welcome(String session, String user, int heartbeat, Map<Channel, Start> channels) implements ServerFrame {
        @Override
        public String json() {
            Json.Out starts = new Json.Out();
            channels.forEach((channel, start) ->
                    starts.raw(channel.toString(), start.into(new Json.Out()).end()));
            return type("welcome")
                    .put("session", session)
                    .put("user", user)
                    .put("heartbeat", heartbeat)
                    .raw("channels", starts.end())
                    .end();
        }
    }

    /** @param ack whether somebody waits for the client's ack */
    record Delivery(Message message, boolean ack) implements ServerFrame {
        @Override
        public String json() {
            Json.Out out = type("message")
                    .put("channel", message.channel().toString())
                    .put("position", message.position())
                    .put("id", message.id())
                    .put("time", message.time())
                    .put("sender", message.sender())
                    .put("reception", message.reception())
                    .put("flag", message.flag())
                    .raw("body", message.body().toJson());
            return (ack ? out.put("ack", true) : out).end();
        }
    }

    record Subscribed(String topic, Start start) implements ServerFrame {
        @Override
        public String json() {
            return start.into(type("subscribed").put("topic", topic)).end();
        }
    }

    record Unsubscribed(String topic) implements ServerFrame {
        @Override
        public String json() {
            return type("unsubscribed").put("topic", topic).end();
        }
    }

    /** Messages that retention took before they could be sent. */
    record Gap(Channel channel, Long missed, Position position) implements ServerFrame {
        @Override
        public String json() {
            return type("gap")
                    .put("channel", channel.toString())
                    .putNullable("missed", missed)
                    .put("position", position)
                    .end();
        }
    }

    record Sent(String ref, String id, int online) implements ServerFrame {
        @Override
        public String json() {
            return type("sent")
                    .put("ref", ref)
                    .put("id", id)
                    .put("online", online)
                    .end();
        }
    }

    record Failed(String ref, String code, String detail) implements ServerFrame {
        @Override
        public String json() {
            return type("error")
                    .put("ref", ref)
                    .put("code", code)
                    .put("detail", detail)
                    .end();
        }
    }

    record Ask(String ask, Body body, String flag) implements ServerFrame {
        @Override
        public String json() {
            return type("ask")
                    .put("ask", ask)
                    .raw("body", body.toJson())
                    .put("flag", flag)
                    .end();
        }
    }

    record Ping() implements ServerFrame {
        @Override
        public String json() {
            return type("ping").end();
        }
    }

    record Pong() implements ServerFrame {
        @Override
        public String json() {
            return type("pong").end();
        }
    }

    /** @param in milliseconds from this frame after which the client may come back */
    record Reconnect(long in) implements ServerFrame {
        @Override
        public String json() {
            return type("reconnect").put("in", in).end();
        }
    }

    private static Json.Out type(String type) {
        return new Json.Out().put("type", type);
    }
}
