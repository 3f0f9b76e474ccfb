package parley.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import parley.message.Channel;
import parley.message.Position;
import parley.message.Problem;

/** Event ids that no server of ours gave, and those that one did. */
class EventIdFuzz {

    /** As {@code Last-Event-ID} brings it. */
    @FuzzTest
    void ids(byte[] input) throws Problem {
        parse(new String(input, StandardCharsets.UTF_8));
    }

    /** The pairs inside, whatever they are, well wrapped. */
    @FuzzTest
    void pairs(byte[] input) throws Problem {
        parse(Base64.getUrlEncoder().withoutPadding().encodeToString(input));
    }

    private static void parse(String id) throws Problem {
        Map<Channel, Position> positions;
        try {
            positions = EventId.parse(id);
        } catch (Problem problem) {
            assertEquals(400, problem.status());
            assertTrue(Set.of("bad_position", "bad_topic").contains(problem.code()), problem.code());
            return;
        }
        String printed = EventId.print(positions);
        assertTrue(printed.matches("[A-Za-z0-9_-]*"), printed);
        Map<Channel, Position> again = EventId.parse(printed);
        assertEquals(new ArrayList<>(positions.entrySet()), new ArrayList<>(again.entrySet()));
    }
}
