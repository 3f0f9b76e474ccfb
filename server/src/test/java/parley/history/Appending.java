package parley.history;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import parley.message.Draft;
import parley.message.Message;
import parley.message.Position;
import parley.message.Problem;
import parley.message.Receipt;

/** An append, and what became of it. */
final class Appending implements History.Append {

    private final List<Draft> drafts;
    private final String id;
    private final BiConsumer<Message, Boolean> onPlaced;
    private final CompletableFuture<Receipt.Stored> stored = new CompletableFuture<>();

    // written by the history's thread before `stored` completes
    final List<Message> messages = new ArrayList<>();
    final List<Boolean> kept = new ArrayList<>();

    Appending(String id, List<Draft> drafts, BiConsumer<Message, Boolean> onPlaced) {
        this.id = id;
        this.drafts = drafts;
        this.onPlaced = onPlaced;
    }

    /** Waits until it is stored. */
    Receipt.Stored stored() {
        try {
            return stored.get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("the append did not succeed", e);
        }
    }

    Message message() {
        stored();
        return messages.get(0);
    }

    Position position() {
        return message().position();
    }

    @Override
    public List<Draft> drafts() {
        return drafts;
    }

    @Override
    public String id(int index) {
        return id + "-" + index;
    }

    @Override
    public History.Remembered remember(List<Position> positions) {
        return null;
    }

    @Override
    public void placed(int index, Message message, boolean isKept) {
        messages.add(message);
        kept.add(isKept);
        onPlaced.accept(message, isKept);
    }

    @Override
    public void done(Receipt.Stored where) {
        stored.complete(where);
    }

    @Override
    public void failed(Problem why) {
        stored.completeExceptionally(why);
    }
}
