package parley.session;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import parley.broker.Broker;
import parley.broker.Fates;
import parley.broker.Fates.Receiver.Outcome;
import parley.broker.Waiting;
import parley.message.Channel;
import parley.message.Message;
import parley.message.Page;
import parley.message.Position;
import parley.message.ServerFrame;
import parley.metrics.Metrics;

/**
 * One session in one channel: keeps the order, drops what the session has, and fetches from the history what it lacks.
 * While it is LIVE messages are passed on as they come; on a jump, or when the outbox is full, it falls BEHIND, notes
 * how far the channel went, and pages until it has caught up. So replay needs no memory beyond a page, cannot race with
 * live messages, and heals a message lost on the way by the same path.
 *
 * <p>In BEHIND exactly one page is under way or one drain is asked for: whoever makes it BEHIND asks, and whoever ends a
 * page either asks for the next or makes it LIVE. The broker is never called under this lock.
 */
final class Subscription {

    private enum State {
        /** Made, but nothing goes out before the session's welcome. */
        HELD,
        LIVE,
        BEHIND,
        CLOSED
    }

    final ClientSession session;
    final Channel channel;
    int slot; // guarded by the Audience

    private final Position start;
    private final Broker broker;
    private final Metrics metrics;
    private final Pumps pumps;

    // guarded by this
    private State state = State.HELD;
    private String epoch;
    private long last; // offered or passed over
    private long newest; // what the channel has reached, in this epoch; never falls
    private Position ahead; // what the channel has reached in another epoch, or null
    private long acked; // the client has handled it, in this epoch
    private final Waiters waiters = new Waiters();

    Subscription(ClientSession session, Channel channel, Position start, Broker broker, Metrics metrics, Pumps pumps) {
        this.session = session;
        this.channel = channel;
        this.broker = broker;
        this.metrics = metrics;
        this.pumps = pumps;
        this.start = start;
        this.acked = start.offset();
        this.epoch = start.epoch();
        this.last = start.offset();
        this.newest = last;
    }

    /**
     * Takes a message of the channel, under the channel's lock.
     *
     * @return whether the session is there to get it
     */
    synchronized boolean deliver(Outgoing.Forms forms, boolean kept, Waiting waiting, AfterUnlock after) {
        if (state == State.CLOSED) {
            return false;
        }
        Message message = forms.message;
        boolean meant = state != State.HELD && !session.id().equals(message.exclude());
        Position position = message.position();
        if (waiting != null && meant && session.mode() == Mode.V1) {
            waiters.join(position, waiting);
        }
        if (position == null) {
            if (meant) {
                offerUnkept(forms, after);
            }
        } else if (!position.epoch().equals(epoch)) {
            reach(position);
            fallBehind(after);
        } else if (position.offset() > last) {
            newest = Math.max(newest, position.offset());
            if (state == State.LIVE) {
                next(forms, meant, kept, after);
            }
        }
        return meant;
    }

    private void next(Outgoing.Forms forms, boolean meant, boolean kept, AfterUnlock after) {
        long offset = forms.message.position().offset();
        if (offset != last + 1) {
            fallBehind(after);
        } else if (!meant) {
            last = offset;
        } else if (!kept) {
            last = offset;
            offerUnkept(forms, after);
        } else {
            Offer offer = offer(forms, after);
            if (offer.taken()) {
                last = offset;
            } else if (offer == Offer.OVERFLOW) {
                state = State.BEHIND; // the outbox calls drained
                broker.fates().slow(session.id(), session.identity().user(), channel, forms.message.position());
            }
        }
    }

    /** Offers a stored message; one whose copy it displaced in the outbox will never be acked. */
    private Offer offer(Outgoing.Forms forms, AfterUnlock after) {
        Position position = forms.message.position();
        Offer offer = session.outbox().offer(forms.of(session.mode(), waiters.has(position)), this, after);
        if (offer.taken()) {
            waiters.offered(position);
        }
        leaveDisplaced(offer, after);
        return offer;
    }

    /** Positions do not tell these: for people who ask. */
    private void passed(String itsEpoch, long first, long through, Outcome outcome) {
        if (first <= through) {
            broker.fates().passed(session.id(), channel, itsEpoch, first, through, outcome);
        }
    }

    private void leaveDisplaced(Offer offer, AfterUnlock after) {
        if (offer instanceof Offer.Replaced replaced && replaced.displaced().position() != null) {
            waiters.leave(replaced.displaced().position(), after);
            long offset = replaced.displaced().position().offset();
            passed(replaced.displaced().position().epoch(), offset, offset, Outcome.COLLAPSED);
        }
    }

    /** Nobody can give this message back later: a session that cannot take it now is too slow. */
    private void offerUnkept(Outgoing.Forms forms, AfterUnlock after) {
        Position position = forms.message.position();
        Outgoing form = forms.of(session.mode(), position != null && waiters.has(position));
        Offer offer = session.outbox().offer(form, null, after);
        if (offer == Offer.OVERFLOW) {
            after.cut(session); // and its waiters leave when it is closed
        } else if (offer.taken() && position != null) {
            waiters.offered(position);
        }
        leaveDisplaced(offer, after);
    }

    private void fallBehind(AfterUnlock after) {
        if (state == State.LIVE) {
            state = State.BEHIND;
            after.catchUp(this);
        }
    }

    /** The channel has reached {@code position}, says the broker. Before {@link #release}. */
    synchronized void reach(Position position) {
        if (position.epoch().equals(epoch)) {
            newest = Math.max(newest, position.offset());
        } else if (ahead == null || !ahead.epoch().equals(position.epoch()) || ahead.offset() < position.offset()) {
            ahead = position;
        }
    }

    synchronized long newest() {
        return newest;
    }

    /** The session was welcomed: from now on messages go out. */
    void release() {
        synchronized (this) {
            if (state != State.HELD) {
                return;
            }
            state = caughtUp() ? State.LIVE : State.BEHIND;
            if (state == State.LIVE) {
                return;
            }
        }
        catchUp();
    }

    private boolean caughtUp() {
        return last >= newest && ahead == null;
    }

    /** The outbox has room again. */
    void drained() {
        catchUp();
    }

    /** What was known when a page was asked for. */
    private record Question(Position after, long newest, Position ahead) {}

    /** Fetches page after page. Only for who made this BEHIND, or was told by the outbox. */
    void catchUp() {
        while (true) {
            Question question;
            synchronized (this) {
                if (state != State.BEHIND) {
                    return;
                }
                question = new Question(new Position(epoch, last), newest, ahead);
            }
            CompletableFuture<Page> page =
                    broker.page(channel, question.after, question.newest).toCompletableFuture();
            if (!page.isDone() || page.isCompletedExceptionally()) {
                page.whenComplete((later, failure) -> {
                    if (failure != null) {
                        session.close(Disconnect.INTERNAL);
                    } else if (take(question, later)) {
                        catchUp();
                    }
                });
                return;
            }
            if (!take(question, page.join())) {
                return;
            }
        }
    }

    /** Offers what a page holds; true when another page must be asked for. */
    private boolean take(Question question, Page page) {
        AfterUnlock after = new AfterUnlock(pumps);
        boolean more;
        synchronized (this) {
            more = state == State.BEHIND && offerAll(question, page, after);
        }
        after.flush();
        return more;
    }

    private boolean offerAll(Question question, Page page, AfterUnlock after) {
        boolean sameEpoch = page.epoch().equals(epoch);
        boolean hole = page.missed() == null || page.missed() > 0;
        if (hole && !offerGap(page, after)) {
            return false;
        }
        if (!sameEpoch) {
            epoch = page.epoch();
            newest = ahead != null && ahead.epoch().equals(epoch)
                    ? Math.max(page.newest(), ahead.offset())
                    : page.newest();
            ahead = null;
            acked = page.from();
        }
        last = page.from();
        for (Message message : page.messages()) {
            if (!session.id().equals(message.exclude())) {
                if (!offer(new Outgoing.Forms(message), after).taken()) {
                    return false;
                }
            }
            passed(epoch, last + 1, message.position().offset() - 1, Outcome.EXPIRED);
            last = message.position().offset();
        }
        passed(epoch, last + 1, page.through(), Outcome.EXPIRED);
        last = page.through();
        waiters.passOver(new Position(epoch, last), after);
        if (question.equals(new Question(new Position(epoch, last), newest, ahead))) {
            newest = last; // the broker has nothing there: what was announced when it was asked is gone
            ahead = null;
        }
        if (caughtUp()) {
            state = State.LIVE;
            return false;
        }
        return true;
    }

    /** Tells of messages that retention took; false when there is no room to tell it now. */
    private boolean offerGap(Page page, AfterUnlock after) {
        if (session.mode() == Mode.PLAIN) {
            metrics.untoldGaps.increment();
            passed(page.epoch(), page.missed() == null ? 1 : last + 1, page.from(), Outcome.EXPIRED);
            return true;
        }
        ServerFrame.Gap gap = new ServerFrame.Gap(channel, page.missed(), new Position(page.epoch(), page.from()));
        if (!session.outbox().offer(Outgoing.gap(gap), this, after).taken()) {
            return false;
        }
        broker.fates().gap(session.id(), session.identity().user(), gap);
        return true;
    }

    /**
     * The client has handled everything up to {@code position}, but those in {@code failed} threw.
     *
     * @return false when not all of that was sent in this session
     */
    synchronized boolean ack(Position position, List<Position> failed, AfterUnlock after) {
        if (state == State.CLOSED || !position.epoch().equals(epoch) || position.offset() > last) {
            return false;
        }
        for (Position threw : failed) {
            boolean now = threw.offset() > acked && threw.offset() <= position.offset();
            if (now && threw.epoch().equals(epoch)) { // what a client makes up must not drive out the fates of others
                passed(epoch, threw.offset(), threw.offset(), Outcome.FAILED);
            }
        }
        confirmed(position);
        waiters.acked(position, failed, after);
        return true;
    }

    /** Where the session stands, for who subscribes a second time. */
    synchronized ServerFrame.Start standing() {
        return new ServerFrame.Start(new Position(epoch, last), new Position(epoch, newest), false, 0L);
    }

    /** Where the session stands; for people who ask. */
    synchronized Fates.Receiver receiver() {
        long written = Math.min(last, session.outbox().firstUnwritten(channel) - 1);
        return new Fates.Receiver(
                session.id(),
                session.identity().user(),
                session.mode().toString(),
                channel,
                start,
                Math.max(newest, last),
                last,
                written,
                acked);
    }

    /** The client has handled, or confirmed to have, everything up to {@code position}. */
    synchronized void confirmed(Position position) {
        if (position.epoch().equals(epoch)) {
            acked = Math.max(acked, position.offset());
        }
    }

    /** The offset up to which the client has handled what it got. */
    synchronized long acked() {
        return acked;
    }

    /** How many offsets the session has still to be given from the history; 0 when it is up to date. */
    synchronized long behind() {
        return state == State.BEHIND ? Math.max(0, newest - last) : 0;
    }

    /** Whether the channel sent the session anything. */
    synchronized boolean isUsed() {
        return last > start.offset() || newest > last;
    }

    synchronized boolean online() {
        return state == State.LIVE || state == State.BEHIND;
    }

    synchronized void close(AfterUnlock after) {
        state = State.CLOSED;
        waiters.leaveAll(after);
    }
}
