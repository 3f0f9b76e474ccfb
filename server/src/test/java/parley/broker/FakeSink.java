package parley.broker;

import java.util.ArrayList;
import java.util.List;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Message;
import parley.message.Position;

/** Sessions that are not there: records what reaches them. Thread-safe. */
final class FakeSink implements Broker.Sink {

    record Delivered(Message message, boolean kept, Waiting waiting) {}

    record Asked(Channel.User user, String ask, Body body, String flag) {}

    // all guarded by this
    final List<Delivered> delivered = new ArrayList<>();
    final List<Asked> asked = new ArrayList<>();
    int flushed;

    /** How many sessions each channel has; those of them that can ack join whoever waits. */
    volatile int online;

    volatile int acking;

    synchronized List<String> texts() {
        return delivered.stream().map(one -> one.message().body().content()).toList();
    }

    synchronized List<Position> positions(Channel channel) {
        return delivered.stream()
                .map(Delivered::message)
                .filter(message -> message.channel().equals(channel))
                .map(Message::position)
                .toList();
    }

    synchronized Waiting waiting(int index) {
        return delivered.get(index).waiting();
    }

    @Override
    public synchronized Broker.Delivery deliver(Message message, boolean kept, Waiting waiting) {
        delivered.add(new Delivered(message, kept, waiting));
        for (int i = 0; waiting != null && i < acking; i++) {
            waiting.join();
        }
        int there = online;
        return new Broker.Delivery() {
            @Override
            public int online() {
                return there;
            }

            @Override
            public void flush() {
                synchronized (FakeSink.this) {
                    flushed++;
                }
            }
        };
    }

    @Override
    public synchronized int ask(Channel.User user, String ask, Body body, String flag) {
        asked.add(new Asked(user, ask, body, flag));
        return acking;
    }

    @Override
    public int disconnect(Channel.User user, String reason) {
        return online;
    }

    @Override
    public List<Fates.Receiver> receivers(Channel channel) {
        return List.of();
    }

    @Override
    public int online(Channel channel) {
        return online;
    }

    @Override
    public List<String> users(String after, int limit) {
        return List.of("ann", "bob").subList(0, limit);
    }
}
