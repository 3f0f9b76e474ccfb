package parley.bench;

import java.util.Arrays;

/**
 * What one receiver got of the messages that one publisher numbered 1, 2, 3 and so on. Exact for any number of messages
 * in 64 bytes and 16 for each hole, as long as there are no more than {@value #MOST_HOLES} holes at a time; beyond
 * that the oldest is given up: it counts as lost, and what still comes of it as duplicated. Not thread-safe.
 */
final class Ledger {

    static final int MOST_HOLES = 1024;

    private static final long[] NONE = {};

    private long top; // the highest number that came
    private long[] holes = NONE; // first and last number of each, ascending, all below top
    private int used; // of holes
    private long distinct;
    private long duplicated;
    private long reordered;

    /** A message came. Returns whether for the first time. */
    boolean got(long number) {
        if (number == top + 1) {
            top = number;
            distinct++;
            return true;
        }
        if (number > top) {
            addHole(top + 1, number - 1);
            top = number;
            distinct++;
            return true;
        }
        int hole = holeOf(number);
        if (hole < 0) {
            duplicated++;
            return false;
        }
        fill(hole, number);
        reordered++;
        distinct++;
        return true;
    }

    private int holeOf(long number) {
        for (int i = used - 2; i >= 0 && holes[i + 1] >= number; i -= 2) {
            if (holes[i] <= number) {
                return i;
            }
        }
        return -1;
    }

    private void fill(int hole, long number) {
        long first = holes[hole];
        long last = holes[hole + 1];
        if (first < number && number < last) {
            holes[hole + 1] = number - 1;
            insert(hole + 2, number + 1, last);
        } else if (first < last) {
            holes[hole] = number == first ? first + 1 : first;
            holes[hole + 1] = number == last ? last - 1 : last;
        } else {
            System.arraycopy(holes, hole + 2, holes, hole, used - hole - 2);
            used -= 2;
        }
    }

    private void addHole(long first, long last) {
        insert(used, first, last);
    }

    private void insert(int at, long first, long last) {
        int place = at;
        if (used == 2 * MOST_HOLES) {
            System.arraycopy(holes, 2, holes, 0, used - 2);
            used -= 2;
            place = Math.max(0, at - 2);
        } else if (used == holes.length) {
            holes = Arrays.copyOf(holes, Math.max(4, 2 * used));
        }
        System.arraycopy(holes, place, holes, place + 2, used - place);
        holes[place] = first;
        holes[place + 1] = last;
        used += 2;
    }

    /** How many different messages came. */
    long distinct() {
        return distinct;
    }

    /** How often a message came that had come before. */
    long duplicated() {
        return duplicated;
    }

    /** How many messages came after one with a higher number. */
    long reordered() {
        return reordered;
    }
}
