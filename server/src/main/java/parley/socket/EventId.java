package parley.socket;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import parley.auth.UserId;
import parley.message.Channel;
import parley.message.Position;
import parley.message.Problem;

/** The id of an event: where its stream stands in each of its channels, as base64url of {@code channel=position} lines. */
final class EventId {

    private EventId() {}

    static String print(Map<Channel, Position> positions) {
        StringBuilder pairs = new StringBuilder();
        positions.forEach((channel, position) -> pairs.append(pairs.isEmpty() ? "" : "\n")
                .append(channel)
                .append('=')
                .append(position));
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(pairs.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** What was printed as {@code id}; a 400 {@code bad_position} or {@code bad_topic} when that is nothing of ours. */
    static Map<Channel, Position> parse(String id) throws Problem {
        Map<Channel, Position> positions = new LinkedHashMap<>();
        for (String pair : pairs(id).split("\n", -1)) {
            int equals = pair.lastIndexOf('=');
            Channel channel = equals < 0 ? null : Channel.parse(pair.substring(0, equals));
            Position position = equals < 0 ? null : Position.parse(pair.substring(equals + 1));
            if (channel == null || position == null) {
                throw malformed();
            }
            if (channel instanceof Channel.Topic topic) {
                channel = new Channel.Topic(UserId.topic(topic.name()));
            }
            positions.put(channel, position);
        }
        return positions;
    }

    private static String pairs(String id) throws Problem {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Base64.getUrlDecoder().decode(id)))
                    .toString();
        } catch (IllegalArgumentException | CharacterCodingException notOurs) {
            throw malformed();
        }
    }

    private static Problem malformed() {
        return Problem.bad("bad_position", "The Last-Event-ID is not one that this server gave.");
    }
}
