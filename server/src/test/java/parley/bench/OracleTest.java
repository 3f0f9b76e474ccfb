package parley.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/** From bytes of a server to the balance: one message in a million that is not as it should be is found. */
class OracleTest {

    private static final int MILLION = 1_000_000;
    private static final int BYTES = 60;

    private final Stamp stamp = new Stamp(0x1234abcd, BYTES);
    private final Random random = new Random(42);

    /** The balance of a million expected messages, when the server sends number {@code sent(i)} as its i-th, 0 for none. */
    private Books.Balance balance(IntUnaryOperator sent) {
        Books books = new Books(1, 1);
        Stamp found = new Stamp(0x1234abcd, BYTES);
        FrameReader reader = new FrameReader(new FrameReader.Handler() {
            @Override
            public void message(byte[] bytes, int from, int to) {
                for (int at = found.find(bytes, from, to); at >= 0; at = found.find(bytes, at, to)) {
                    books.got(0, 0, found.number);
                }
            }

            @Override
            public void control(int opCode, byte[] payload) {
                throw new AssertionError("no control frame was sent");
            }
        });
        byte[] bytes = new byte[1 << 16];
        int begin = 0;
        int end = 0;
        for (int i = 1; i <= MILLION + 1; i++) {
            int number = i <= MILLION ? sent.applyAsInt(i) : 0;
            if (number > 0) {
                bytes[end++] = (byte) 0x81;
                bytes[end++] = BYTES;
                System.arraycopy(stamp.message(0, number, 0), 0, bytes, end, BYTES);
                end += BYTES;
            }
            if (end > bytes.length - 100 || i > MILLION) { // in two pieces that end anywhere
                int middle = begin + random.nextInt(end - begin + 1);
                begin = reader.read(bytes, reader.read(bytes, begin, middle), end);
                System.arraycopy(bytes, begin, bytes, 0, end - begin);
                end -= begin;
                begin = 0;
            }
        }
        return books.balance(MILLION);
    }

    @Test
    void aMillionInOrderIsClean() {
        assertEquals(new Books.Balance(MILLION, 0, 0, 0), balance(i -> i));
    }

    @Test
    void oneRemovedIsFound() {
        int removed = 1 + random.nextInt(MILLION);
        assertEquals(new Books.Balance(MILLION, 1, 0, 0), balance(i -> i == removed ? 0 : i), "without " + removed);
    }

    @Test
    void theVeryLastRemovedIsFound() {
        assertEquals(new Books.Balance(MILLION, 1, 0, 0), balance(i -> i == MILLION ? 0 : i));
    }

    @Test
    void oneInThePlaceOfAnotherIsOneLostAndOneDuplicated() {
        int doubled = 1 + random.nextInt(MILLION - 1);
        assertEquals(new Books.Balance(MILLION, 1, 1, 0), balance(i -> i == doubled + 1 ? doubled : i));
    }

    @Test
    void twoSwappedAreFound() {
        int first = 1 + random.nextInt(MILLION - 1);
        assertEquals(
                new Books.Balance(MILLION, 0, 0, 1),
                balance(i -> i == first ? first + 1 : i == first + 1 ? first : i),
                "swapped at " + first);
    }

    @Test
    void marksAreFoundInAnyFramingAndOnlyThoseOfThisRun() {
        String mine = new String(stamp.message(7, 8, 9), StandardCharsets.US_ASCII);
        String others = new String(new Stamp(0x1234abce, BYTES).message(1, 2, 3), StandardCharsets.US_ASCII);
        String user = "bench-1234abcd-4";
        String frame = "{\"sender\":\"" + user + "\",\"body\":\"" + others + "\"}\n{\"body\":\"" + mine + "\"}" + mine;
        byte[] bytes = frame.getBytes(StandardCharsets.US_ASCII);
        int at = stamp.find(bytes, 0, bytes.length);
        assertEquals(frame.indexOf(mine) + Stamp.LENGTH, at);
        assertEquals(7, stamp.publisher);
        assertEquals(8, stamp.number);
        assertEquals(9, stamp.time);
        at = stamp.find(bytes, at, bytes.length);
        assertEquals(frame.lastIndexOf(mine) + Stamp.LENGTH, at);
        assertEquals(-1, stamp.find(bytes, at, bytes.length));
        assertEquals(-1, stamp.find(bytes, 0, frame.indexOf(mine) + Stamp.LENGTH - 1), "half a mark is none");
    }

    @Test
    void largeFiguresFit() {
        byte[] message = stamp.message(0xffff, 0xff_ffff_ffffL, Long.MIN_VALUE);
        assertEquals(Stamp.LENGTH, stamp.find(message, 0, message.length));
        assertEquals(0xffff, stamp.publisher);
        assertEquals(0xff_ffff_ffffL, stamp.number);
        assertEquals(Long.MIN_VALUE, stamp.time);
    }
}
