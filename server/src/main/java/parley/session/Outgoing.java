package parley.session;

import java.nio.charset.StandardCharsets;
import parley.message.Channel;
import parley.message.Message;
import parley.message.Position;
import parley.message.ServerFrame;

/**
 * One text to be written, encoded once and shared by all sessions of a wire mode.
 *
 * @param bytes UTF-8; never changed
 * @param channel null for a frame that belongs to no channel
 * @param position where the client stands once it has this; null when it moves nothing
 * @param collapse see {@link Message#collapse}
 */
public record Outgoing(Kind kind, byte[] bytes, Channel channel, Position position, String collapse) {

    public enum Kind {
        MESSAGE,
        GAP,
        /** Where a channel starts; no text, for streams only. */
        START,
        FRAME
    }

    static Outgoing start(Channel channel, Position position) {
        return new Outgoing(Kind.START, new byte[0], channel, position, null);
    }

    static Outgoing frame(ServerFrame frame) {
        return frame(frame.json());
    }

    static Outgoing frame(String json) {
        return new Outgoing(Kind.FRAME, utf8(json), null, null, null);
    }

    static Outgoing gap(ServerFrame.Gap gap) {
        return new Outgoing(Kind.GAP, utf8(gap.json()), gap.channel(), gap.position(), null);
    }

    /** Whether it is a message with a place in this channel. */
    boolean isOf(Channel its) {
        return kind == Kind.MESSAGE && position != null && channel.equals(its);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** One message in all the forms that somebody asked for. For one thread at a time. */
    static final class Forms {
        final Message message;
        private Outgoing plain;
        private Outgoing json;
        private Outgoing asking;

        Forms(Message message) {
            this.message = message;
        }

        /** @param ack whether somebody waits for the client's ack */
        Outgoing of(Mode mode, boolean ack) {
            if (ack) {
                return asking == null ? asking = form(new ServerFrame.Delivery(message, true).json()) : asking;
            }
            if (mode.json()) {
                return json == null ? json = form(new ServerFrame.Delivery(message, false).json()) : json;
            }
            return plain == null ? plain = form(message.plain()) : plain;
        }

        private Outgoing form(String text) {
            return new Outgoing(Kind.MESSAGE, utf8(text), message.channel(), message.position(), message.collapse());
        }
    }
}
