package parley;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** A client of {@code parley.v1}, as server/PROTOCOL.md, section 6, tells it to be. Some of its handlers take a while, some fail. */
final class LedgerV1Client extends LedgerClient {

    /** Below so many messages behind the newest, everything is kept; some room for what is under way. */
    private static final long SURELY_KEPT = LedgerIT.KEPT_FOR_EVERYONE - 15;

    /** A message in the client's hands. */
    private static final class Handling {
        final long offset;
        final LedgerBook.Read read;
        final long done;
        final boolean fails;

        Handling(long offset, LedgerBook.Read read, long done, boolean fails) {
            this.offset = offset;
            this.read = read;
            this.done = done;
            this.fails = fails;
        }
    }

    /** What is to be acked in a channel. */
    private static final class Acks {
        final Deque<Handling> inHand = new ArrayDeque<>();
        final List<Handling> owed = new ArrayList<>(); // handled, and not acked
        long handled = -1;
        boolean urgent;
    }

    final Map<String, LedgerAccount> accounts = new HashMap<>();
    final Map<Integer, Long> ackSentAt = new HashMap<>(); // by serial, of those whose publisher waits
    private final Map<String, Acks> acks = new HashMap<>();
    private final Set<Integer> handled = new HashSet<>();
    private boolean welcomed;
    private long nextAcks;
    private boolean reconnected; // since the kill

    int filtered;

    private final Frames frames = new Frames() {
        @Override
        void text(String text) throws IOException {
            frame(JsonParser.parseString(text).getAsJsonObject());
        }

        @Override
        void control(int opCode, byte[] payload) throws IOException {
            if (opCode == RawSocket.PING) {
                write(RawSocket.frame(RawSocket.PONG, true, payload));
            } else if (opCode == RawSocket.CLOSE) {
                closed(closeCode(payload));
                throw new IOException("closed");
            }
        }
    };

    LedgerV1Client(LedgerFleet fleet, String name, String user, List<String> topics, RandomGenerator random) {
        super(fleet, name, user, topics, random);
    }

    @Override
    List<String> requestLines() {
        List<String> lines = new ArrayList<>(UPGRADE);
        lines.add("Sec-WebSocket-Protocol: parley.v1");
        return lines;
    }

    @Override
    String path() {
        return "/websocket/" + user;
    }

    @Override
    int expectedStatus() {
        return 101;
    }

    @Override
    void opened() throws IOException {
        JsonObject resume = new JsonObject();
        accounts.forEach((channel, account) -> resume.addProperty(channel, account.position()));
        JsonObject hello = new JsonObject();
        hello.addProperty("type", "hello");
        hello.add("resume", resume);
        hello.add("topics", new com.google.gson.Gson().toJsonTree(topics));
        write(textFrame(hello.toString()));
    }

    @Override
    void received(ByteBuffer bytes) throws IOException {
        frames.add(bytes);
    }

    @Override
    void lineEnded() {
        frames.reset();
        welcomed = false;
        acks.values().forEach(one -> one.owed.clear()); // who waited has been told that this session left
    }

    private void frame(JsonObject frame) throws IOException {
        String type = frame.get("type").getAsString();
        if (!welcomed && !type.equals("welcome") && !type.equals("reconnect")) {
            wrong("the first frame is " + frame);
        }
        switch (type) {
            case "welcome" -> welcome(frame);
            case "message" -> message(frame);
            case "gap" -> {
                JsonElement missed = frame.get("missed");
                accounts.get(frame.get("channel").getAsString())
                        .stand(position(frame), missed.isJsonNull() ? null : Long.valueOf(missed.getAsLong()), false);
            }
            case "reconnect" -> comeBackIn(frame.get("in").getAsLong());
            case "ping" -> {}
            default -> wrong("got " + frame);
        }
    }

    private static String position(JsonObject frame) {
        return frame.get("position").getAsString();
    }

    private void welcome(JsonObject welcome) throws IOException {
        welcomed = true;
        JsonObject channels = welcome.getAsJsonObject("channels");
        if (channels.size() != 2 + topics.size()) {
            wrong("a topic is not in " + welcome);
        }
        boolean resumed = !accounts.isEmpty();
        boolean recovered = true;
        for (Map.Entry<String, JsonElement> entry : channels.entrySet()) {
            recovered &= start(entry.getKey(), entry.getValue().getAsJsonObject());
        }
        if (resumed && fleet.killed() && !reconnected) {
            reconnected = true;
            fleet.resumedAfterKill(recovered, slept());
        }
        Acks own = acks.get("user:" + user);
        if (own != null && own.handled > 0) {
            sendAck("user:" + user, own);
        }
    }

    /** Whether nothing is missing. */
    private boolean start(String channel, JsonObject start) {
        LedgerAccount account = accounts.get(channel);
        if (account == null) {
            accounts.put(channel, new LedgerAccount(this, channel, position(start)));
            return false;
        }
        boolean recovered = start.get("recovered").getAsBoolean();
        long newest = LedgerBook.offset(start.get("newest").getAsString());
        boolean mayMiss = channel.equals("everyone") && newest - account.last > SURELY_KEPT;
        JsonElement missed = start.get("missed");
        if (!recovered && !mayMiss || recovered && (missed.isJsonNull() || missed.getAsLong() != 0)) {
            wrong("resumed " + channel + " at " + account.position() + " and got " + start);
        }
        account.stand(position(start), missed.isJsonNull() ? null : Long.valueOf(missed.getAsLong()), true);
        return recovered;
    }

    private void message(JsonObject message) throws IOException {
        String channel = message.get("channel").getAsString();
        LedgerBook.Read read = LedgerBook.Read.of(message.get("body").getAsString());
        LedgerAccount account = accounts.get(channel);
        if (account == null || !read.channel().equals(channel)) {
            wrong("not for me: " + message);
            return;
        }
        if (message.has("ack") && !read.waits()) {
            wrong("nobody waits for " + message);
        }
        if (!account.message(position(message), read.serial(), true)) {
            filtered++;
            return;
        }
        long takes = random.nextInt(4) == 0 ? TimeUnit.MILLISECONDS.toNanos(random.nextInt(150)) : 0;
        acks.computeIfAbsent(channel, unused -> new Acks())
                .inHand
                .add(new Handling(account.last, read, System.nanoTime() + takes, random.nextInt(20) == 0));
        fleet.receivedByV1++;
    }

    @Override
    void tick(long now) throws IOException {
        for (Map.Entry<String, Acks> entry : acks.entrySet()) {
            Acks channel = entry.getValue();
            while (!channel.inHand.isEmpty() && channel.inHand.peek().done <= now) {
                Handling one = channel.inHand.poll();
                if (!handled.add(one.read.serial())) {
                    wrong("handled m" + one.read.serial() + " twice");
                }
                channel.handled = one.offset;
                channel.owed.add(one);
                channel.urgent |= one.read.waits();
            }
            if (!channel.owed.isEmpty() && welcomed && (channel.urgent || now >= nextAcks)) {
                sendAck(entry.getKey(), channel);
            }
        }
        if (now >= nextAcks) {
            nextAcks = now + TimeUnit.MILLISECONDS.toNanos(100);
        }
    }

    private void sendAck(String channel, Acks what) throws IOException {
        String epoch = LedgerBook.epoch(accounts.get(channel).position());
        StringBuilder failed = new StringBuilder();
        long now = System.nanoTime();
        for (Handling one : what.owed) {
            if (one.fails) {
                failed.append(failed.isEmpty() ? "" : ",").append('"' + epoch + "-" + one.offset + '"');
            } else if (one.read.waits()) {
                ackSentAt.put(one.read.serial(), now);
            }
        }
        what.owed.clear();
        what.urgent = false;
        write(textFrame("{\"type\":\"ack\",\"channel\":\"" + channel + "\",\"position\":\"" + epoch + "-" + what.handled
                + "\"" + (failed.isEmpty() ? "" : ",\"failed\":[" + failed + "]") + "}"));
        fleet.acksSent++;
    }

    @Override
    boolean goodbye() throws IOException {
        tick(System.nanoTime());
        write(CLOSE_FRAME);
        return true;
    }

    @Override
    boolean hasAll() {
        return welcomed
                && acks.values().stream().allMatch(one -> one.inHand.isEmpty())
                && fleet.tops.entrySet().stream()
                        .allMatch(top -> !accounts.containsKey(top.getKey())
                                || accounts.get(top.getKey()).last >= top.getValue());
    }
}
