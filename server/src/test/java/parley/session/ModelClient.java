package parley.session;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import parley.auth.Identity;
import parley.message.Channel;
import parley.message.Json;
import parley.message.Position;
import parley.message.Problem;

/**
 * A client of the model: one device that connects, loses its line and comes back, and keeps a {@link Ledger} of each
 * channel. What arrives is recorded by whatever thread brings it, and judged when the model calls {@link #digest}.
 * All methods but the recording belong to one thread.
 */
final class ModelClient {

    final String user;
    final Mode mode;
    final Map<Channel, Ledger> ledgers = new HashMap<>();

    private final Ledger.Truth truth;
    private SessionRegistry registry;
    private final boolean inbox;

    volatile ClientSession session; // null when there is no line; set by the client's thread alone
    FakeTransport line;
    private Recorder recorder;
    private Map<Channel, Position> resumed = Map.of();
    private final Map<Channel, Position> expected = new HashMap<>(); // where a channel starts, holes not counted
    private final Set<Channel> fresh = new HashSet<>(); // streams: channels whose start was told, and nothing after it
    boolean welcomed;
    boolean troubled; // since it was up to date the last time
    boolean stalled;
    long gaps;
    long resumes;
    long received;

    /** What one line brought. */
    private static final class Recorder implements FakeTransport.Listener {
        // guarded by this
        private final List<Outgoing> taken = new ArrayList<>();
        private List<Transport.Frame> underWay = List.of();
        private final Channel own;
        private String ping; // not answered yet
        private Position written; // of the own channel
        private boolean over;
        private boolean ended;

        Recorder(Channel own) {
            this.own = own;
        }

        @Override
        public synchronized void handed(List<Transport.Frame> frames) {
            underWay = List.copyOf(frames);
        }

        @Override
        public synchronized void taken(List<Transport.Frame> frames) {
            if (!over) {
                read(frames);
            }
            for (Transport.Frame frame : frames) {
                if (frame instanceof Transport.Text text
                        && text.last()
                        && text.out().kind() == Outgoing.Kind.MESSAGE
                        && text.out().position() != null
                        && own.equals(text.out().channel())) {
                    written = text.out().position();
                }
            }
            underWay = List.of();
        }

        private void read(List<Transport.Frame> frames) {
            for (Transport.Frame frame : frames) {
                if (frame instanceof Transport.Ping one) {
                    ping = one.payload();
                } else if (frame instanceof Transport.Text text && text.last()) {
                    taken.add(text.out());
                }
            }
        }

        @Override
        public synchronized void ended() {
            ended = true;
        }

        /** Nothing more arrives; what was under way perhaps did. */
        synchronized void cut(boolean arrived) {
            if (arrived) {
                read(underWay);
            }
            over = true;
        }

        synchronized List<Outgoing> drain() {
            List<Outgoing> all = List.copyOf(taken);
            taken.clear();
            return all;
        }

        synchronized boolean hasEnded() {
            return ended;
        }

        synchronized Position takeWritten() {
            Position position = written;
            written = null;
            return position;
        }

        synchronized String takePing() {
            String payload = ping;
            ping = null;
            return payload;
        }
    }

    ModelClient(String user, Mode mode, boolean inbox, SessionRegistry registry, Ledger.Truth truth) {
        this.user = user;
        this.mode = mode;
        this.inbox = inbox;
        this.registry = registry;
        this.truth = truth;
    }

    /** The server was restarted. Only between two lines. */
    void server(SessionRegistry restarted) {
        registry = restarted;
    }

    Channel own() {
        return Station.user(user);
    }

    /** Whether it was opened without since=now: it starts with the inbox, and what it confirms moves it. */
    boolean readsInbox() {
        return inbox;
    }

    boolean remembers() {
        return mode != Mode.PLAIN;
    }

    // ---- what it does

    /** @param topics what it asks for beside its own channel and everyone */
    void connect(Set<Channel> topics, boolean forget, Executor completer) {
        if (forget || !remembers()) {
            ledgers.clear();
        }
        resumed = new LinkedHashMap<>();
        ledgers.forEach((channel, ledger) -> resumed.put(channel, ledger.last()));
        ledgers.values().forEach(Ledger::newSession);
        resumes += resumed.isEmpty() ? 0 : 1;
        recorder = new Recorder(own());
        line = FakeTransport.quiet(recorder, completer);
        welcomed = mode != Mode.V1;
        troubled = true;
        stalled = false;
        fresh.clear();
        Map<Channel, Since> starts = Station.starts(user, inbox ? Since.INBOX : Since.NOW);
        if (mode != Mode.V1) {
            topics.forEach(topic -> starts.put(topic, Since.NOW));
            resumed.forEach((channel, position) -> starts.put(channel, new Since.After(position)));
        }
        if (mode == Mode.PLAIN) { // it is not told where it starts
            starts.keySet().stream()
                    .filter(expected::containsKey)
                    .forEach(channel -> ledgers.put(channel, new Ledger(truth, channel, mode, expected.get(channel))));
        }
        session = registry.open(Identity.open(user), mode, line, starts, inbox);
    }

    /** Says hello; only v1. */
    void hello(Set<Channel> topics) {
        Json.Out resume = new Json.Out();
        resumed.forEach((channel, position) -> resume.put(channel.toString(), position));
        Set<String> names = new LinkedHashSet<>();
        topics.forEach(topic -> names.add(Json.quote(((Channel.Topic) topic).name())));
        session.received("{\"type\":\"hello\",\"resume\":" + resume.end() + ",\"topics\":" + names + "}");
    }

    void stall() {
        line.stall();
        stalled = true;
        troubled = true;
    }

    void flow() {
        stalled = false;
        line.flow();
    }

    /** The line breaks. @param arrived whether what was under way arrived */
    void disconnect(boolean arrived) {
        recorder.cut(arrived);
        session.close(Disconnect.GONE);
        line.assertExhausted();
        digest();
        session = null;
        welcomed = false;
        if (!remembers()) {
            ledgers.clear();
        }
    }

    /** Whether the server has ended the conversation. */
    boolean ended() {
        return session != null && recorder.hasEnded();
    }

    String takePing() {
        return recorder.takePing();
    }

    /** The last of the own channel that was written since the last call, or null. */
    Position takeWritten() {
        return recorder.takeWritten();
    }

    /** The model knows where the channel will start if the client does not say so; null when it cannot. */
    void expect(Channel channel, Position start) {
        if (start == null) {
            expected.remove(channel);
        } else {
            expected.put(channel, start);
        }
    }

    /** The highest offset that it may ack in the channel. */
    Position standing(Channel channel) {
        Ledger ledger = ledgers.get(channel);
        return ledger == null ? null : ledger.last();
    }

    // ---- what it gets

    /** Judges all that arrived. */
    void digest() {
        for (Outgoing out : recorder.drain()) {
            try {
                digest(out);
            } catch (Problem problem) {
                throw new AssertionError(FakeTransport.read(out), problem);
            } catch (AssertionError failure) {
                throw new AssertionError(this + ": " + failure.getMessage(), failure);
            }
        }
    }

    private void digest(Outgoing out) throws Problem {
        switch (out.kind()) {
            case FRAME -> frame(FakeTransport.read(out));
            case START -> begin(out.channel(), out.position());
            case GAP -> gap(Json.object(FakeTransport.read(out)));
            case MESSAGE -> message(out);
        }
    }

    private void message(Outgoing out) throws Problem {
        String text = new String(out.bytes(), 0, Math.min(out.bytes().length, 400), StandardCharsets.UTF_8);
        if (mode.json() && out.position() != null) {
            String onWire = "\"channel\":\"" + out.channel() + "\",\"position\":\"" + out.position() + "\"";
            if (!text.contains(onWire)) {
                throw new AssertionError(onWire + " is not in " + text);
            }
        }
        fresh.remove(out.channel());
        Ledger ledger = ledgers.get(out.channel());
        Position position = out.position();
        if (ledger == null && mode == Mode.PLAIN && expected.isEmpty()) { // nobody knows: with the first that comes
            if (position == null) {
                return;
            }
            ledger = new Ledger(truth, out.channel(), mode, new Position(position.epoch(), position.offset() - 1));
            ledgers.put(out.channel(), ledger);
        }
        if (ledger == null) {
            throw new AssertionError("a message of " + out.channel() + ", which was never subscribed to");
        }
        ledger.message(session.id(), position, Published.serial(text), troubled);
        received++;
    }

    /** A stream is told where a channel starts. */
    private void begin(Channel channel, Position position) {
        Ledger ledger = ledgers.get(channel);
        if (ledger == null) {
            ledger = new Ledger(truth, channel, mode, expected.getOrDefault(channel, position));
            ledgers.put(channel, ledger);
        }
        if (!ledger.last().equals(position)) {
            throw new AssertionError("starts at " + position + " of " + channel + ", and stood at " + ledger.last());
        }
        fresh.add(channel);
    }

    private void gap(Json.Fields gap) throws Problem {
        gaps++;
        Channel channel = Channel.parse(gap.text("channel"));
        Position position = Position.parse(gap.text("position"));
        Long missed = number(gap.raw("missed"));
        Ledger ledger = ledgers.get(channel);
        if (fresh.remove(channel)) {
            ledger.resume(position, missed);
        } else if (ledger == null) { // a stream's inbox begins with a hole
            begin(channel, expected.getOrDefault(channel, position));
            if (!ledgers.get(channel).last().equals(position)) {
                ledgers.get(channel).resume(position, missed);
            }
        } else {
            ledger.gap(session.id(), missed, position, troubled);
        }
    }

    private static Long number(String raw) {
        return raw == null || raw.equals("null") ? null : Long.valueOf(raw);
    }

    private void frame(String text) throws Problem {
        Json.Fields frame = Json.object(text);
        switch (frame.text("type")) {
            case "welcome" -> {
                welcomed = true;
                for (Map.Entry<String, String> start :
                        Json.object(frame.raw("channels")).raw().entrySet()) {
                    start(Channel.parse(start.getKey()), Json.object(start.getValue()));
                }
            }
            case "subscribed" -> start(Station.topic(frame.text("topic")), frame);
            case "unsubscribed" -> ledgers.remove(Station.topic(frame.text("topic")));
            case "ping" -> {}
            default -> throw new AssertionError("unexpected: " + text);
        }
    }

    private void start(Channel channel, Json.Fields start) throws Problem {
        Position position = Position.parse(start.text("position"));
        Long missed = number(start.raw("missed"));
        boolean recovered = start.raw("recovered").equals("true");
        Position newest = Position.parse(start.text("newest"));
        if (newest.offset() < position.offset()) {
            throw new AssertionError("newest is below position: " + start.raw());
        }
        if (recovered && (missed == null || missed > 0)) {
            throw new AssertionError("recovered with a hole: " + start.raw());
        }
        Ledger known = ledgers.get(channel);
        if (known == null) {
            known = new Ledger(truth, channel, mode, expected.getOrDefault(channel, position));
            ledgers.put(channel, known);
            if (expected.containsKey(channel)) {
                known.resume(position, missed);
            }
        } else {
            known.resume(position, missed);
            if (recovered != (missed != null && missed == 0)) {
                throw new AssertionError("a position was known: " + start.raw());
            }
        }
    }

    /** Nothing that it should have got is left, if nothing holds it up. */
    void isUpToDate() {
        for (Map.Entry<Channel, Ledger> entry : ledgers.entrySet()) {
            try {
                entry.getValue().isUpToDate(session.id(), troubled);
            } catch (AssertionError failure) {
                throw new AssertionError(this + ": " + failure.getMessage(), failure);
            }
        }
        troubled = false;
    }

    @Override
    public String toString() {
        return mode + " client of " + user;
    }
}
