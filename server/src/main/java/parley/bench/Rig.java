package parley.bench;

/**
 * What every scenario needs.
 *
 * @param pid of the server, 0 when unknown
 * @param inbox whether the server keeps what a user misses
 */
record Rig(BenchSettings settings, Target target, Load load, Progress progress, long pid, boolean inbox) {

    Usage usage() {
        return Usage.now(pid);
    }
}
