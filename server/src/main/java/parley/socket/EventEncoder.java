package parley.socket;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import parley.message.Channel;
import parley.message.Position;
import parley.session.Outgoing;
import parley.session.Transport;

/**
 * Frames as the text of one event stream. Remembers what was written of each channel, for the ids, and where in a long
 * text it stands: a piece of a text becomes a piece of the event, at most seven times as long (when all of it is line
 * feeds). For one thread at a time.
 */
final class EventEncoder {

    private static final byte[] DATA = utf8("data: ");
    private static final byte[] COMMENT = utf8(":\n\n");

    private final Map<Channel, Position> positions = new LinkedHashMap<>(4); // what was written
    private boolean afterReturn; // the text that goes out has come to a carriage return

    byte[] encode(List<Transport.Frame> frames) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        for (int i = 0; i < frames.size(); i++) {
            if (!(frames.get(i) instanceof Transport.Text text)) {
                out.writeBytes(COMMENT);
            } else if (isStart(text) && i + 1 < frames.size() && isStart(frames.get(i + 1))) {
                positions.put(text.out().channel(), text.out().position());
            } else {
                add(text, out);
            }
        }
        return out.toByteArray();
    }

    private static boolean isStart(Transport.Frame frame) {
        return frame instanceof Transport.Text text && text.out().kind() == Outgoing.Kind.START;
    }

    /** An event, or the piece of one that is longer than a write. */
    private void add(Transport.Text text, ByteArrayOutputStream out) {
        Outgoing event = text.out();
        if (text.first()) {
            head(event, out);
        }
        data(event.bytes(), text.from(), text.to(), out);
        if (text.last()) {
            out.writeBytes(utf8(isStart(text) ? "\n" : "\n\n"));
        }
    }

    private void head(Outgoing event, ByteArrayOutputStream out) {
        if (event.kind() == Outgoing.Kind.GAP) {
            out.writeBytes(utf8("event: gap\n"));
        }
        if (event.position() != null) {
            positions.put(event.channel(), event.position());
            out.writeBytes(utf8("id: " + EventId.print(positions) + "\n"));
        }
        if (event.kind() != Outgoing.Kind.START) {
            out.writeBytes(DATA);
        }
        afterReturn = false;
    }

    /** Each line of the text is a {@code data} field; a client joins them with line feeds. */
    private void data(byte[] bytes, int from, int to, ByteArrayOutputStream out) {
        int start = from;
        for (int i = from; i < to; i++) {
            byte c = bytes[i];
            if (c == '\n' && afterReturn) {
                start = i + 1; // one end of a line, not two
            } else if (c == '\n' || c == '\r') {
                out.write(bytes, start, i - start);
                out.write('\n');
                out.writeBytes(DATA);
                start = i + 1;
            }
            afterReturn = c == '\r';
        }
        out.write(bytes, start, to - start);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
