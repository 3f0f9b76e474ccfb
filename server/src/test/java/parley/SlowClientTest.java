package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Clients that do not read, or do not end: they are cut, and nobody else notices. */
class SlowClientTest {

    private static final int OTHERS = 50;

    /** DESIGN 4.3: no write completed for 10 s, abort 2 s later; one second for a busy machine. */
    private static final Duration CUT = Duration.ofSeconds(13);

    @Test
    void aClientThatNeverReadsIsCutAndTheOthersGetEverything() throws Exception {
        List<JdkSocket> others = new ArrayList<>();
        try (ServerFixture server = ServerFixture.start();
                RawSocket stuck =
                        RawSocket.webSocket(new RawSocket(server.port(), 4096), "/websocket/stuck?topic=slow", null)) {
            for (int i = 0; i < OTHERS; i++) {
                others.add(JdkSocket.open(server.port(), "/websocket/other-" + i + "?topic=slow"));
            }
            await().until(() -> server.get("/socket/online?topic=slow")
                            .object()
                            .get("online")
                            .getAsInt()
                    == OTHERS + 1);
            String kilobyte = "x".repeat(1_000);
            for (int i = 0; i < 2_000; i++) { // its kernel buffers are full, and its outbox, too
                server.publish("userId", "stuck", "message", kilobyte);
            }
            int[] round = {0};
            await().pollInterval(Duration.ofMillis(20)).atMost(CUT).until(() -> {
                round[0]++;
                server.publish("userId", "stuck", "message", kilobyte);
                server.publish("topic", "slow", "message", round[0] + kilobyte);
                for (JdkSocket other : others) {
                    assertEquals(round[0] + kilobyte, other.next());
                }
                return server.registry().lines() == OTHERS;
            });
            assertTrue(round[0] > 20, "the others were hardly tested: " + round[0]);
            assertEquals(0, server.online("stuck"));
            stuck.readToEnd();
            for (JdkSocket other : others) {
                assertTrue(other.texts.isEmpty());
                assertTrue(!other.closeCode.isDone());
            }
        } finally {
            others.forEach(JdkSocket::close);
        }
    }

    /** A slow reader is paged, not thrown out: it gets every message, as long as it reads at all. */
    @Test
    void aClientThatReadsSlowlyGetsEverything() throws Exception {
        try (ServerFixture server = ServerFixture.start();
                RawSocket slow = RawSocket.webSocket(new RawSocket(server.port(), 4096), "/websocket/slow", null)) {
            await().until(() -> server.online("slow") == 1);
            String text = "x".repeat(8_000);
            int count = 800; // 6.4 MB: far beyond kernel buffers and outbox
            for (int i = 0; i < count; i++) {
                assertEquals(
                        1,
                        server.publish("userId", "slow", "message", i + text)
                                .object()
                                .get("online")
                                .getAsInt());
            }
            for (int i = 0; i < count; i++) {
                assertEquals(i + text, slow.readText());
            }
            server.publish("userId", "slow", "message", "live again");
            assertEquals("live again", slow.readText());
        }
    }

    @Test
    void aCloseThatThePeerIgnoresIsAborted() throws Exception {
        try (ServerFixture server = ServerFixture.start()) {
            RawSocket ignorant = server.v1("ignorant").socket;
            ignorant.sendText("no hello");
            assertEquals(4000, ignorant.readClose().closeCode());
            assertEquals(1, server.registry().lines());
            assertEquals(0, server.registry().size());
            // what may still leave has 2 s, the close another 2 s
            await().atMost(Duration.ofSeconds(6)).until(() -> server.registry().lines() == 0);
            ignorant.readToEnd();
            ignorant.close();
        }
    }

    @Test
    void aRefusedClientThatStaysIsCut() throws Exception {
        try (ServerFixture server = ServerFixture.start();
                RawSocket refused = server.raw()) {
            refused.handshake("/websocket/a%3Bb", "Sec-WebSocket-Protocol: parley.v1");
            assertEquals(4000, refused.readClose().closeCode());
            refused.readToEnd(); // else a time-out after 10 s
        }
    }
}
