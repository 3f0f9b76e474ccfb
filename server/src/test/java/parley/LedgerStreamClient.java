package parley;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** An EventSource: it knows nothing but the last event's id. Every second one asks for v1 JSON. */
final class LedgerStreamClient extends LedgerClient {

    final Map<String, LedgerAccount> accounts = new HashMap<>();
    private final boolean json;
    private final ByteArrayOutputStream lineBytes = new ByteArrayOutputStream();
    private final Map<String, Long> holes = new HashMap<>(); // where a channel stands after one that is to be declared
    private String lastEventId;
    private boolean fresh; // nothing came yet on this line
    private String id;
    private String event;
    private StringBuilder data;

    LedgerStreamClient(
            LedgerFleet fleet, String name, String user, List<String> topics, RandomGenerator random, boolean json) {
        super(fleet, name, user, topics, random);
        this.json = json;
    }

    @Override
    List<String> requestLines() {
        return lastEventId == null ? List.of() : List.of("Last-Event-ID: " + lastEventId);
    }

    @Override
    String path() {
        StringBuilder path = new StringBuilder("/websocket/" + user + "?");
        topics.forEach(topic -> path.append("topic=").append(topic).append('&'));
        return path + (json ? "format=v1" : "");
    }

    @Override
    int expectedStatus() {
        return 200;
    }

    @Override
    void opened() {
        fresh = true;
        clear();
    }

    private void clear() {
        id = null;
        event = null;
        data = null;
    }

    @Override
    void lineEnded() {
        lineBytes.reset();
        holes.clear();
        clear();
    }

    @Override
    void received(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            byte next = bytes.get();
            if (next == '\n') {
                String line = lineBytes.toString(StandardCharsets.UTF_8);
                lineBytes.reset();
                line(line);
            } else {
                lineBytes.write(next);
            }
        }
    }

    private void line(String line) {
        if (line.startsWith("id: ")) {
            id = line.substring(4);
        } else if (line.startsWith("event: ")) {
            event = line.substring(7);
        } else if (line.startsWith("data: ")) {
            data = (data == null ? new StringBuilder() : data.append('\n')).append(line, 6, line.length());
        } else if (line.isEmpty()) {
            dispatch();
            clear();
        } else if (!line.startsWith(":")) {
            wrong("not a line of an event: " + line);
        }
    }

    private static Map<String, String> positions(String id) {
        Map<String, String> positions = new LinkedHashMap<>();
        for (String pair : new String(Base64.getUrlDecoder().decode(id), StandardCharsets.UTF_8).split("\n")) {
            int equals = pair.lastIndexOf('=');
            positions.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        return positions;
    }

    private void dispatch() {
        if (id == null) {
            if (data != null) {
                wrong("an event without a position: " + data);
            }
            return; // a comment
        }
        lastEventId = id;
        Map<String, String> positions = positions(id);
        if (data == null) {
            positions.forEach(this::start);
            fresh = false;
            return;
        }
        if (fresh) {
            wrong("the stream starts with " + data);
        }
        if ("gap".equals(event)) {
            gap(JsonParser.parseString(data.toString()).getAsJsonObject());
        } else {
            message(positions);
        }
    }

    /** The server says where a channel starts on this line. */
    private void start(String channel, String position) {
        LedgerAccount account = accounts.get(channel);
        if (account == null) {
            accounts.put(channel, new LedgerAccount(this, channel, position));
        } else if (LedgerBook.offset(position) != account.last) {
            holes.put(channel, LedgerBook.offset(position));
        } else {
            account.stand(position, 0L, true);
        }
    }

    private void gap(JsonObject gap) {
        String channel = gap.get("channel").getAsString();
        JsonElement missed = gap.get("missed");
        boolean atTheStart = holes.remove(channel) != null;
        accounts.get(channel)
                .stand(
                        gap.get("position").getAsString(),
                        missed.isJsonNull() ? null : Long.valueOf(missed.getAsLong()),
                        atTheStart);
    }

    private void message(Map<String, String> positions) {
        String text = data.toString();
        String position = null;
        if (json) {
            JsonObject message = JsonParser.parseString(text).getAsJsonObject();
            position = message.get("position").getAsString();
            text = message.get("body").getAsString();
        }
        LedgerBook.Read read = LedgerBook.Read.of(text);
        String byId = positions.get(read.channel());
        LedgerAccount account = accounts.get(read.channel());
        if (account == null || byId == null || json && !byId.equals(position)) {
            wrong("its id says " + positions + ": " + text);
            return;
        }
        if (holes.containsKey(read.channel())) {
            wrong("a hole before " + byId + " of " + read.channel() + " was not declared");
        }
        account.message(byId, read.serial(), false);
        positions.forEach((channel, at) -> {
            if (LedgerBook.offset(at) > accounts.get(channel).last && !holes.containsKey(channel)) {
                wrong("the id is ahead of what came in " + channel + ": " + at);
            }
        });
        fleet.receivedByStreams++;
    }

    @Override
    boolean goodbye() {
        return false;
    }

    @Override
    void tick(long now) {}

    @Override
    boolean hasAll() {
        return state == State.OPEN
                && !fresh
                && fleet.tops.entrySet().stream()
                        .allMatch(top -> !accounts.containsKey(top.getKey())
                                || accounts.get(top.getKey()).last >= top.getValue());
    }
}
