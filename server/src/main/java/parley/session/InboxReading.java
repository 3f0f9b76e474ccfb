package parley.session;

import java.util.List;
import parley.broker.Broker;
import parley.message.Channel;
import parley.message.Position;

/**
 * One session's reading of its user's inbox: what it takes until the user counts as having a message. A v1 client says
 * so. A plain one answers a ping, which carries the position of the last message that was handed to the transport before
 * it: TCP keeps their order. A stream, whose client says nothing, has what the operating system took. Thread-safe.
 */
final class InboxReading {

    final Channel.User channel;
    private final ClientSession session;
    private final Broker broker; // null when the inbox stays where it is
    private volatile Position handedOver; // the last of the channel's messages that went to the transport

    /** @param broker whose cursor rises; null when what this session reads does not count */
    InboxReading(ClientSession session, Broker broker) {
        this.session = session;
        this.broker = broker;
        this.channel = new Channel.User(session.identity().user());
    }

    /** The user has what stands up to {@code position}. */
    void read(Position position) {
        Subscription own = session.subscription(channel);
        if (own != null) {
            own.confirmed(position);
        }
        if (broker != null) {
            broker.acked(channel, position);
        }
    }

    /** Texts went to the transport; true when a message of the channel was among them, so that a ping is due soon. */
    boolean handedOver(List<Transport.Frame> frames) {
        Position position = last(frames);
        if (position == null) {
            return false;
        }
        handedOver = position;
        return true;
    }

    /** What the next ping carries. */
    String pingPayload() {
        Position position = handedOver;
        return position == null ? "" : position.toString();
    }

    /** The client answered a ping, or sent a pong of its own making. */
    void ponged(String payload) {
        Position confirmed = Position.parse(payload);
        Position sent = handedOver;
        if (confirmed != null
                && sent != null
                && confirmed.epoch().equals(sent.epoch())
                && confirmed.offset() <= sent.offset()) {
            read(confirmed);
        }
    }

    /** The operating system took what there is to a stream. */
    void written(List<Transport.Frame> frames) {
        Position position = last(frames);
        if (position != null) {
            read(position);
        }
    }

    /** Where the channel stands after these frames; null when they do not move it. */
    private Position last(List<Transport.Frame> frames) {
        for (int i = frames.size() - 1; i >= 0; i--) {
            if (frames.get(i) instanceof Transport.Text text
                    && text.last()
                    && text.out().isOf(channel)) {
                return text.out().position();
            }
        }
        return null;
    }
}
