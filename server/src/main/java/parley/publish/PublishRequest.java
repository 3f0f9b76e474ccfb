package parley.publish;

import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import parley.auth.Digests;
import parley.auth.UserId;
import parley.message.Body;
import parley.message.Channel;
import parley.message.Draft;
import parley.message.Durations;
import parley.message.Json;
import parley.message.Problem;
import parley.message.Publication;

/**
 * What a publisher asks for, read from query, form, JSON or plain text. The query's parameters and the body's fields are
 * one set; where both name an option, the body wins. Unknown names are ignored: the seed's page adds some to its query.
 *
 * @param publication one draft for each user, or the one for a topic or everyone
 * @param several whether the answer is an array
 */
record PublishRequest(Publication publication, boolean several) {

    private static final Set<String> FIELDS = Set.of(
            "userId",
            "topic",
            "all",
            "message",
            "flag",
            "sender",
            "ttl",
            "collapse",
            "exclude",
            "wait",
            "idempotencyKey");

    /** An HTTP answer that is held back longer is likely to meet a proxy's time-out. */
    private static final long MAX_WAIT_MILLIS = 60_000;

    /** Longer names are a mistake, and each is kept with its message. */
    private static final int MAX_OPTION_CHARS = 255;

    /** The code of a refusal that {@link Quota} counts. */
    static final String TOO_MANY_USERS = "too_many_users";

    /** What kind of body the request has. */
    enum Kind {
        NONE,
        TEXT,
        FORM,
        JSON
    }

    /**
     * Reads a request.
     *
     * @param query decoded parameters, in order
     * @param body the body's text; empty with {@link Kind#NONE}
     * @param credential whose idempotency key it is: a name without a colon, or none at all
     */
    static PublishRequest parse(Map<String, List<String>> query, Kind kind, String body, String credential)
            throws Problem {
        return switch (kind) {
            case NONE -> new Reader(query, Map.of(), null, credential).read(null);
            case TEXT -> new Reader(query, Map.of(), null, credential).read(body.isEmpty() ? null : Body.text(body));
            case FORM -> parseForm(query, body, credential);
            case JSON -> new Reader(query, Map.of(), Json.object(body), credential).read(null);
        };
    }

    private static PublishRequest parseForm(Map<String, List<String>> query, String body, String credential)
            throws Problem {
        if (Json.first(body) == '{') {
            throw Problem.bad("bad_form", "The body looks like JSON: add the header 'Content-Type: application/json'.");
        }
        boolean fields =
                FIELDS.stream().anyMatch(name -> body.startsWith(name + "=") || body.contains("&" + name + "="));
        return fields
                ? new Reader(query, Parameters.decode(body), null, credential).read(null)
                : new Reader(query, Map.of(), null, credential).read(body.isEmpty() ? null : Body.text(body));
    }

    /** One request's parameters, wherever they came from. */
    private record Reader(
            Map<String, List<String>> query, Map<String, List<String>> form, Json.Fields json, String credential) {

        PublishRequest read(Body text) throws Problem {
            List<Channel> targets = targets();
            Body body = text == null ? message() : text;
            if (text != null && option("message") != null) {
                throw Problem.bad("two_messages", "The body is the message already: leave 'message' out of the query.");
            }
            if (body == null) {
                throw Problem.bad(
                        "no_message", "There is no message: add 'message=...', or send it as the body of a POST.");
            }
            String ttl = option("ttl");
            Long retention = ttl == null ? null : Durations.millis(ttl);
            long wait = waitMillis(retention);
            List<Draft> drafts = new ArrayList<>();
            for (Channel channel : targets) {
                drafts.add(new Draft(
                        channel,
                        option("sender"),
                        null,
                        option("flag"),
                        body,
                        retention,
                        option("collapse"),
                        option("exclude")));
            }
            return new PublishRequest(
                    new Publication(drafts, wait, key(drafts)),
                    isArray("userId") || values("userId").size() > 1);
        }

        private long waitMillis(Long retention) throws Problem {
            String wait = option("wait");
            long millis = wait == null ? 0 : Durations.millis(wait);
            if (millis > MAX_WAIT_MILLIS) {
                throw Problem.bad("bad_value", "'wait' is 60 seconds at most.");
            }
            if (millis > 0 && retention != null && retention == 0) {
                throw Problem.bad(
                        "bad_value", "A message with ttl=0 has no position, so that no ack can be waited for.");
            }
            return millis;
        }

        private Publication.Key key(List<Draft> drafts) throws Problem {
            String key = option("idempotencyKey");
            if (key == null) {
                return null;
            }
            if (key.isEmpty()) {
                throw Problem.bad("bad_value", "'idempotencyKey' must not be empty.");
            }
            return new Publication.Key(
                    credential + ':' + key, Base64.getEncoder().encodeToString(Digests.sha256(drafts.toString())));
        }

        private List<Channel> targets() throws Problem {
            List<String> users = values("userId");
            List<String> topics = values("topic");
            String all = option("all");
            boolean everyone = all != null && !all.equals("false");
            if (everyone && !all.isEmpty() && !all.equals("true")) {
                throw Problem.bad("bad_value", "'all' is true or false.");
            }
            int kinds = (users.isEmpty() ? 0 : 1) + (topics.isEmpty() ? 0 : 1) + (everyone ? 1 : 0);
            if (kinds != 1) {
                throw Problem.bad(
                        kinds == 0 ? "no_target" : "two_targets",
                        "Say to whom, in exactly one way: 'userId=42' (or several), 'topic=news', or 'all=true'.");
            }
            if (topics.size() > 1) {
                throw Problem.bad("two_targets", "One topic at a time.");
            }
            if (everyone) {
                return List.of(Channel.EVERYONE);
            }
            if (!topics.isEmpty()) {
                return List.of(new Channel.Topic(UserId.topic(topics.get(0))));
            }
            if (users.size() > Quota.MAX_USERS) {
                throw Problem.bad(
                        TOO_MANY_USERS,
                        "A message goes to at most " + Quota.MAX_USERS + " users; send it again for the others.");
            }
            Set<Channel> channels = new LinkedHashSet<>();
            for (String user : users) {
                if (!channels.add(new Channel.User(UserId.user(user)))) {
                    throw Problem.bad("two_targets", "A user is named twice.");
                }
            }
            return List.copyOf(channels);
        }

        private Body message() throws Problem {
            if (json != null && json.has("message")) {
                String raw = json.raw("message");
                if (raw == null) {
                    throw Problem.bad("no_message", "'message' is null.");
                }
                return Body.ofJson(raw);
            }
            String text = option("message");
            return text == null ? null : Body.text(text);
        }

        /** One option; given twice it is an error, since only one of them could be meant. */
        private String option(String name) throws Problem {
            if (json != null && json.raw(name) != null && !name.equals("message")) {
                return bounded(name, json.scalar(name));
            }
            List<String> values = form.getOrDefault(name, query.getOrDefault(name, List.of()));
            if (values.size() > 1) {
                throw Problem.bad("bad_value", "'" + name + "' is given twice.");
            }
            return values.isEmpty() ? null : bounded(name, values.get(0));
        }

        private static String bounded(String name, String value) throws Problem {
            if (!name.equals("message") && value.length() > MAX_OPTION_CHARS) {
                throw Problem.bad("bad_value", "'" + name + "' has at most " + MAX_OPTION_CHARS + " characters.");
            }
            return value;
        }

        private boolean isArray(String name) {
            return json != null && json.raw(name) != null && json.raw(name).startsWith("[");
        }

        private List<String> values(String name) throws Problem {
            if (json != null && json.raw(name) != null) {
                return isArray(name) ? json.scalars(name) : List.of(json.scalar(name));
            }
            return form.getOrDefault(name, query.getOrDefault(name, List.of()));
        }
    }
}
