package parley;

import java.io.IOException;
import java.net.URI;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A WebSocket of Java's own client. Texts come on a thread of the client's; {@link #send} is for one thread. */
final class JdkSocket implements AutoCloseable, WebSocket.Listener {

    final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
    final CompletableFuture<Integer> closeCode = new CompletableFuture<>();
    private final Consumer<String> onText;
    private final StringBuilder text = new StringBuilder(); // for the client's thread
    private WebSocket socket;
    private CompletableFuture<?> lastSend = CompletableFuture.completedFuture(null);

    private JdkSocket(Consumer<String> onText) {
        this.onText = onText == null ? texts::add : onText;
    }

    static JdkSocket open(int port, String path, String... protocol) {
        return open(port, path, null, protocol);
    }

    /** @param onText gets each text instead of {@link #texts}; may be null */
    static JdkSocket open(int port, String path, Consumer<String> onText, String... protocol) {
        JdkSocket opened = new JdkSocket(onText);
        WebSocket.Builder builder = ServerFixture.HTTP.newWebSocketBuilder().connectTimeout(ServerFixture.PATIENCE);
        if (protocol.length > 0) {
            builder.subprotocols(protocol[0]);
        }
        opened.socket = builder.buildAsync(URI.create("ws://localhost:" + port + path), opened)
                .join();
        return opened;
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            String whole = text.toString();
            text.setLength(0);
            onText.accept(whole);
        }
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        closeCode.complete(code);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
        closeCode.complete(1006);
    }

    void send(String message) {
        tryToSend(message).join();
    }

    /** Does not wait until it has left; for one thread at a time. */
    void sendLater(String message) {
        lastSend = lastSend.thenCompose(before -> tryToSend(message));
    }

    /** Java's client completes a send a moment before it takes the next one, and refuses that in between. */
    private CompletableFuture<WebSocket> tryToSend(String message) {
        return socket.sendText(message, true)
                .exceptionallyComposeAsync(failure -> failure instanceof IllegalStateException
                        ? tryToSend(message)
                        : CompletableFuture.failedFuture(failure));
    }

    String next() throws InterruptedException, IOException {
        return next(ServerFixture.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    String next(long patience, TimeUnit unit) throws InterruptedException, IOException {
        String next = texts.poll(patience, unit);
        if (next == null) {
            throw new IOException("no text came, close code " + closeCode.getNow(null));
        }
        return next;
    }

    @Override
    public void close() {
        socket.abort();
    }
}
