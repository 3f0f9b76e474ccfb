package parley.publish;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A request and its answer without a network, that keep to the container's rules: reading and writing are only allowed
 * when ready, a listener is only called when readiness was asked for in vain, and what is written may stay in a buffer
 * until it is flushed. For one thread.
 */
final class FakeExchange {

    private static final int BUFFER_BYTES = 1_000;

    /** Bytes that leave although the publisher does not read. */
    private final int room;

    private final In in = new In();
    private final Out out = new Out();
    boolean completed;

    FakeExchange(int room) {
        this.room = room;
    }

    AsyncContext context() {
        return fake(AsyncContext.class, "getRequest", request(), "getResponse", response());
    }

    private ServletRequest request() {
        return fake(ServletRequest.class, "getInputStream", in);
    }

    private ServletResponse response() {
        return fake(ServletResponse.class, "getOutputStream", out);
    }

    private <T> T fake(Class<T> type, Object... answers) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, given) -> {
            for (int i = 0; i < answers.length; i += 2) {
                if (method.getName().equals(answers[i])) {
                    return answers[i + 1];
                }
            }
            if (method.getName().equals("complete")) {
                completed = true;
            } else if (!method.getName().equals("setTimeout")) {
                throw new AssertionError("called " + method);
            }
            return null;
        }));
    }

    /** Bytes come. */
    void come(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        come(bytes, 0, bytes.length);
    }

    void come(byte[] bytes, int from, int length) throws IOException {
        in.coming.write(bytes, from, length);
        in.tell();
    }

    /** No more bytes come. */
    void end() throws IOException {
        in.over = true;
        in.tell();
    }

    /** The connection breaks. */
    void fail(IOException why) {
        in.listener.onError(why);
    }

    /** Bytes that came and were not read. */
    int unread() {
        return in.coming.size() - in.read;
    }

    /** Whether the stream waits for bytes. */
    boolean isAsked() {
        return in.asked;
    }

    /** The publisher reads until nothing more comes. */
    List<String> lines() throws IOException {
        StringBuilder text = new StringBuilder();
        while (out.sent.size() > 0) {
            text.append(out.sent.toString(StandardCharsets.UTF_8));
            out.sent.reset();
            out.send();
        }
        return text.toString().lines().toList();
    }

    private static final class In extends ServletInputStream {
        final ByteArrayOutputStream coming = new ByteArrayOutputStream();
        int read;
        boolean over;
        boolean asked = true; // a new listener is told of the first bytes
        ReadListener listener;

        void tell() throws IOException {
            if (asked && listener != null) {
                asked = false;
                if (isFinished()) {
                    listener.onAllDataRead();
                } else {
                    listener.onDataAvailable();
                }
            }
        }

        @Override
        public boolean isFinished() {
            return over && read == coming.size();
        }

        @Override
        public boolean isReady() {
            asked |= read == coming.size() && !over;
            return !asked;
        }

        @Override
        public void setReadListener(ReadListener reader) {
            listener = reader;
        }

        @Override
        public int read(byte[] into, int at, int length) {
            if (asked) {
                throw new AssertionError("read while not ready");
            }
            int count = Math.min(length, coming.size() - read);
            System.arraycopy(coming.toByteArray(), read, into, at, count);
            read += count;
            return count == 0 ? -1 : count;
        }

        @Override
        public int read() {
            throw new AssertionError("read byte by byte");
        }
    }

    private final class Out extends ServletOutputStream {
        final ByteArrayOutputStream buffer = new ByteArrayOutputStream(); // may wait for a flush
        final ByteArrayOutputStream leaving = new ByteArrayOutputStream(); // has left when there is room
        final ByteArrayOutputStream sent = new ByteArrayOutputStream();
        boolean asked;
        WriteListener listener;

        void send() throws IOException {
            byte[] bytes = leaving.toByteArray();
            int fits = Math.min(bytes.length, room - sent.size());
            sent.write(bytes, 0, fits);
            leaving.reset();
            leaving.write(bytes, fits, bytes.length - fits);
            if (leaving.size() == 0 && asked) {
                asked = false;
                listener.onWritePossible();
            }
        }

        @Override
        public boolean isReady() {
            asked |= leaving.size() > 0;
            return leaving.size() == 0;
        }

        @Override
        public void setWriteListener(WriteListener writer) {
            listener = writer;
        }

        /** Like Jetty's: what fills the buffer leaves, and the rest stays in the buffer. */
        @Override
        public void write(byte[] bytes, int at, int length) throws IOException {
            if (!isReady()) {
                throw new AssertionError("written while not ready");
            }
            buffer.write(bytes, at, length);
            byte[] all = buffer.toByteArray();
            int full = all.length - all.length % BUFFER_BYTES;
            leaving.write(all, 0, full);
            buffer.reset();
            buffer.write(all, full, all.length - full);
            send();
        }

        @Override
        public void flush() throws IOException {
            if (!isReady()) {
                throw new AssertionError("flushed while not ready");
            }
            leaving.writeBytes(buffer.toByteArray());
            buffer.reset();
            send();
        }

        @Override
        public void write(int b) {
            throw new AssertionError("written byte by byte");
        }
    }
}
