package parley.session;

import java.util.ArrayList;
import java.util.List;
import parley.message.Channel;

/**
 * What waits to be written to one client: ordered, bounded, one write under way at a time. Every byte to a client leaves
 * through here. Offering is memory only; whoever offered to an idle outbox pumps it once he holds no lock. All methods
 * may be called from any thread.
 */
final class Outbox implements Transport.Done {

    /** Whom the outbox tells what it does; never under its lock. */
    interface Owner {
        /** Texts were handed to the transport; not yet taken by the operating system. */
        void handedOver(List<Transport.Frame> frames);

        /** They were taken by the operating system. */
        void written(List<Transport.Frame> frames);

        /** There is more to write than one pump should: let another one go on. */
        void again(Outbox outbox);

        /** A write did not complete at once. */
        void pending();

        /** The close frame leaves now; nothing will be written after it. */
        void closeSent();

        void failed(Throwable failure);

        /** What the next ping carries. */
        String pingPayload();

        /** Milliseconds that never go back. */
        long now();
    }

    private enum State {
        /** Nothing waits. */
        IDLE,
        /** Something waits, and somebody is about to pump. */
        DIRTY,
        /** A pump is at work, or a write is under way. */
        BUSY
    }

    /** How far the write under way has come; tells a completion on the pump's own thread from a later one. */
    private enum Write {
        HANDING,
        PENDING,
        DONE
    }

    /** Writes of one pump at a time: whoever pumps has other things to do, too. */
    private static final int MAX_WRITES = 64;

    private final Transport transport;
    private final Owner owner;
    private final Outgoing pingFrame; // written before each ping, or null

    // all guarded by this
    private final OutboxQueue waiting = new OutboxQueue();
    private boolean ping;
    private State state = State.IDLE;
    private Write write = Write.DONE;
    private long pendingSince;
    private List<Transport.Frame> frames; // of the write under way; else only the pump touches it
    private boolean pingTaken; // the write under way ends with a ping
    private Throwable failure;
    private List<Subscription> drainWanted = List.of();
    private Disconnect closing; // set once
    private String reason;
    private boolean closeSent;

    Outbox(Transport transport, Owner owner, Outgoing pingFrame) {
        this.transport = transport;
        this.owner = owner;
        this.pingFrame = pingFrame;
    }

    /**
     * Queues a text.
     *
     * @param drained told, when the answer is OVERFLOW, as soon as half of the outbox is free; may be null
     * @param after gets this outbox when it must be pumped
     */
    synchronized Offer offer(Outgoing out, Subscription drained, AfterUnlock after) {
        if (closing != null) {
            return Offer.CLOSED;
        }
        Offer offer = waiting.offer(out);
        if (offer.taken()) {
            dirty(after);
        } else if (drained != null) {
            drainWanted = drainWanted instanceof ArrayList ? drainWanted : new ArrayList<>(2);
            drainWanted.add(drained);
        }
        return offer;
    }

    /** Asks for a ping with the next write; any number of wishes become one. */
    synchronized void ping(AfterUnlock after) {
        if (closing == null) {
            ping = true;
            dirty(after);
        }
    }

    /**
     * Answers a ping with the next write.
     *
     * @return whether somebody must pump; who reads pings should have it done, and read on: a crowd of them is then
     *     answered in one write
     */
    synchronized boolean pong(byte[] payload) {
        if (closing != null) {
            return false;
        }
        waiting.pong(payload);
        if (state != State.IDLE) {
            return false;
        }
        state = State.DIRTY;
        return true;
    }

    private void dirty(AfterUnlock after) {
        if (state == State.IDLE) {
            state = State.DIRTY;
            after.write(this);
        }
    }

    /**
     * Accepts nothing more; what waits may leave, then comes the close frame. The first reason wins.
     *
     * @param drop what waits does not leave
     */
    void close(Disconnect why, String sentence, boolean drop) {
        synchronized (this) {
            if (closing != null) {
                return;
            }
            closing = why;
            reason = sentence;
            drainWanted = List.of();
            if (drop) {
                clear();
            }
            if (state != State.IDLE) {
                return; // whoever pumps comes by the close
            }
            state = State.BUSY;
        }
        run();
    }

    /** The line is gone: nothing is accepted, nothing is written any more. */
    synchronized void end() {
        closing = closing == null ? Disconnect.GONE : closing;
        closeSent = true;
        drainWanted = List.of();
        clear();
    }

    /** Gives up what still waits, so that the close frame can go as soon as the write under way is done. */
    synchronized void drop() {
        clear();
    }

    private void clear() {
        waiting.clear();
        ping = false;
    }

    /** The lowest offset of the channel that the operating system has not taken yet; Long.MAX_VALUE when there is none. */
    synchronized long firstUnwritten(Channel channel) {
        if (write != Write.DONE) {
            for (Transport.Frame frame : frames) {
                if (frame instanceof Transport.Text text && text.out().isOf(channel)) {
                    return text.out().position().offset();
                }
            }
        }
        return waiting.first(channel);
    }

    /** What waits, in bytes, beside the write under way; with an overhead for each text. */
    synchronized long waitingBytes() {
        return waiting.bytes();
    }

    /** Since when the write under way waits for the client to read, in the owner's time; -1 when none does. */
    synchronized long pendingSince() {
        return state == State.BUSY && write == Write.PENDING ? pendingSince : -1;
    }

    /** Writes what waits. Does nothing when somebody else is at it. Called without any lock. */
    void pump() {
        synchronized (this) {
            if (state != State.DIRTY) {
                return;
            }
            state = State.BUSY;
        }
        run();
    }

    /** The pump: whoever made the outbox BUSY runs this, and after him whoever completes a pending write. */
    private void run() {
        for (int writes = 0; ; writes++) {
            boolean end = false;
            synchronized (this) {
                if (writes == MAX_WRITES) {
                    state = State.DIRTY;
                    break;
                }
                if (!take()) {
                    state = State.IDLE;
                    if (closing == null || closeSent) {
                        return;
                    }
                    closeSent = true;
                    end = true;
                }
            }
            if (end) {
                owner.closeSent();
                transport.close(closing.code(), reason);
                return;
            }
            owner.handedOver(frames);
            if (pingTaken) {
                Transport.Ping sign = new Transport.Ping(owner.pingPayload());
                synchronized (this) { // firstUnwritten may be reading
                    frames.add(sign);
                }
            }
            hand();
            if (pending()) {
                owner.pending();
                return;
            }
            if (!settle()) {
                return;
            }
        }
        owner.again(this);
    }

    /** A line that ends in the same moment may throw: this one's failure, and not that of those who are pumped after it. */
    private void hand() {
        try {
            transport.write(frames, this);
        } catch (RuntimeException thrown) {
            synchronized (this) {
                if (write == Write.HANDING) {
                    failure = thrown;
                    write = Write.DONE;
                }
            }
        }
    }

    /** Makes the next write of what waits; false when there is nothing. */
    private boolean take() {
        frames = waiting.take();
        pingTaken = ping;
        ping = false;
        if (pingTaken && pingFrame != null && !waiting.isWithinText()) {
            frames.add(new Transport.Text(pingFrame, 0, pingFrame.bytes().length));
        }
        if (!pingTaken && frames.isEmpty()) {
            frames = List.of(); // an idle outbox keeps nothing alive
            return false;
        }
        write = Write.HANDING;
        return true;
    }

    /** After a hand-over: true when the completion comes later, and goes on from there. */
    private synchronized boolean pending() {
        if (write != Write.HANDING) {
            return false;
        }
        write = Write.PENDING;
        pendingSince = owner.now();
        return true;
    }

    @Override
    public void written(Throwable cause) {
        synchronized (this) {
            failure = cause;
            boolean inline = write == Write.HANDING;
            write = Write.DONE;
            if (inline) {
                return; // the pump that handed over goes on
            }
        }
        if (settle()) {
            run();
        }
    }

    /** Tells who wants to know that a write is done; false when it failed and nothing is to be written any more. */
    private boolean settle() {
        Throwable cause;
        int turns;
        synchronized (this) {
            cause = failure;
            turns = drainWanted.size();
            if (cause != null) {
                clear();
                closing = closing == null ? Disconnect.GONE : closing;
                closeSent = true;
                state = State.IDLE;
            }
        }
        if (cause != null) {
            owner.failed(cause);
            return false;
        }
        owner.written(frames);
        for (Subscription next = nextDrained(turns); next != null; next = nextDrained(turns)) {
            next.drained();
            turns--;
        }
        return true;
    }

    /** Whose turn it is, while half of the outbox is free: one that does not get along goes to the end of the line. */
    private synchronized Subscription nextDrained(int turns) {
        return turns > 0 && !drainWanted.isEmpty() && waiting.isHalfEmpty() ? drainWanted.remove(0) : null;
    }
}
