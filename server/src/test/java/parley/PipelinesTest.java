package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Several requests in one packet. */
class PipelinesTest {

    private static final int PUBLISHES = 500;

    @Test
    void eachPublishHasItsReceiptAndItsPlace() throws Exception {
        try (ServerFixture server = ServerFixture.start();
                RawSocket reader = RawSocket.webSocket(server.port(), "/websocket/42", null);
                RawSocket line = server.raw()) {
            await().until(() -> server.online("42") == 1);
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < PUBLISHES; i++) {
                requests.append(publish(line, "42", "m" + i));
            }
            line.send(requests.toString());
            for (int i = 0; i < PUBLISHES; i++) {
                RawSocket.Answer receipt = line.readAnswer();
                assertEquals(200, receipt.status(), receipt::body);
                assertTrue(receipt.body().contains("\"online\":1"), receipt::body);
            }
            for (int i = 0; i < PUBLISHES; i++) {
                assertEquals("m" + i, reader.readFrame().text());
            }
        }
    }

    @Test
    void anUpgradeMayComeRightBehindAPublish() throws Exception {
        try (ServerFixture server = ServerFixture.start();
                RawSocket line = server.raw()) {
            String upgrade = "GET /websocket/42 HTTP/1.1\r\nHost: localhost:" + line.port
                    + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
            line.send(publish(line, "7", "first") + publish(line, "7", "second") + upgrade);
            assertEquals(202, line.readAnswer().status());
            assertEquals(202, line.readAnswer().status());
            assertEquals(101, line.readHead().status());
            await().until(() -> server.online("42") == 1);
            server.publish("userId", "42", "message", "hello");
            assertEquals("hello", line.readFrame().text());
        }
    }

    private static String publish(RawSocket line, String user, String message) {
        return "POST /socket/publish?userId=" + user + "&message=" + message + " HTTP/1.1\r\nHost: localhost:"
                + line.port + "\r\nContent-Length: 0\r\n\r\n";
    }
}
