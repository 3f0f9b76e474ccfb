package parley.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.auth.Identity;
import parley.broker.Broker;
import parley.broker.LocalBroker;
import parley.history.HistorySettings;
import parley.history.MemoryHistory;
import parley.message.ManualTime;
import parley.metrics.Metrics;
import parley.session.ClientSession;
import parley.session.Disconnect;
import parley.session.Mode;
import parley.session.SessionRegistry;
import parley.session.SessionSettings;
import parley.session.Transport;

/** How often the server looks at itself. */
class SnapshotsTest {

    private final ManualTime time = new ManualTime();
    private final Metrics metrics = new Metrics();
    private final Broker broker = new LocalBroker(
            new MemoryHistory(HistorySettings.standard(), time, new Random(1)),
            time,
            new Random(2),
            metrics,
            (millis, task) -> () -> {});
    private final SessionRegistry registry =
            new SessionRegistry(broker, new SessionSettings(0, 0, false), metrics, time, new Random(3), 1);
    private final Snapshots snapshots = new Snapshots(registry, metrics, broker.fates(), time);

    SnapshotsTest() {
        broker.start(registry);
    }

    @AfterEach
    void end() {
        registry.close();
        broker.close();
    }

    /** A line that takes everything at once. */
    private static final class Line implements Transport {
        final List<String> texts = new ArrayList<>();
        int visits;

        @Override
        public void write(List<Frame> frames, Done done) {
            for (Frame frame : frames) {
                if (frame instanceof Text text) {
                    texts.add(new String(text.out().bytes(), StandardCharsets.UTF_8));
                }
            }
            done.written(null);
        }

        @Override
        public String address() {
            visits++;
            return null;
        }

        @Override
        public void close(int code, String reason) {}

        @Override
        public void abort() {}
    }

    private ClientSession stream(Line line) {
        return registry.open(Identity.BACK_END, Mode.STREAM_V1, line, Map.of(), false);
    }

    @Test
    void oneASecondIsSharedByAllWhoLook() {
        Snapshot first = snapshots.latest();
        time.advance(Snapshots.EVERY_MILLIS - 1);
        assertSame(first, snapshots.latest());
        time.advance(1);
        assertNotSame(first, snapshots.latest());
    }

    @Test
    void noneIsMadeWhileNobodyLooks() {
        Line bystander = new Line();
        stream(bystander);
        time.advance(Snapshots.EVERY_MILLIS);
        snapshots.tick();
        assertEquals(0, bystander.visits);

        Line line = new Line();
        ClientSession viewer = stream(line);
        snapshots.look(viewer);
        assertEquals(1, bystander.visits);
        viewer.close(Disconnect.GONE);
        time.advance(Snapshots.EVERY_MILLIS);
        snapshots.tick();
        assertEquals(1, bystander.visits);
        assertEquals(1, line.texts.size());
    }

    @Test
    void aViewerSeesTheFiguresAtOnceAndWithEveryTick() {
        Line one = new Line();
        Line two = new Line();
        snapshots.look(stream(one));
        snapshots.look(stream(two));
        time.advance(Snapshots.EVERY_MILLIS);
        snapshots.tick();
        assertEquals(2, one.texts.size());
        assertEquals(one.texts.get(1), two.texts.get(1));
        assertTrue(one.texts.get(1).contains("\"sessions\":{\"total\":2,"), one.texts.get(1));
    }

    @Test
    void aStreamThatDidNotAskSeesNothing() {
        Line other = new Line();
        stream(other);
        snapshots.look(stream(new Line()));
        time.advance(Snapshots.EVERY_MILLIS);
        snapshots.tick();
        assertEquals(List.of(), other.texts);
    }
}
