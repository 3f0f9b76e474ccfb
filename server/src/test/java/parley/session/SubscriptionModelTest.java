package parley.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import parley.history.HistorySettings;
import parley.history.HistorySettings.Keep;
import parley.history.MemoryHistory;
import parley.history.PromptHistory;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Position;
import parley.message.Receipt;
import parley.message.Standing;

/**
 * Random sequences of all that can happen between publishers and sessions, held against a small model: in the end every
 * v1 and stream client has exactly what was published after its start, minus what it was told is missing, in order and
 * once; a plain one has what it was owed while its line was good; and inboxes stand where the clients' confirmations put
 * them. {@code -Dparley.seed=N} repeats one sequence.
 */
class SubscriptionModelTest {

    private static final int SEQUENCES = Integer.getInteger("parley.sequences", 4_500);

    /** Fewer, for each takes some forty commits and reads a database. */
    private static final int IN_SQLITE = Integer.getInteger("parley.sequencesInSqlite", 500);

    private static final int STEPS = 80;

    /** So large that a few of them fill an outbox. */
    private static final String LARGE = "x".repeat(300_000);

    /** What happened in all sequences: a model that never gets into trouble proves nothing. */
    private final Map<String, Long> happened = new HashMap<>();

    @Test
    void everyClientGetsWhatItWasOwed() throws IOException {
        run(SEQUENCES, null);
    }

    /** In memory where there is a file system for it: what a disk does is tested elsewhere. */
    @Test
    void everyClientGetsWhatItWasOwedOverSqlite() throws IOException {
        Path memory = Path.of("/dev/shm");
        Path parent = Files.isWritable(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir"));
        Path directory = Files.createTempDirectory(parent, "parley-model");
        try {
            run(IN_SQLITE, directory);
        } finally {
            empty(directory);
            Files.delete(directory);
        }
    }

    private static void empty(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                if (!file.equals(directory)) {
                    Files.delete(file);
                }
            }
        }
    }

    /** @param directory of a SqliteHistory, or null for one on the heap */
    private void run(int sequences, Path directory) throws IOException {
        Long only = Long.getLong("parley.seed");
        long first = only != null ? only : 1;
        for (long seed = first; seed < (only != null ? only + 1 : first + sequences); seed++) {
            if (directory != null) {
                empty(directory);
            }
            World world = new World(seed, directory);
            try {
                world.run();
            } catch (AssertionError | RuntimeException failure) {
                if (only != null) {
                    world.history.forEach(System.err::println);
                }
                throw new AssertionError(
                        "sequence " + seed + " failed at step " + world.step + " (" + world.doing + "); -Dparley.seed="
                                + seed + " repeats it and prints the steps: " + failure.getMessage(),
                        failure);
            }
        }
        if (only == null) {
            for (String must : List.of(
                    "gaps",
                    "pages",
                    "resumes",
                    "collapsed",
                    "too slow",
                    "new epochs",
                    "late answers",
                    "acks",
                    "pongs",
                    "restarts")) {
                boolean forgets = directory == null || !must.equals("new epochs");
                assertTrue(
                        !forgets || happened.getOrDefault(must, 0L) > sequences / 20,
                        must + " hardly happened: " + happened);
            }
            assertTrue(
                    sequences < 500 || happened.get("untold gaps") > 0, "no plain client lost anything: " + happened);
            if (directory != null) {
                assertEquals(0, happened.getOrDefault("new epochs", 0L), "what is on disk is not forgotten");
            }
            System.out.println(sequences + " sequences: " + new TreeMap<>(happened));
        }
    }

    /** One sequence. */
    private final class World implements Ledger.Truth {
        final Random random;
        final Station station;
        final Keep keep;
        final boolean boundedInTotal;
        final List<Channel> channels = List.of(
                Station.user("ann"), Station.user("bob"), Channel.EVERYONE, Station.topic("news"), Station.topic("x"));
        final List<ModelClient> clients = new ArrayList<>();
        final Map<Position, Published> places = new HashMap<>();
        final List<Published> all = new ArrayList<>();
        final Map<Channel, Long> cleared = new HashMap<>(); // everything up to here
        final Map<String, Position> cursors = new HashMap<>();
        int step;
        String doing = "";
        final List<String> history = new ArrayList<>(); // what was done so far

        World(long seed, Path directory) {
            random = new Random(seed);
            int count = random.nextInt(8) == 0 ? 0 : 2 + random.nextInt(random.nextBoolean() ? 8 : 200);
            keep = count == 0 ? Keep.NOTHING : new Keep(count, 2_000 + random.nextInt(60_000));
            boundedInTotal = random.nextInt(4) == 0;
            long total = boundedInTotal ? 1_000 + random.nextInt(2_000_000) : 1L << 40;
            station = new Station(
                    new HistorySettings(keep, keep, keep, keep, total).in(directory),
                    new SessionSettings(0, 0, false),
                    seed);
            Mode[] modes = {Mode.PLAIN, Mode.V1, Mode.V1, Mode.STREAM, Mode.STREAM_V1};
            for (int i = 0; i < 5; i++) {
                Mode mode = modes[random.nextInt(modes.length)];
                String user = random.nextBoolean() ? "ann" : "bob";
                clients.add(new ModelClient(user, mode, random.nextInt(4) > 0, station.registry, this));
            }
        }

        private boolean chance(int percent) {
            return random.nextInt(100) < percent;
        }

        private void count(String what, long many) {
            happened.merge(what, many, Long::sum);
        }

        // ---- the truth

        @Override
        public Published at(Position position) {
            return places.get(position);
        }

        @Override
        public Position top(Channel channel) {
            return station.top(channel);
        }

        @Override
        public boolean expired(Published message) {
            return keep.count() > 0 && message.expires() <= station.time.millis();
        }

        @Override
        public boolean gone(Published message) {
            Position position = message.position();
            Position top = top(message.channel());
            if (boundedInTotal) { // which the model does not follow
                Position before = new Position(position.epoch(), position.offset() - 1);
                return station.history
                        .page(message.channel(), before, position.offset())
                        .toCompletableFuture()
                        .join()
                        .messages()
                        .isEmpty();
            }
            return !position.epoch().equals(top.epoch())
                    || top.offset() - position.offset() >= keep.count()
                    || position.offset() <= cleared.getOrDefault(message.channel(), 0L)
                    || expired(message);
        }

        @Override
        public boolean collapsible(Published message, String session) {
            return message.collapse() != null
                    && all.stream()
                            .anyMatch(newer -> newer.serial() > message.serial()
                                    && newer.channel().equals(message.channel())
                                    && message.collapse().equals(newer.collapse())
                                    && !newer.excludes(session));
        }

        // ---- the sequence

        void run() {
            boolean mayBeLate = chance(50);
            for (step = 0; step < STEPS; step++) {
                ModelClient client = clients.get(random.nextInt(clients.size()));
                int choice = random.nextInt(100);
                if (choice < 42) {
                    publish();
                } else if (client.session == null) {
                    connect(client, chance(10));
                } else if (choice < 50) {
                    disconnect(client);
                } else if (choice < 60) {
                    stallOrFlow(client);
                } else if (choice < 70) {
                    confirm(client);
                } else if (choice < 76) {
                    pass(client);
                } else if (choice < 79) {
                    expire();
                } else if (choice < 81) {
                    clear();
                } else if (choice < 83) {
                    kick(client);
                } else if (choice < 90) {
                    subscribe(client);
                } else if (choice == 99 && chance(50)) {
                    restart();
                } else if (mayBeLate) {
                    beLate();
                }
                history.add(doing);
                settle();
            }
            end();
        }

        private void publish() {
            Channel channel = channels.get(random.nextInt(channels.size()));
            int serial = all.size();
            String collapse = chance(20) ? "c" + random.nextInt(2) : null;
            ModelClient who = clients.get(random.nextInt(clients.size()));
            String exclude = chance(15) && who.session != null ? who.session.id() : null;
            Long retention =
                    chance(10) ? Long.valueOf(0) : chance(15) ? Long.valueOf(200 + random.nextInt(2_000)) : null;
            boolean large = chance(12);
            doing = "publish m" + serial + " to " + channel + (large ? ", large" : "");
            Body body = Body.text(Published.body(serial, large ? LARGE : ""));
            List<ModelClient> there = clients.stream()
                    .filter(client -> client.session != null && client.welcomed && !client.troubled)
                    .filter(client -> client.ledgers.containsKey(channel))
                    .filter(client -> !client.session.id().equals(exclude))
                    .toList();
            boolean allGood = station.late.owed() == 0 && clients.stream().allMatch(this::undisturbed);
            Receipt receipt = station.publish(new Draft(channel, null, null, null, body, retention, collapse, exclude));
            long expires =
                    station.time.millis() + Math.min(keep.ageMillis(), retention == null ? Long.MAX_VALUE : retention);
            Published message = new Published(serial, channel, receipt.position(), collapse, exclude, expires);
            all.add(message);
            if (receipt.position() != null) {
                places.put(receipt.position(), message);
            }
            if (allGood) {
                assertEquals(there.size(), receipt.online(), "sessions online");
            }
            if (receipt.position() == null) {
                for (ModelClient client : there) {
                    client.digest();
                    assertTrue(client.ledgers.get(channel).gotLive(serial), client + " was there and got nothing");
                }
            }
        }

        private boolean undisturbed(ModelClient client) {
            return client.session == null || client.welcomed && !client.troubled;
        }

        private Set<Channel> someTopics() {
            Set<Channel> topics = new LinkedHashSet<>();
            for (Channel channel : channels) {
                if (channel instanceof Channel.Topic && chance(50)) {
                    topics.add(channel);
                }
            }
            return topics;
        }

        private void connect(ModelClient client, boolean forget) {
            doing = "connect " + client;
            Set<Channel> topics = someTopics();
            if (client.mode == Mode.PLAIN) {
                station.late.prompt(); // it is not told where it starts
            }
            boolean known = !station.late.isLate();
            for (Channel channel : channels) {
                boolean inbox = channel.equals(client.own()) && client.readsInbox();
                client.expect(channel, !known ? null : inbox ? inbox(client) : top(channel));
            }
            client.connect(topics, forget, Runnable::run);
            if (client.mode == Mode.V1 && chance(90)) {
                client.hello(topics);
            }
        }

        /** Where the inbox of the client's user starts. */
        private Position inbox(ModelClient client) {
            Position cursor = cursors.get(client.user);
            Position top = top(client.own());
            return cursor != null && cursor.epoch().equals(top.epoch()) ? cursor : new Position(top.epoch(), 0);
        }

        private void disconnect(ModelClient client) {
            boolean breaks = client.line.waits() && chance(50);
            doing = (breaks ? "break " : "disconnect ") + client;
            leave(client, chance(50));
        }

        private void leave(ModelClient client, boolean arrived) {
            count("gaps", client.gaps);
            client.gaps = 0;
            client.disconnect(arrived);
        }

        private void kick(ModelClient client) {
            doing = "kick " + client;
            client.session.close(Disconnect.KICKED);
            client.troubled = true;
        }

        private void stallOrFlow(ModelClient client) {
            if (client.ended()) {
                return;
            }
            if (!client.stalled) {
                doing = "stall " + client;
                client.stall();
            } else if (client.line.waits() && chance(50)) {
                doing = "one write of " + client;
                client.line.complete();
            } else {
                doing = "let flow " + client;
                client.flow();
            }
        }

        /** The client says what it has. */
        private void confirm(ModelClient client) {
            if (client.mode == Mode.PLAIN) {
                String payload = client.takePing();
                if (payload != null) {
                    doing = "pong of " + client + " " + payload;
                    client.session.ponged(payload);
                    Position position = Position.parse(payload);
                    if (position != null) {
                        count("pongs", 1);
                        raise(client, position);
                    }
                }
            } else if (client.mode == Mode.V1 && client.welcomed && station.late.owed() == 0) {
                Channel channel = chance(70) ? client.own() : channels.get(random.nextInt(channels.size()));
                Position standing = client.standing(channel);
                if (standing != null && client.session.subscription(channel) != null) {
                    doing = "ack of " + client + " " + channel + " " + standing;
                    client.session.received(
                            "{\"type\":\"ack\",\"channel\":\"" + channel + "\",\"position\":\"" + standing + "\"}");
                    count("acks", 1);
                    if (channel.equals(client.own())) {
                        raise(client, standing);
                    }
                }
            }
        }

        private void raise(ModelClient client, Position position) {
            if (!client.readsInbox()
                    || !position.epoch().equals(top(client.own()).epoch())) {
                return;
            }
            Position cursor = cursors.get(client.user);
            if (cursor == null || !cursor.epoch().equals(position.epoch()) || cursor.offset() < position.offset()) {
                cursors.put(client.user, position);
            }
        }

        private void pass(ModelClient unheard) {
            int millis = 50 + random.nextInt(chance(10) ? 12_000 : 2_000);
            doing = "time goes on by " + millis;
            for (int left = millis; left > 0; left -= 500) {
                for (ModelClient client : clients) {
                    if (client.session != null && client != unheard) {
                        client.session.heard();
                    }
                }
                station.pass(Math.min(left, 500));
            }
        }

        private void expire() {
            if (chance(20)) {
                doing = "a day and an hour";
                Map<Channel, String> epochs = new HashMap<>();
                channels.forEach(channel -> epochs.put(channel, top(channel).epoch()));
                station.time.advance(25 * 3_600_000L);
                station.history.expire();
                station.registry.tick(); // and the standstill is forgiven
                channels.forEach(
                        channel -> count("new epochs", top(channel).epoch().equals(epochs.get(channel)) ? 0 : 1));
                channels.stream()
                        .filter(channel -> !top(channel).epoch().equals(epochs.get(channel)))
                        .forEach(cleared::remove);
                clients.forEach(client -> client.troubled = true);
            } else {
                doing = "expire";
                station.history.expire();
            }
        }

        /** Over SQLite a restart changes nothing but the sessions; on the heap all is lost, and epochs are new. */
        private void restart() {
            doing = "restart";
            Map<Channel, Position> tops = new HashMap<>();
            channels.forEach(channel -> tops.put(channel, top(channel)));
            station.late.prompt();
            station.late.answerAll();
            settle();
            for (ModelClient client : clients) {
                if (client.session != null) {
                    leave(client, chance(50));
                    Position written = client.mode.webSocket() ? null : client.takeWritten();
                    if (written != null) { // while it left
                        raise(client, written);
                    }
                }
            }
            station.restart();
            clients.forEach(client -> client.server(station.registry));
            count("restarts", 1);
            for (Channel channel : channels) {
                if (station.history instanceof MemoryHistory) {
                    assertNotEquals(tops.get(channel).epoch(), top(channel).epoch(), "the epoch of " + channel);
                    cleared.remove(channel);
                } else {
                    assertEquals(tops.get(channel), top(channel), "the top of " + channel);
                }
            }
        }

        private void clear() {
            Channel channel = channels.get(random.nextInt(channels.size()));
            doing = "clear " + channel;
            if (station.late.owed() == 0) {
                station.history.clear(channel).toCompletableFuture().join();
                cleared.put(channel, top(channel).offset());
            }
        }

        private void subscribe(ModelClient client) {
            if (client.mode != Mode.V1 || !client.welcomed || client.ended()) {
                return;
            }
            Channel.Topic topic = (Channel.Topic) (chance(50) ? Station.topic("news") : Station.topic("x"));
            boolean has = client.ledgers.containsKey(topic);
            if (station.late.owed() > 0 || client.stalled || client.session.subscription(topic) == null == has) {
                return;
            }
            doing = (has ? "unsubscribe " : "subscribe ") + client + " " + topic;
            client.troubled = true;
            client.expect(topic, station.late.isLate() ? null : top(topic));
            client.session.received(
                    "{\"type\":\"" + (has ? "un" : "") + "subscribe\",\"topic\":\"" + topic.name() + "\"}");
        }

        private void beLate() {
            if (station.late.owed() > 0) {
                doing = "an answer comes late";
                count("late answers", 1);
                station.late.answerAny(random);
            } else if (chance(50)) {
                station.late.early(chance(50));
                station.late.late();
            } else {
                station.late.prompt();
            }
        }

        /** Everybody looks at what came; who has no trouble has everything. */
        private void settle() {
            for (ModelClient client : clients) {
                if (client.session == null) {
                    continue;
                }
                if (!client.mode.webSocket()) {
                    Position written = client.takeWritten();
                    if (written != null) {
                        raise(client, written);
                    }
                }
                client.digest();
                if (client.ended()) {
                    leave(client, true);
                } else if (!client.stalled
                        && client.welcomed
                        && station.late.owed() == 0
                        && client.session.subscription(client.own()) != null) {
                    client.isUpToDate();
                }
            }
            checkCursors();
        }

        private void checkCursors() {
            for (String user : List.of("ann", "bob")) {
                Standing standing = station.history
                        .standing(Station.user(user))
                        .toCompletableFuture()
                        .join();
                Position cursor = cursors.get(user);
                boolean known = cursor != null && cursor.epoch().equals(standing.epoch());
                assertEquals(known ? Long.valueOf(cursor.offset()) : null, standing.cursor(), "the cursor of " + user);
            }
        }

        private void end() {
            doing = "the end";
            station.late.prompt();
            station.late.answerAll();
            for (ModelClient client : clients) {
                if (client.session != null && client.mode == Mode.V1 && !client.welcomed) {
                    client.disconnect(true);
                }
                if (client.session != null) {
                    client.flow();
                }
            }
            settle();
            for (ModelClient client : clients) {
                if (client.session == null) {
                    connect(client, false);
                    if (client.mode == Mode.V1) {
                        client.digest();
                        if (!client.welcomed) {
                            client.hello(Set.of());
                        }
                    }
                }
                settle();
            }
            for (ModelClient client : clients) {
                assertTrue(client.session != null && !client.troubled, client + " is up to date");
                count("resumes", client.resumes);
                count("received", client.received);
                leave(client, true);
            }
            count("pages", station.late.pages());
            count("too slow", station.metrics.tooSlow.sum());
            count("untold gaps", station.metrics.untoldGaps.sum());
            count("collapsed", collapsed());
            station.pass(10_000);
            assertEquals(0, station.registry.size());
            assertEquals(0, station.registry.lines());
            checkForgotten();
            station.close();
        }

        /** Nobody holds anything any more. */
        private void checkForgotten() {
            Map<Channel, Position> before = new HashMap<>();
            channels.forEach(channel -> before.put(channel, top(channel)));
            station.time.advance(25 * 3_600_000L);
            station.history.expire();
            if (station.history instanceof PromptHistory sqlite) {
                station.time.advance(25 * 3_600_000L);
                sqlite.expire(); // the first may have come before a cursor was stored
                assertEquals(0, sqlite.size(), "held channels");
                return;
            }
            for (Channel channel : channels) {
                boolean stays = channel.equals(Channel.EVERYONE);
                assertEquals(
                        stays, top(channel).epoch().equals(before.get(channel).epoch()), "held: " + channel);
            }
        }

        private long collapsed() {
            return all.stream().filter(message -> message.collapse() != null).count();
        }
    }
}
