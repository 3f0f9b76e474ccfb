package parley.bench;

/** The {@link Ledger}s of a run: one for each receiver and each stream of numbers that it gets. */
final class Books {

    /** What the run came to. */
    record Balance(long expected, long lost, long duplicated, long reordered) {
        static final Balance NOTHING = new Balance(0, 0, 0, 0);

        boolean isClean() {
            return lost == 0 && duplicated == 0 && reordered == 0;
        }
    }

    private final Ledger[] ledgers;
    private final int streams;
    private long distinct;

    Books(int receivers, int streams) {
        this.streams = streams;
        ledgers = new Ledger[receivers * streams];
        for (int i = 0; i < ledgers.length; i++) {
            ledgers[i] = new Ledger();
        }
    }

    /** A message came. Returns whether for the first time. */
    boolean got(int receiver, int stream, long number) {
        boolean first = ledgers[receiver * streams + stream].got(number);
        if (first) {
            distinct++;
        }
        return first;
    }

    /** How many different messages came, to all receivers together. */
    long distinct() {
        return distinct;
    }

    /** @param expected how many had to come */
    Balance balance(long expected) {
        long duplicated = 0;
        long reordered = 0;
        for (Ledger ledger : ledgers) {
            duplicated += ledger.duplicated();
            reordered += ledger.reordered();
        }
        return new Balance(expected, expected - distinct, duplicated, reordered);
    }
}
