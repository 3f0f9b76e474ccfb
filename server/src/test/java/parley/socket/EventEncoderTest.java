package parley.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import parley.message.Channel;
import parley.message.Position;
import parley.session.Outgoing;
import parley.session.Transport;

class EventEncoderTest {

    private static final Channel ANN = new Channel.User("ann");

    private final EventEncoder encoder = new EventEncoder();

    private static Outgoing out(Outgoing.Kind kind, String text, long offset) {
        return out(kind, text, ANN, offset);
    }

    private static Outgoing out(Outgoing.Kind kind, String text, Channel channel, long offset) {
        Position position = offset < 0 ? null : at(offset);
        return new Outgoing(kind, text.getBytes(StandardCharsets.UTF_8), channel, position, null);
    }

    private static Position at(long offset) {
        return new Position("Aaaaaaaa", offset);
    }

    private String encode(Transport.Frame... frames) {
        return new String(encoder.encode(List.of(frames)), StandardCharsets.UTF_8);
    }

    private static Transport.Text whole(Outgoing out) {
        return new Transport.Text(out, 0, out.bytes().length);
    }

    @ParameterizedTest
    @CsvSource({
        "'',            data: //",
        "a,             data: a//",
        "a/,            data: a/data: //",
        "/a,            data: /data: a//",
        "a//b,          data: a/data: /data: b//",
        "a<b,           data: a/data: b//",
        "a</b,          data: a/data: b//",
        "a<</b,         data: a/data: /data: b//",
        "a/<b,          data: a/data: /data: b//",
        "</,            data: /data: //",
        "é</日,          data: é/data: 日//",
    })
    void eachLineIsAField(String text, String event) {
        String raw = text.replace('/', '\n').replace('<', '\r');
        assertEquals(event.replace('/', '\n'), encode(whole(out(Outgoing.Kind.MESSAGE, raw, -1))));
    }

    @Test
    void startsAreOneIdAndGapsHaveAName() {
        String id = "id: " + EventId.print(Map.of(ANN, at(7))) + "\n";
        assertEquals(id + "\n", encode(whole(out(Outgoing.Kind.START, "", 3)), whole(out(Outgoing.Kind.START, "", 7))));
        assertEquals("event: gap\n" + id + "data: {}\n\n", encode(whole(out(Outgoing.Kind.GAP, "{}", 7))));
        assertEquals(":\n\n", encode(new Transport.Ping("")));
    }

    @Test
    void anIdNamesEveryChannelOfTheStream() {
        Channel news = new Channel.Topic("news");
        Map<Channel, Position> positions = new LinkedHashMap<>(Map.of(ANN, at(3)));
        positions.put(news, at(0));
        Transport.Text ann = whole(out(Outgoing.Kind.START, "", 3));
        assertEquals(
                "id: " + EventId.print(positions) + "\n\n", encode(ann, whole(out(Outgoing.Kind.START, "", news, 0))));
        positions.put(news, at(1));
        assertEquals(
                "id: " + EventId.print(positions) + "\ndata: a\n\n",
                encode(whole(out(Outgoing.Kind.MESSAGE, "a", news, 1))));
        positions.put(ANN, at(4));
        assertEquals(
                "id: " + EventId.print(positions) + "\ndata: b\n\n", encode(whole(out(Outgoing.Kind.MESSAGE, "b", 4))));
    }

    /** However a text is cut, its pieces are the event, and none is much longer than what it was made of. */
    @Test
    void piecesMakeTheSameEvent() {
        long seed = Long.getLong("parley.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int left = random.nextInt(40); left > 0; left--) {
                text.append("\n\rab\u00e9".charAt(random.nextInt(5)));
            }
            Outgoing message = out(Outgoing.Kind.MESSAGE, text.toString(), random.nextInt(3) - 1);
            String expected = encode(whole(message));
            StringBuilder pieces = new StringBuilder();
            int length = message.bytes().length;
            java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
            for (int from = 0; from < length || from == 0; ) {
                int to = Math.min(length, from + 1 + random.nextInt(8));
                byte[] piece = encoder.encode(List.of(new Transport.Text(message, from, to)));
                assertTrue(piece.length <= 7 * (to - from) + 100, "seed " + seed);
                all.writeBytes(piece);
                from = Math.max(to, 1);
            }
            assertEquals(expected, all.toString(StandardCharsets.UTF_8), "seed " + seed + ": " + pieces);
        }
    }
}
