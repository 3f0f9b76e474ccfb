package parley.history;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.zip.CRC32C;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Message;
import parley.message.Position;

/**
 * How one message, one channel and one remembered answer stand in the database. Each row carries a CRC32C over all its
 * other columns, so that a damaged one is noticed and never served.
 */
final class SqliteHistoryRow {

    static final String COLUMNS =
            "seq, channel, offset, stored, expires, bytes, id, time, sender, reception, flag, collapse, exclude, json,"
                    + " body, crc";

    /** Of a row besides its texts, with its places in two indexes; measured with 200-byte messages. */
    private static final int ROW_BYTES = 140;

    private SqliteHistoryRow() {}

    /** A place in the table: what is needed to delete the row and to account for it. */
    record Place(long seq, long channel, long offset, long bytes) {}

    /**
     * Fills the parameters of an insert of {@link #COLUMNS}.
     *
     * @return the estimated bytes that the row takes
     */
    static long write(PreparedStatement insert, long seq, long channel, Message message, long stored, long expires)
            throws SQLException {
        byte[] body = message.body().content().getBytes(StandardCharsets.UTF_8);
        long bytes = ROW_BYTES + body.length;
        insert.setLong(1, seq);
        insert.setLong(2, channel);
        insert.setLong(3, message.position().offset());
        insert.setLong(4, stored);
        insert.setLong(5, expires);
        insert.setLong(6, bytes);
        insert.setString(7, message.id());
        insert.setLong(8, message.time());
        insert.setString(9, message.sender());
        insert.setString(10, message.reception());
        insert.setString(11, message.flag());
        insert.setString(12, message.collapse());
        insert.setString(13, message.exclude());
        insert.setInt(14, message.body().json() ? 1 : 0);
        insert.setBytes(15, body);
        insert.setInt(16, checksum(seq, channel, message, stored, expires, bytes, body));
        return bytes;
    }

    /** The message of a row of {@link #COLUMNS}. */
    static Message read(ResultSet row, Channel channel, String epoch) throws SQLException {
        byte[] body = row.getBytes(15);
        body = body == null ? new byte[0] : body;
        Message message = new Message(
                row.getString(7),
                channel,
                new Position(epoch, row.getLong(3)),
                row.getLong(8),
                row.getString(9),
                row.getString(10),
                row.getString(11),
                new Body(new String(body, StandardCharsets.UTF_8), row.getInt(14) == 1),
                row.getString(12),
                row.getString(13));
        int crc =
                checksum(row.getLong(1), row.getLong(2), message, row.getLong(4), row.getLong(5), row.getLong(6), body);
        check(crc, row.getInt(16), "message " + message.position() + " of a channel");
        return message;
    }

    private static int checksum(
            long seq, long channel, Message message, long stored, long expires, long bytes, byte[] body) {
        return new Sum()
                .add(seq)
                .add(channel)
                .add(message.position().offset())
                .add(stored)
                .add(expires)
                .add(bytes)
                .add(message.id())
                .add(message.time())
                .add(message.sender())
                .add(message.reception())
                .add(message.flag())
                .add(message.collapse())
                .add(message.exclude())
                .add(message.body().json() ? 1 : 0)
                .add(body)
                .end();
    }

    static int checksum(long id, String name, String epoch, long top, long cursor) {
        return new Sum().add(id).add(name).add(epoch).add(top).add(cursor).end();
    }

    static int checksum(String name, String digest, String answer, long wall, long stored) {
        return new Sum().add(name).add(digest).add(answer).add(wall).add(stored).end();
    }

    static void check(int computed, int read, String what) throws SQLException {
        if (computed != read) {
            throw new SQLException("the checksum of a " + what + " is wrong", null, SqliteHistoryFailure.CORRUPT);
        }
    }

    /** CRC32C over fields, each with its length, so that moving a byte from one to the next is noticed. */
    private static final class Sum {
        private final CRC32C crc = new CRC32C();
        private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES);

        Sum add(long value) {
            number.putLong(0, value);
            crc.update(number.array());
            return this;
        }

        Sum add(String text) {
            return text == null ? add(-1) : add(text.getBytes(StandardCharsets.UTF_8));
        }

        Sum add(byte[] bytes) {
            add(bytes.length);
            crc.update(bytes);
            return this;
        }

        int end() {
            return (int) crc.getValue();
        }
    }
}
