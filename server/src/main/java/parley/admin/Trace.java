package parley.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import parley.broker.Fates;
import parley.broker.Fates.Receiver.Outcome;
import parley.message.Json;
import parley.message.Position;

/** How far one message came: derived from where sessions stand, or stood when they were closed. */
final class Trace {

    /** How far it came in one session, open or closed. */
    private record Step(Fates.Receiver receiver, Outcome outcome, Fates.Closed closed) {

        String json() {
            Json.Out out = new Json.Out()
                    .put("session", receiver.session())
                    .put("user", receiver.user())
                    .put("state", outcome.toString().toLowerCase(Locale.ROOT));
            if (closed != null) {
                out.put("closed", closed.code());
            }
            return out.end();
        }

        boolean is(Outcome wanted) {
            return outcome == wanted;
        }
    }

    private final Fates.Published published;
    private final boolean kept;
    private final List<Step> steps = new ArrayList<>();
    private final Set<String> told; // sessions that were told of a gap that covers it
    private final Map<String, Outcome> passed; // what positions do not tell, by session

    /** @param kept whether the history still has it */
    Trace(Fates.Published published, boolean kept, List<Fates.Receiver> receivers, Fates fates) {
        this.published = published;
        this.kept = kept;
        this.told = fates.latest(fate -> fate instanceof Fates.Gap gap && covers(gap), Fates.KEPT).stream()
                .map(Fates.Fate::session)
                .collect(Collectors.toSet());
        this.passed = published.position() == null ? Map.of() : fates.passed(published.channel(), published.position());
        if (published.position() != null) {
            receivers.forEach(receiver -> add(receiver, null));
            for (Fates.Fate fate : fates.latest(Fates.Closed.class::isInstance, Fates.KEPT)) {
                if (fate instanceof Fates.Closed closed) {
                    closed.channels().stream()
                            .filter(receiver -> receiver.channel().equals(published.channel()))
                            .forEach(receiver -> add(receiver, closed));
                }
            }
        }
    }

    private boolean covers(Fates.Gap gap) {
        Position position = published.position();
        return position != null
                && gap.channel().equals(published.channel())
                && gap.position().epoch().equals(position.epoch())
                && position.offset() <= gap.position().offset()
                && (gap.missed() == null || position.offset() > gap.position().offset() - gap.missed());
    }

    private void add(Fates.Receiver receiver, Fates.Closed closed) {
        Outcome outcome = receiver.outcome(published.position());
        if (outcome == Outcome.EARLIER || outcome == Outcome.LATER) {
            return;
        }
        Outcome exception = exception(receiver);
        steps.add(new Step(receiver, exception == null ? outcome : exception, closed));
    }

    /** Why the session did not get it although its positions may have gone beyond; null when they tell the truth. */
    private Outcome exception(Fates.Receiver receiver) {
        if (receiver.session().equals(published.exclude())) {
            return Outcome.EXCLUDED;
        }
        return told.contains(receiver.session()) ? Outcome.GAP : passed.get(receiver.session());
    }

    String json() {
        return new Json.Out()
                .put("id", published.id())
                .put("channel", published.channel().toString())
                .put("position", published.position())
                .put("time", published.wallMillis())
                .put("online", published.online())
                .put("kept", kept)
                .put("cause", cause())
                .put("detail", detail())
                .raw("sessions", Json.arrayOf(steps.stream().map(Step::json)))
                .end();
    }

    /** The one word that says it: the best that happened, or why nothing did. */
    private String cause() {
        if (any(Outcome.ACKED)) {
            return "acked";
        }
        if (published.position() == null) {
            return published.online() > 0 ? "live" : "offline";
        }
        if (open(Outcome.WRITTEN)) {
            return "written";
        }
        if (open(Outcome.QUEUED)) {
            return "queued";
        }
        if (open(Outcome.BEHIND) && kept) {
            return "slow";
        }
        for (Outcome worst : List.of(Outcome.FAILED, Outcome.COLLAPSED, Outcome.EXPIRED)) {
            if (any(worst)) {
                return worst.toString().toLowerCase(Locale.ROOT);
            }
        }
        if (!told.isEmpty()) {
            return "gap";
        }
        if (steps.stream().anyMatch(step -> step.closed != null && !step.is(Outcome.EXCLUDED))) {
            return "closed";
        }
        if (any(Outcome.EXCLUDED)) {
            return "excluded";
        }
        return kept ? "offline" : "expired";
    }

    private boolean any(Outcome outcome) {
        return steps.stream().anyMatch(step -> step.is(outcome));
    }

    private boolean open(Outcome outcome) {
        return steps.stream().anyMatch(step -> step.is(outcome) && step.closed == null);
    }

    private String detail() {
        return switch (cause()) {
            case "acked" -> "A client said that it has handled it.";
            case "live" -> "It had ttl=0 and was offered to who was online then; nothing more is known.";
            case "written" -> "It was written to a session that has not confirmed it yet.";
            case "queued" -> "It waits to be written to a client that reads slowly.";
            case "slow" -> "A client is so far behind that it waits in the history until there is room.";
            case "gap" -> "Retention took it before a client came for it, and the client was told.";
            case "closed" ->
                "The session that was to get it was closed before it confirmed it"
                        + (kept ? "; it is kept for the next one." : ".");
            case "failed" -> "A client said that its handler threw.";
            case "collapsed" -> "A newer message of the same collapse name replaced it before it could be written.";
            case "excluded" -> "The only session that was there is the one that 'exclude' names.";
            case "expired" -> "Its time was up before a client could get it.";
            default -> "Nobody was there" + (kept ? "; it waits in the history." : ".");
        };
    }
}
