package parley.session;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import parley.broker.Waiting;

/** The subscriptions of one channel on this server. Its lock lies between the channel entry's and a Subscription's. */
final class Audience {

    private Subscription[] members = new Subscription[1]; // guarded by this
    private int size; // guarded by this

    synchronized void add(Subscription subscription) {
        if (size == members.length) {
            members = Arrays.copyOf(members, size * 2);
        }
        subscription.slot = size;
        members[size++] = subscription;
    }

    /** Takes a subscription out; true when none is left. */
    synchronized boolean remove(Subscription subscription) {
        int slot = subscription.slot;
        if (slot < size && members[slot] == subscription) {
            members[slot] = members[--size];
            members[slot].slot = slot;
            members[size] = null;
            if (size < members.length / 4) {
                members = Arrays.copyOf(members, members.length / 2);
            }
        }
        return size == 0;
    }

    synchronized void deliver(Outgoing.Forms forms, boolean kept, Waiting waiting, AfterUnlock after) {
        for (int i = 0; i < size; i++) {
            if (members[i].deliver(forms, kept, waiting, after)) {
                after.countOnline();
            }
        }
    }

    synchronized List<Subscription> members() {
        return new ArrayList<>(Arrays.asList(members).subList(0, size));
    }

    synchronized int size() {
        return size;
    }

    synchronized int online() {
        int online = 0;
        for (int i = 0; i < size; i++) {
            if (members[i].online()) {
                online++;
            }
        }
        return online;
    }
}
