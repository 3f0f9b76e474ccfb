package parley.broker;

import java.util.ArrayList;
import java.util.List;
import parley.message.Time;

/** Delays on a time that a test moves; {@link #run} runs what is due. Thread-safe. */
public final class ManualDelays implements Delays {

    private record Task(long due, Runnable work) {}

    private final List<Task> tasks = new ArrayList<>(); // guarded by this
    private final Time time;

    public ManualDelays(Time time) {
        this.time = time;
    }

    @Override
    public synchronized Runnable after(long millis, Runnable work) {
        Task task = new Task(time.millis() + millis, work);
        tasks.add(task);
        return () -> cancel(task);
    }

    private synchronized void cancel(Task task) {
        tasks.remove(task);
    }

    /** Tasks that neither ran nor were cancelled. */
    public synchronized int size() {
        return tasks.size();
    }

    public void run() {
        List<Task> due;
        synchronized (this) {
            due = tasks.stream().filter(task -> task.due <= time.millis()).toList();
            tasks.removeAll(due);
        }
        due.forEach(task -> task.work.run());
    }
}
