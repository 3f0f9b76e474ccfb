package parley.history;

import java.sql.SQLException;
import parley.message.Problem;

/** What a failure of SQLite means; its codes are those of https://www.sqlite.org/rescode.html. */
final class SqliteHistoryFailure {

    /** SQLite's code for a damaged file; also ours for a row that is not what was written. */
    static final int CORRUPT = 11;

    private static final int BUSY = 5;
    private static final int READ_ONLY = 8;
    private static final int IO_ERROR = 10;
    private static final int FULL = 13;
    private static final int CONSTRAINT = 19;
    private static final int NOT_A_DATABASE = 26;

    private SqliteHistoryFailure() {}

    private static int code(Throwable e) {
        return e instanceof SQLException sql ? sql.getErrorCode() & 0xff : -1;
    }

    /** Whether the file, or a row in it, is not what was written. */
    static boolean isDamage(Throwable e) {
        return code(e) == CORRUPT || code(e) == NOT_A_DATABASE;
    }

    /** Whether what was to be inserted is there already. */
    static boolean isDisagreement(Throwable e) {
        return code(e) == CONSTRAINT;
    }

    /** What a publisher is told. */
    static Problem problem(Throwable e) {
        String cause = switch (code(e)) {
            case FULL -> "the disk with the data directory is full";
            case READ_ONLY -> "the data directory is read-only";
            case IO_ERROR -> "the disk with the data directory reports an error";
            case BUSY -> "another program has locked the stored messages";
            case CORRUPT, NOT_A_DATABASE -> "the stored messages were damaged and have been set aside";
            default -> "the stored messages cannot be written (code " + code(e) + ")";
        };
        return new Problem(503, "not_stored", "Nothing was stored or delivered: " + cause + ". Try again later.");
    }
}
