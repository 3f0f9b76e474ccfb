package parley.history;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * The data directory: its lock, SQLite's native library, the database file and what becomes of a damaged one.
 *
 * <pre>
 * DIR/parley.lock     locked while a server uses the directory
 * DIR/history.db      the database, with history.db-wal and history.db-shm beside it
 * DIR/native/         SQLite's library, so that nothing is left in /tmp and /tmp may be noexec
 * DIR/history.db.damaged-20261120T151000Z   set aside, for whoever wants to look; never read again
 * </pre>
 */
final class SqliteHistoryFiles implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SqliteHistory.class);

    /** Raise it with every change of the tables, and teach {@link #migrate} the step. */
    static final int SCHEMA = 1;

    /** For a backup tool that reads the file at the same time. */
    private static final int BUSY_MILLIS = 5_000;

    /** What the log may keep on disk after a flood of writes: 64 MiB. */
    private static final int LOG_BYTES = 64 << 20;

    private static final String[] TABLES = {
        "CREATE TABLE state (seed INTEGER NOT NULL, bytes INTEGER NOT NULL, event_bytes INTEGER NOT NULL)",
        "CREATE TABLE channel (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,"
                + " top INTEGER NOT NULL, cursor INTEGER NOT NULL, crc INTEGER NOT NULL)",
        "CREATE TABLE message (seq INTEGER PRIMARY KEY, channel INTEGER NOT NULL, offset INTEGER NOT NULL,"
                + " stored INTEGER NOT NULL, expires INTEGER NOT NULL, bytes INTEGER NOT NULL, id TEXT NOT NULL,"
                + " time INTEGER NOT NULL, sender TEXT, reception TEXT, flag TEXT, collapse TEXT, exclude TEXT,"
                + " json INTEGER NOT NULL, body BLOB NOT NULL, crc INTEGER NOT NULL)",
        "CREATE UNIQUE INDEX message_place ON message (channel, offset)",
        "CREATE INDEX message_expires ON message (expires)",
        "CREATE TABLE key (name TEXT PRIMARY KEY, digest TEXT NOT NULL, answer TEXT NOT NULL, wall INTEGER NOT NULL,"
                + " stored INTEGER NOT NULL, crc INTEGER NOT NULL)",
        "CREATE INDEX key_stored ON key (stored)",
    };

    private final Path directory;
    private final FileChannel lockFile;

    /** @throws IOException whose message is a sentence: the directory cannot be used, or another server uses it */
    SqliteHistoryFiles(Path directory) throws IOException {
        this.directory = directory;
        if (directory.toString().indexOf('?') >= 0) {
            throw new IOException("The name of the data directory " + directory + " must not have a question mark.");
        }
        try {
            makeDirectory();
            lockFile = FileChannel.open(
                    directory.resolve("parley.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException("The data directory " + directory + " cannot be used: " + e, e);
        }
        if (!lock()) {
            lockFile.close();
            throw new IOException("The data directory " + directory
                    + " is in use by another server: stop that one, or choose another directory with --data.");
        }
    }

    private void makeDirectory() throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        Path absolute = directory.toAbsolutePath();
        Files.createDirectories(absolute);
        if (Files.getFileStore(absolute).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(
                    absolute, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
            try (FileChannel parent = FileChannel.open(absolute.getParent())) {
                parent.force(true); // a power cut must not take the directory with it
            }
        }
    }

    private boolean lock() throws IOException {
        try {
            FileLock lock = lockFile.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException sameProcess) {
            return false;
        }
    }

    /** Unpacks SQLite's library here once, and lets the driver find it. */
    void provideLibrary() throws IOException {
        String name = LibraryLoaderUtil.getNativeLibName();
        String resource = LibraryLoaderUtil.getNativeLibResourcePath() + "/" + name;
        Path folder = directory.resolve("native").toAbsolutePath();
        try (InputStream in = SQLiteConfig.class.getResourceAsStream(resource)) {
            if (in == null) {
                return; // the driver says that it does not know this platform
            }
            byte[] library = in.readAllBytes();
            Path file = folder.resolve(name);
            if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), library)) {
                Files.createDirectories(folder);
                Path fresh = folder.resolve(name + ".new");
                Files.write(fresh, library);
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        System.setProperty("org.sqlite.lib.path", folder.toString());
        System.setProperty("org.sqlite.lib.name", name);
    }

    private Path database() {
        return directory.resolve("history.db");
    }

    /** The writer's connection; makes the tables where there are none. */
    Connection openForWriting(RandomGenerator random) throws SQLException, IOException {
        Connection connection = open();
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA synchronous = FULL");
            statement.execute("PRAGMA fullfsync = ON"); // macOS: all the way to the medium
            statement.execute("PRAGMA cache_size = -32768");
            statement.execute("PRAGMA journal_size_limit = " + LOG_BYTES);
            int schema;
            try (ResultSet row = statement.executeQuery("PRAGMA user_version")) {
                schema = row.getInt(1);
            }
            if (schema > SCHEMA) {
                throw new IOException("The data directory " + directory + " was written by a newer version (schema "
                        + schema + ", this one knows " + SCHEMA + "): use that version, or another directory.");
            }
            if (schema < SCHEMA) {
                statement.execute("BEGIN IMMEDIATE");
                migrate(statement, schema, random);
                statement.execute("PRAGMA user_version = " + SCHEMA);
                statement.execute("COMMIT");
            }
            return connection;
        } catch (SQLException | IOException e) {
            connection.close();
            throw e;
        }
    }

    /** Brings the tables from an older schema to this one; 0 is an empty file. */
    private static void migrate(Statement statement, int from, RandomGenerator random) throws SQLException {
        if (from == 0) {
            for (String table : TABLES) {
                statement.execute(table);
            }
            statement.execute("INSERT INTO state VALUES (" + random.nextLong() + ", 0, 0)");
        }
    }

    Connection openForReading() throws SQLException {
        Connection connection = open();
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA query_only = ON");
            statement.execute("PRAGMA cache_size = -4096");
        }
        return connection;
    }

    private Connection open() throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(BUSY_MILLIS);
        config.setGetGeneratedKeys(false); // else the driver asks for the row id after every insert
        return config.createConnection("jdbc:sqlite:" + database().toAbsolutePath());
    }

    /** Renames the database's files, which nobody has open any more, so that a new one can be begun. */
    void setAside(Throwable why) throws IOException {
        String suffix = ".damaged-"
                + DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'")
                        .withZone(ZoneOffset.UTC)
                        .format(Instant.now());
        Path aside = directory.resolve(database().getFileName() + suffix);
        for (int again = 2; Files.exists(aside); again++) {
            aside = directory.resolve(database().getFileName() + suffix + "-" + again);
        }
        for (String part : new String[] {"-wal", "-shm", ""}) {
            Path file = directory.resolve(database().getFileName() + part);
            if (Files.exists(file)) {
                Files.move(file, directory.resolve(aside.getFileName() + part), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        LOG.error(
                "THE STORED MESSAGES ARE DAMAGED ({}): they were set aside as {}, and an empty history was begun;"
                        + " clients are told that messages are missing",
                why.getMessage(),
                aside);
    }

    @Override
    public void close() {
        try {
            lockFile.close(); // releases the lock; the file stays, so that two servers never lock different ones
        } catch (IOException e) {
            // the process is about to end, and the lock with it
        }
    }
}
