package parley;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * A WebSocket without a subprotocol, alone with its user: it gets texts, answers PINGs, and knows no positions. What it
 * got is judged in the end, when it is known where each message stands.
 */
final class LedgerPlainClient extends LedgerClient {

    /** A crash may repeat what was confirmed in the second before it; twice that for a slow machine, and one more. */
    private static final long CURSOR_IS_STORED_NANOS = TimeUnit.SECONDS.toNanos(3);

    private record Arrival(int serial, String channel, long at) {}

    /** The server had this client's PONG for the offset. */
    private record Confirmed(long offset, long at) {}

    private final List<List<Arrival>> sessions = new ArrayList<>();
    private final List<Long> provenUntil =
            new ArrayList<>(); // for each session: what was published before has its turn
    private final List<Confirmed> confirmed = new ArrayList<>();
    private final Set<Integer> seen = new HashSet<>();
    private long pongSent; // the highest offset, on this line
    private long pongedBeforePing;
    private long pingSentAt; // 0 when none is out
    private long nextPing;
    private boolean leaving;

    int duplicates;
    int repeatedByKill;

    private final Frames frames = new Frames() {
        @Override
        void text(String text) throws IOException {
            if (text.equals("pong")) {
                ponged();
            } else {
                LedgerBook.Read read = LedgerBook.Read.of(text);
                last(sessions).add(new Arrival(read.serial(), read.channel(), System.nanoTime()));
                seen.add(read.serial());
                fleet.receivedByPlain++;
            }
        }

        @Override
        void control(int opCode, byte[] payload) throws IOException {
            if (opCode == RawSocket.PING) {
                write(RawSocket.frame(RawSocket.PONG, true, payload));
                if (payload.length > 9) {
                    pongSent = Math.max(pongSent, LedgerBook.offset(new String(payload)));
                }
            } else if (opCode == RawSocket.CLOSE) {
                closed(closeCode(payload));
                throw new IOException("closed");
            }
        }
    };

    LedgerPlainClient(LedgerFleet fleet, String name, String user, List<String> topics, RandomGenerator random) {
        super(fleet, name, user, topics, random);
    }

    private static <T> T last(List<T> list) {
        return list.get(list.size() - 1);
    }

    @Override
    List<String> requestLines() {
        return UPGRADE;
    }

    @Override
    String path() {
        return "/websocket/" + user + "?topic=" + String.join("&topic=", topics);
    }

    @Override
    int expectedStatus() {
        return 101;
    }

    @Override
    void opened() {
        sessions.add(new ArrayList<>());
        provenUntil.add(0L);
        pongSent = 0;
        pingSentAt = 0;
        nextPing = 0;
        leaving = false;
    }

    @Override
    void received(ByteBuffer bytes) throws IOException {
        frames.add(bytes);
    }

    @Override
    void lineEnded() {
        frames.reset();
    }

    @Override
    void tick(long now) throws IOException {
        if (now >= nextPing && pingSentAt == 0) {
            ping(now);
            nextPing = now + TimeUnit.SECONDS.toNanos(1);
        }
    }

    private void ping(long now) throws IOException {
        pingSentAt = now;
        pongedBeforePing = pongSent;
        write(textFrame("ping"));
    }

    /** The server has had all that this client sent before its ping, and has sent all that was published before. */
    private void ponged() throws IOException {
        provenUntil.set(provenUntil.size() - 1, pingSentAt);
        if (pongedBeforePing > 0) {
            confirmed.add(new Confirmed(pongedBeforePing, System.nanoTime()));
        }
        pingSentAt = 0;
        if (leaving) {
            write(CLOSE_FRAME);
        }
    }

    @Override
    boolean goodbye() throws IOException {
        leaving = true;
        if (pingSentAt == 0) {
            ping(System.nanoTime());
        }
        return true;
    }

    @Override
    boolean hasAll() {
        return state == State.OPEN
                && last(provenUntil) > 0
                && seen.containsAll(fleet.promised.getOrDefault("user:" + user, Set.of()))
                && seen.containsAll(fleet.lastWords.getOrDefault("everyone", Set.of()))
                && topics.stream()
                        .allMatch(topic -> seen.containsAll(fleet.lastWords.getOrDefault("topic:" + topic, Set.of())));
    }

    // ---- the judgement

    /** @return how many messages it was entitled to */
    int check() {
        int owed = 0;
        for (int i = 0; i < sessions.size(); i++) {
            Map<String, List<Long>> offsets = new HashMap<>();
            for (Arrival one : sessions.get(i)) {
                Long offset = book.offsetOf(one.serial);
                if (offset != null) {
                    offsets.computeIfAbsent(one.channel, unused -> new ArrayList<>())
                            .add(offset);
                }
            }
            for (Map.Entry<String, List<Long>> one : offsets.entrySet()) {
                int ofSession = checkSession(i, one.getKey(), one.getValue());
                owed += one.getKey().startsWith("user:") ? 0 : ofSession;
            }
        }
        NavigableMap<Long, Integer> inbox = book.channel("user:" + user);
        inbox.values().stream()
                .filter(serial -> !seen.contains(serial))
                .forEach(serial -> wrong("never got m" + serial + " of its inbox"
                        + (book.sent(serial).position == null ? "" : ", which had a receipt")));
        countDuplicates();
        return owed + inbox.size();
    }

    /** From the first that came to the last that is proven to have had its turn, none is left out. */
    private int checkSession(int session, String channel, List<Long> came) {
        boolean mine = channel.equals("user:" + user)
                || channel.equals("everyone")
                || channel.startsWith("topic:") && topics.contains(channel.substring(6));
        if (!mine) {
            wrong("got messages of " + channel);
        }
        for (int i = 1; i < came.size(); i++) {
            if (came.get(i) <= came.get(i - 1)) {
                wrong(channel + " goes back in one session: " + came.get(i) + " after " + came.get(i - 1));
            }
        }
        long proven = provenUntil.get(session);
        Set<Long> all = new HashSet<>(came);
        NavigableMap<Long, Integer> from = book.channel(channel).tailMap(came.get(0), true);
        from.forEach((offset, serial) -> {
            LedgerBook.Sent message = book.sent(serial);
            boolean live = !channel.startsWith("user:"); // the inbox may be behind
            boolean hadItsTurn = offset < last(came) || live && message.position != null && message.receiptAt < proven;
            if (hadItsTurn && !all.contains(offset)) {
                wrong("m" + serial + " at " + channel + " " + offset + " was left out in session " + session);
            }
        });
        return came.size();
    }

    private void countDuplicates() {
        Set<Integer> before = new HashSet<>();
        for (List<Arrival> session : sessions) {
            for (Arrival one : session) {
                if (before.add(one.serial)) {
                    continue;
                }
                duplicates++;
                Long offset = book.offsetOf(one.serial);
                if (!one.channel.startsWith("user:") || offset == null) {
                    wrong("got m" + one.serial + " of " + one.channel + " twice");
                    continue;
                }
                List<Confirmed> proofs = confirmed.stream()
                        .filter(proof -> proof.offset >= offset && proof.at < one.at)
                        .toList();
                if (proofs.stream().anyMatch(proof -> !mayBeLostByKill(proof, one.at))) {
                    wrong("got m" + one.serial + " at " + one.channel + " " + offset
                            + " again, though it was confirmed");
                }
                repeatedByKill += proofs.isEmpty() ? 0 : 1;
            }
        }
    }

    private boolean mayBeLostByKill(Confirmed proof, long now) {
        long kill = fleet.killedAt;
        return kill != 0
                && now > kill
                && proof.at < kill + CURSOR_IS_STORED_NANOS
                && proof.at > kill - CURSOR_IS_STORED_NANOS;
    }
}
