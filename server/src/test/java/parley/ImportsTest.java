package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Imports go down, libraries stay behind their fence, and a few calls are not made at all.
 *
 * <p>The rules read source text without comments and literals, so a fully qualified name counts as much as an import.
 */
class ImportsTest {
    private static final Path MAIN = Path.of("src", "main", "java", "parley");

    /** For each package, the packages of ours that it may use. The root, {@code Main} and {@code Parley}, may use all. */
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("message", Set.of()),
            Map.entry("metrics", Set.of()),
            Map.entry("log", Set.of()),
            Map.entry("auth", Set.of("message", "metrics")),
            Map.entry("history", Set.of("message", "metrics")),
            Map.entry("broker", Set.of("message", "history", "metrics")),
            Map.entry("session", Set.of("message", "auth", "broker", "metrics")),
            Map.entry("socket", Set.of("message", "auth", "session", "metrics")),
            Map.entry("publish", Set.of("message", "auth", "broker", "metrics")),
            Map.entry("admin", Set.of("message", "auth", "broker", "session", "metrics")),
            Map.entry("bench", Set.of("message")),
            Map.entry("config", Set.of()));

    /** A library, and the files (relative to the root, without {@code .java}) that may use it. */
    private record Fence(String library, Predicate<String> inside) {
        boolean isBrokenBy(String file, String code) {
            return !inside.test(file) && uses(code, library);
        }

        private static boolean uses(String code, String library) {
            return Pattern.compile("(?<![\\w.])" + Pattern.quote(library) + "\\.")
                    .matcher(code)
                    .find();
        }
    }

    private static final List<Fence> FENCES = List.of(
            new Fence("com.google.gson", file -> file.startsWith("message/")),
            new Fence("org.jose4j", file -> file.startsWith("auth/Tokens")),
            new Fence("jakarta.websocket", ImportsTest::isSocketOrParley),
            new Fence("org.eclipse.jetty", ImportsTest::isSocketOrParley),
            new Fence(
                    "jakarta.servlet",
                    file -> file.endsWith("Servlet")
                            || List.of("publish/PublishStream", "socket/EventStream", "Parley")
                                    .contains(file)),
            new Fence("java.sql", file -> file.startsWith("history/SqliteHistory")),
            new Fence("javax.sql", file -> file.startsWith("history/SqliteHistory")),
            new Fence("org.sqlite", file -> file.startsWith("history/SqliteHistory")),
            new Fence("org.HdrHistogram", file -> file.startsWith("bench/")),
            new Fence("redis.clients", file -> file.startsWith("broker/RedisBroker")),
            new Fence("picocli", ImportsTest::isCommandLine),
            new Fence("org.slf4j.simple", file -> file.startsWith("log/")));

    /** A call that is not made, and the files that may make it all the same. */
    private record Ban(Pattern call, Predicate<String> except) {
        static Ban everywhere(String call) {
            return new Ban(Pattern.compile(call), file -> false);
        }
    }

    private static final List<Ban> BANS = List.of(
            new Ban(Pattern.compile("\\bSystem\\s*\\.\\s*out\\b"), ImportsTest::isCommandLine),
            Ban.everywhere("\\bprintStackTrace\\b"),
            // Blocks its caller until the client has read: everything leaves through the Outbox.
            Ban.everywhere("\\bgetBasicRemote\\b"),
            Ban.everywhere("\\bThread\\s*\\.\\s*sleep\\b|\\bTimeUnit\\s*\\.\\s*\\w+\\s*\\.\\s*sleep\\b"));

    private static final Pattern COMMENT_OR_LITERAL = Pattern.compile(
            "\"\"\"(?s:.*?)(?<!\\\\)\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*+\"|'(?:\\\\.|[^'\\\\\n])*+'|//[^\n]*|/\\*(?s:.*?)\\*/");
    private static final Pattern PACKAGE = Pattern.compile("(?m)^\\s*package\\s+([\\w.]+)\\s*;");
    private static final Pattern OURS =
            Pattern.compile("(?<![\\w.])parley\\.(?:([a-z]\\w*)\\.(?:[a-z]\\w*\\.)*)?([A-Z]\\w*|\\*)");

    @Test
    void theSourcesKeepTheRules() throws IOException {
        List<String> broken = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> walk = Files.walk(MAIN)) {
            files = walk.filter(path -> path.toString().endsWith(".java")).toList();
        }
        for (Path path : files) {
            String relative = MAIN.relativize(path).toString().replace('\\', '/');
            broken.addAll(
                    violations(relative.substring(0, relative.length() - ".java".length()), Files.readString(path)));
        }
        assertTrue(files.size() > 1, "no sources found under " + MAIN.toAbsolutePath());
        assertTrue(broken.isEmpty(), () -> "\n" + String.join("\n", broken));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            message/Json            | import com.google.gson.Gson;
            auth/Tokens             | import org.jose4j.jwt.JwtClaims;
            auth/Tokens             | import parley.message.Problem;
            session/ClientSession   | import static parley.broker.Broker.Sink;
            session/ClientSession   | // parley.socket.Handshake, Thread.sleep
            session/ClientSession   | /* org.eclipse.jetty.server.Server */ int a;
            session/ClientSession   | String s = "picocli.CommandLine \\" Thread.sleep" + '"';
            session/ClientSession   | import org.eclipse.jettison.Json;
            session/ClientSession   | parley.start();
            socket/Handshake        | import org.eclipse.jetty.server.Request;
            socket/EventStream      | import jakarta.servlet.AsyncContext;
            admin/HealthServlet     | import jakarta.servlet.http.HttpServlet;
            history/SqliteHistory   | import java.sql.Connection;
            history/SqliteHistoryDb | import java.sql.Connection;
            broker/RedisBroker      | import redis.clients.jedis.RedisClient;
            config/ConfigLoader     | import picocli.CommandLine; import parley.socket.SocketSettings;
            config/Settings         | parley.auth.AuthSettings auth;
            bench/Latencies         | import org.HdrHistogram.Histogram; import parley.message.Json;
            Main                    | import picocli.CommandLine; void m() { System.out.println(); }
            Parley                  | import parley.socket.Handshake; import org.eclipse.jetty.server.Server;
            """)
    void accepts(String file, String code) {
        assertEquals(List.of(), violations(file, source(file, code)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            message/Json            | import parley.metrics.Metrics;
            metrics/Metrics         | import parley.message.Json;
            auth/Tokens             | import static parley.history.History.PAGE;
            history/MemoryHistory   | import parley.broker.*;
            broker/Broker           | parley.session.SessionRegistry registry;
            session/Outbox          | import parley.socket.JakartaTransport;
            session/Outbox          | import parley.history.History;
            socket/SocketEndpoint   | import parley.broker.Broker;
            publish/PublishServlet  | import parley.session.SessionRegistry;
            admin/Webhooks          | import parley.history.History;
            admin/Webhooks          | import parley.Parley;
            admin/Webhooks          | import parley.*;
            admin/Webhooks          | import parley.config.Settings;
            config/Settings         | import parley.session.ClientSession;
            config/Settings         | import parley.session.*;
            bench/Bench             | import parley.session.ClientSession;
            session/ClientSession   | import parley.bench.Stamp;
            session/Outbox          | import org.HdrHistogram.Histogram;
            surprise/Thing          | int a;
            session/Outbox          | import com.google.gson.Gson;
            auth/Authenticator      | import org.jose4j.jwt.JwtClaims;
            session/ClientSession   | jakarta.websocket.Session peer;
            admin/AdminServlet      | import org.eclipse.jetty.server.Server;
            Main                    | import org.eclipse.jetty.server.Server;
            socket/Handshake        | import jakarta.servlet.http.HttpServletRequest;
            history/MemoryHistory   | import java.sql.Connection;
            history/MemoryHistory   | import org.sqlite.SQLiteDataSource;
            broker/Broker           | import redis.clients.jedis.RedisClient;
            Parley                  | import picocli.CommandLine;
            Parley                  | System.out.println();
            session/Outbox          | System . out.print(1);
            session/Outbox          | import static java.lang.System.out;
            session/Outbox          | e.printStackTrace();
            session/Outbox          | session.getBasicRemote().sendText(text);
            session/Outbox          | Thread.sleep(1);
            session/Outbox          | TimeUnit.SECONDS.sleep(1);
            session/Outbox          | String s = "\\\\"; Thread.sleep(1); String t = "";
            session/Outbox          | /* a */ Thread.sleep(1); /* b */
            """)
    void refuses(String file, String code) {
        assertEquals(
                1,
                violations(file, source(file, code)).size(),
                () -> violations(file, source(file, code)).toString());
    }

    @Test
    void textBlocksAreLiteralsToo() {
        String quotes = "\"".repeat(3);
        String block =
                "String s = " + quotes + "\n parley.socket.Handshake \\" + quotes + " Thread.sleep " + quotes + ";";
        assertEquals(List.of(), violations("session/Outbox", source("session/Outbox", block)));
        assertEquals(
                1,
                violations("session/Outbox", source("session/Outbox", block + "Thread.sleep(1);"))
                        .size());
    }

    @Test
    void refusesAPackageThatIsNotItsDirectory() {
        assertEquals(
                1,
                violations("message/Json", "package parley.session;\nclass Json {}\n")
                        .size());
        assertEquals(1, violations("message/Json", "class Json {}\n").size());
    }

    @Test
    void saysWhereTheViolationIs() {
        List<String> found = violations("message/Json", source("message/Json", "/*\n\n*/ parley.auth.UserId id;"));
        assertEquals(List.of("message/Json.java:5: message may not use parley.auth.UserId"), found);
    }

    private static String source(String file, String code) {
        return "package " + packageOf(file) + ";\n\n" + code + "\n";
    }

    private static String packageOf(String file) {
        int slash = file.lastIndexOf('/');
        return slash < 0 ? "parley" : "parley." + file.substring(0, slash).replace('/', '.');
    }

    private static boolean isSocketOrParley(String file) {
        return file.startsWith("socket/") || file.equals("Parley");
    }

    private static boolean isCommandLine(String file) {
        return file.equals("Main") || file.startsWith("config/");
    }

    /** What breaks the rules in a source file; {@code file} is relative to the root package, without {@code .java}. */
    static List<String> violations(String file, String source) {
        String code = COMMENT_OR_LITERAL
                .matcher(source)
                .replaceAll(found -> " " + found.group().replaceAll("[^\n]", ""));
        List<String> broken = new ArrayList<>();
        Matcher declared = PACKAGE.matcher(code);
        if (!declared.find() || !declared.group(1).equals(packageOf(file))) {
            broken.add(file + ".java: its package is not " + packageOf(file));
        }
        addForbiddenEdges(file, code, broken);
        for (Fence fence : FENCES) {
            if (fence.isBrokenBy(file, code)) {
                broken.add(file + ".java: may not use " + fence.library);
            }
        }
        for (Ban ban : BANS) {
            Matcher call = ban.call.matcher(code);
            if (!ban.except.test(file) && call.find()) {
                broken.add(at(file, code, call.start()) + call.group() + " is not used here");
            }
        }
        return broken;
    }

    private static void addForbiddenEdges(String file, String code, List<String> broken) {
        int slash = file.indexOf('/');
        if (slash < 0) {
            return;
        }
        String from = file.substring(0, slash);
        if (!MAY_USE.containsKey(from)) {
            broken.add(file + ".java: the package " + from + " is not in the table of imports");
            return;
        }
        Matcher use = OURS.matcher(code);
        while (use.find()) {
            if (!mayUse(from, use.group(1), use.group(2))) {
                broken.add(at(file, code, use.start()) + from + " may not use " + use.group());
            }
        }
    }

    /** {@code to} is null for the root package. */
    private static boolean mayUse(String from, String to, String type) {
        boolean isSettings = from.equals("config") && to != null && type.endsWith("Settings");
        return from.equals(to) || isSettings || (to != null && MAY_USE.get(from).contains(to));
    }

    private static String at(String file, String code, int index) {
        return file + ".java:"
                + (1 + code.substring(0, index).chars().filter(c -> c == '\n').count()) + ": ";
    }
}
