package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A publisher who does not know whether the server that was killed had his message simply asks again. */
class IdempotencyIT {

    @TempDir
    Path directory;

    private ServerProcess start() throws Exception {
        return ServerProcess.start("--port", "0", "--data", directory.toString());
    }

    private static JsonObject receipt(HttpResponse<String> answer) {
        assertTrue(answer.statusCode() == 200 || answer.statusCode() == 202, answer::body);
        return JsonParser.parseString(answer.body()).getAsJsonObject();
    }

    @Test
    void aKeySurvivesKill9() throws Exception {
        ServerProcess server = start();
        List<JsonObject> first = new ArrayList<>();
        try (RawSocket there = RawSocket.webSocket(server.port, "/websocket/u0", null)) {
            for (int i = 0; i < 50; i++) {
                JsonObject receipt = receipt(server.publish("u" + i % 5, "text " + i, "key " + i));
                assertEquals(false, receipt.remove("duplicate").getAsBoolean());
                assertEquals("disk", receipt.get("stored").getAsString());
                first.add(receipt);
            }
            assertEquals("text 0", there.readText());
        }
        server.kill();
        server = start();
        try {
            for (int i = 0; i < 50; i++) {
                JsonObject again = receipt(server.publish("u" + i % 5, "text " + i, "key " + i));
                assertEquals(true, again.remove("duplicate").getAsBoolean(), again::toString);
                assertEquals(first.get(i), again);
            }
            assertEquals(409, server.publish("u0", "another", "key 0").statusCode());
            JsonObject history = JsonParser.parseString(server.get("/socket/history?userId=u0"))
                    .getAsJsonObject();
            assertEquals(10, history.getAsJsonArray("messages").size());
            JsonObject fresh = receipt(server.publish("u0", "text 0", "another key"));
            assertNotEquals(first.get(0).get("id"), fresh.get("id"));
            assertEquals(11, V1Client.offset(V1Client.position(fresh)));
        } finally {
            server.kill();
        }
    }
}
