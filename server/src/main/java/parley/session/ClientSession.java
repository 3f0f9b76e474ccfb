package parley.session;

import java.util.ArrayList;
import java.util.List;
import parley.auth.Identity;
import parley.auth.RateLimiter;
import parley.broker.Broker;
import parley.message.Channel;
import parley.message.Position;
import parley.message.ServerFrame;
import parley.metrics.Limit;

/**
 * One connection: who it is, what it subscribed to, what waits for it. Made and closed by the SessionRegistry alone; all
 * methods may be called from any thread.
 */
public final class ClientSession implements Outbox.Owner {

    private final String id;
    private final Identity identity;
    private final Mode mode;
    private final Transport transport;
    private final SessionRegistry registry;
    private final InboxReading inbox; // null for a back end
    private final Outbox outbox;
    private Conversation conversation = Conversation.SILENT; // set before the first text can come

    /** Everything below belongs to the heartbeat, in the registry's time. */
    final Wheel.Timer<ClientSession> timer = new Wheel.Timer<>(this);

    final long opened;
    volatile long heard;
    volatile boolean greeted;
    volatile boolean flooding; // what it sends is no longer read
    volatile long nextPing;
    volatile long confirmAt = Long.MAX_VALUE; // when a plain client is asked whether it has what was written
    volatile long messageSince = Long.MAX_VALUE; // when a message began that is not whole yet
    volatile long abortAt = Long.MAX_VALUE;

    private RateLimiter controlFrames; // null before the first; for the one who reads
    private int asked; // questions that have no reply yet; guarded by this

    private final List<Subscription> subscriptions = new ArrayList<>(2); // guarded by this
    private volatile boolean closed; // written under this

    ClientSession(
            String id,
            Identity identity,
            Mode mode,
            Transport transport,
            boolean movesCursor,
            SessionRegistry registry,
            Broker broker) {
        this.id = id;
        this.identity = identity;
        this.mode = mode;
        this.transport = transport;
        this.registry = registry;
        this.inbox = identity.user() == null ? null : new InboxReading(this, movesCursor ? broker : null);
        this.outbox = new Outbox(transport, this, mode == Mode.V1 ? SessionRegistry.PING : null);
        this.opened = registry.now();
        this.heard = opened;
    }

    public String id() {
        return id;
    }

    public Identity identity() {
        return identity;
    }

    Mode mode() {
        return mode;
    }

    Outbox outbox() {
        return outbox;
    }

    Transport transport() {
        return transport;
    }

    /** The user's own channel; null for a back end. */
    Channel.User userChannel() {
        return inbox == null ? null : inbox.channel;
    }

    void converse(Conversation how) {
        conversation = how;
    }

    /** The client sent a text. */
    public void received(String text) {
        heard();
        if (!closed) { // what was said before it knew is not done after all
            conversation.received(text);
        }
    }

    /** Bytes came from the client, whatever they say. */
    public void heard() {
        heard = registry.now();
    }

    /** The first piece of a message came, and more must follow in time. */
    public void messageBegan() {
        messageSince = registry.now();
        registry.watchMessage(this);
    }

    public void messageEnded() {
        messageSince = Long.MAX_VALUE;
    }

    /**
     * A ping or pong frame came. To be called by one thread at a time.
     *
     * @return false when there were too many, and so the session was closed
     */
    public boolean admitControlFrame() {
        if (controlFrames == null) {
            controlFrames = new RateLimiter(
                    SessionSettings.CONTROL_FRAMES_PER_SECOND, SessionSettings.CONTROL_FRAMES_AT_ONCE, registry.now());
        }
        if (controlFrames.take(registry.now())) {
            return true;
        }
        registry.flooded(
                this,
                Limit.CONTROL_FRAMES,
                "more than " + SessionSettings.CONTROL_FRAMES_PER_SECOND + " ping or pong frames per second");
        return false;
    }

    /** Whether it was closed because it sends too much, so that the rest need not be read. */
    public boolean isFlooding() {
        return flooding;
    }

    /** A question goes out, and so a reply is in order. */
    synchronized void asked() {
        asked++;
    }

    /** Whether a reply is to a question that was asked. */
    synchronized boolean mayReply() {
        if (asked == 0) {
            return false;
        }
        asked--;
        return true;
    }

    /** The client wants a sign of life. @param payload comes back; nobody changes it any more */
    public void pinged(byte[] payload) {
        if (outbox.pong(payload)) {
            registry.pump(outbox);
        }
    }

    /** The client answered a ping; a plain one so confirms what was handed over before it. */
    public void ponged(String payload) {
        heard();
        if (mode == Mode.PLAIN) {
            inbox.ponged(payload);
        }
    }

    /** The user has what stands up to {@code position} of his channel. */
    void read(Position position) {
        inbox.read(position);
    }

    /** Sends a frame of the conversation; a client that lets its answers pile up is too slow. */
    void send(ServerFrame frame) {
        send(Outgoing.frame(frame));
    }

    void send(Outgoing out) {
        send(out, () -> {});
    }

    /** Sends a frame that tells of something, and does it before the client can know. */
    void send(ServerFrame frame, Runnable something) {
        send(Outgoing.frame(frame), something);
    }

    private void send(Outgoing out, Runnable beforeWriting) {
        AfterUnlock after = registry.afterUnlock();
        if (outbox.offer(out, null, after) == Offer.OVERFLOW) {
            after.cut(this);
        }
        beforeWriting.run();
        after.flush();
    }

    /**
     * Channels of a session without hello start: a stream is told where, so that it can resume before any message. Where
     * there is a hole it stands before it until the gap is told: a line that is cut between the two must not hide it.
     */
    void started(List<Subscribing.Joined> joined) {
        if (mode.webSocket()) {
            return;
        }
        AfterUnlock after = registry.afterUnlock();
        List<Outgoing> gaps = new ArrayList<>();
        for (Subscribing.Joined join : joined) {
            Channel channel = join.subscription().channel;
            ServerFrame.Start start = join.start();
            Position stands = start.position();
            if (start.missed() == null || start.missed() > 0) {
                stands = join.since() instanceof Since.After resumed ? resumed.position() : null;
                gaps.add(Outgoing.gap(new ServerFrame.Gap(channel, start.missed(), start.position())));
            }
            if (stands != null) {
                outbox.offer(Outgoing.start(channel, stands), null, after);
            }
        }
        gaps.forEach(gap -> outbox.offer(gap, null, after));
        after.flush();
    }

    public void close(Disconnect why) {
        registry.close(this, why, why.sentence());
    }

    /** @param sentence for the human who reads the close frame; at most 123 bytes are sent */
    public void close(Disconnect why, String sentence) {
        registry.close(this, why, sentence);
    }

    /** Adds a subscription and puts it into the index, unless the session is closed. */
    synchronized boolean add(Subscription subscription, Runnable index) {
        if (closed) {
            return false;
        }
        subscriptions.add(subscription);
        index.run();
        return true;
    }

    synchronized boolean remove(Subscription subscription) {
        return subscriptions.remove(subscription);
    }

    synchronized Subscription subscription(Channel channel) {
        for (Subscription subscription : subscriptions) {
            if (subscription.channel.equals(channel)) {
                return subscription;
            }
        }
        return null;
    }

    synchronized int subscriptionCount() {
        return subscriptions.size();
    }

    boolean isClosed() {
        return closed;
    }

    /** How it stands now; see {@link SessionFigures}. */
    SessionFigures figures() {
        List<Subscription> all;
        synchronized (this) {
            all = List.copyOf(subscriptions);
        }
        List<String> topics = new ArrayList<>(0);
        long behind = 0;
        for (Subscription subscription : all) {
            if (subscription.channel instanceof Channel.Topic topic) {
                topics.add(topic.name());
            }
            behind += subscription.behind();
        }
        long now = registry.now();
        long stalled = outbox.pendingSince();
        return new SessionFigures(
                id,
                identity.user(),
                mode,
                transport.address(),
                now - opened,
                mode.webSocket() ? Math.max(0, now - heard) : null,
                topics,
                outbox.waitingBytes(),
                stalled < 0 ? 0 : Math.max(0, now - stalled),
                behind);
    }

    /** Marks the session closed and hands out what it had; null when it was closed already. */
    synchronized List<Subscription> end() {
        if (closed) {
            return null;
        }
        closed = true;
        List<Subscription> had = new ArrayList<>(subscriptions);
        subscriptions.clear();
        return had;
    }

    @Override
    public void handedOver(List<Transport.Frame> frames) {
        if (mode == Mode.PLAIN && inbox.handedOver(frames)) {
            registry.confirmSoon(this);
        }
    }

    @Override
    public void written(List<Transport.Frame> frames) {
        if (!mode.webSocket() && inbox != null) {
            inbox.written(frames);
        }
    }

    @Override
    public void again(Outbox more) {
        registry.pump(more);
    }

    @Override
    public void pending() {
        registry.watchWrite(this);
    }

    @Override
    public void closeSent() {
        registry.abortSoon(this);
    }

    @Override
    public void failed(Throwable failure) {
        transport.abort();
        close(Disconnect.GONE);
    }

    @Override
    public String pingPayload() {
        return inbox == null ? "" : inbox.pingPayload();
    }

    @Override
    public long now() {
        return registry.now();
    }
}
