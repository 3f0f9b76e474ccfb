package parley;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Parley behind the real proxies, with the configurations that the README gives, but for addresses and certificates. */
class ProxyTest {

    private static final String KEY = "X-Api-Key: a-key-of-the-shop";
    private static final String HOST = "Host: localhost";

    private static final Pattern BLOCK = Pattern.compile("^```\\w*\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);

    private enum Kind {
        NGINX("nginx", "proxy_pass") {
            @Override
            List<String> command(Path directory, Path file) {
                return List.of("nginx", "-p", directory + "/", "-c", file.toString(), "-e", "stderr");
            }

            @Override
            String configuration(String readme, int port, int parley) {
                String paths = Stream.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
                        .map(name -> name + "_temp_path " + name + ";\n")
                        .collect(Collectors.joining());
                return "daemon off;\npid pid;\nuser root;\nevents {}\nhttp {\naccess_log off;\n" + paths
                        + readme.replace("listen 443 ssl", "listen 127.0.0.1:" + port)
                                .replace("7777", "" + parley)
                        + "\n}\n";
            }
        },

        HAPROXY("haproxy", "default_backend") {
            @Override
            List<String> command(Path directory, Path file) {
                return List.of("haproxy", "-db", "-f", file.toString());
            }

            @Override
            String configuration(String readme, int port, int parley) {
                return readme.replaceAll("bind .*", "bind 127.0.0.1:" + port).replace("7777", "" + parley) + "\n";
            }
        };

        private final String program;
        private final String word; // which only its block of the README has

        Kind(String program, String word) {
            this.program = program;
            this.word = word;
        }

        abstract List<String> command(Path directory, Path file);

        abstract String configuration(String readme, int port, int parley);

        boolean isHere() {
            return Pattern.compile(File.pathSeparator)
                    .splitAsStream(System.getenv("PATH"))
                    .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
        }
    }

    @TempDir
    Path directory;

    private ServerFixture server;
    private Process proxy;
    private int port;

    @BeforeEach
    void start() throws Exception {
        server = ServerFixture.start(
                "--publish-key=a-key-of-the-shop", "--trusted-proxy=127.0.0.1", "--address-connections=2");
    }

    @AfterEach
    void stop() throws Exception {
        if (proxy != null) {
            proxy.destroy();
            assertTrue(proxy.waitFor(10, TimeUnit.SECONDS), "the proxy does not end");
        }
        server.close();
    }

    private void start(Kind kind) throws IOException {
        assumeTrue(
                kind.isHere(), kind.program + " is missing: Parley behind it (apt-get install " + kind.program + ")");
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Matcher blocks = BLOCK.matcher(Files.readString(Path.of("../README.md")));
        String block = blocks.results()
                .map(found -> found.group(1))
                .filter(text -> text.contains(kind.word))
                .findFirst()
                .orElseThrow();
        Path file = Files.writeString(directory.resolve("conf"), kind.configuration(block, port, server.port()));
        File said = directory.resolve("said").toFile();
        proxy = new ProcessBuilder(kind.command(directory, file))
                .redirectErrorStream(true)
                .redirectOutput(said)
                .start();
        await().until(() -> isListening() || !proxy.isAlive());
        assertTrue(proxy.isAlive(), Files.readString(said.toPath()));
    }

    private boolean isListening() throws IOException {
        try (Socket open = new Socket("127.0.0.1", port)) {
            return open.isConnected();
        } catch (ConnectException notYet) {
            return false;
        }
    }

    private RawSocket.Answer ask(String target, String... lines) throws IOException {
        try (RawSocket line = new RawSocket(port)) {
            line.request("GET", target, lines);
            return line.readAnswer();
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void everythingWorksThroughIt(Kind kind) throws Exception {
        start(kind);
        try (RawSocket socket = new RawSocket(port);
                RawSocket stream = new RawSocket(port)) {
            assertEquals(
                    101,
                    socket.handshake("/websocket/42", HOST, "Origin: http://localhost")
                            .status());
            socket.sendText("ping");
            assertEquals("pong", socket.readText());
            stream.request("GET", "/websocket/42", HOST, KEY);
            assertEquals(200, stream.readHead().status());
            await().until(() -> server.online("42") == 2);
            RawSocket.Answer receipt = ask("/socket/publish?userId=42&message=hello&wait=1s", HOST, KEY);
            assertEquals(200, receipt.status(), receipt.body());
            assertEquals("hello", socket.readText());
            while (!stream.readLine().equals("data: hello")) {
                continue; // what comes before it is the start, or a chunk's length
            }
        }
        await().until(() -> server.online("42") == 0); // it tells us when a client leaves
        try (RawSocket v1 = RawSocket.webSocket(port, "/websocket/43", "parley.v1")) {
            new V1Client(v1).hello();
            assertEquals(
                    200,
                    ask("/socket/publish?userId=43&message=hello", HOST, KEY).status());
        }
        for (String target : List.of("/socket/publish?userId=42&message=x", "/socket/online", "/websocket/42")) {
            assertEquals(401, ask(target, HOST).status(), target + " is open to who comes through a proxy");
        }
    }

    /** The client's address is its own, whatever it says, and limits hold for it. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void nobodyChoosesHisAddress(Kind kind) throws Exception {
        start(kind);
        try (RawSocket one = RawSocket.from("127.0.0.2", port);
                RawSocket two = RawSocket.from("127.0.0.2", port);
                RawSocket three = RawSocket.from("127.0.0.2", port);
                RawSocket other = RawSocket.from("127.0.0.3", port)) {
            int said = 0;
            for (RawSocket line : List.of(one, two, three, other)) {
                int status = line.handshake(
                                "/websocket/liar",
                                HOST,
                                "X-Forwarded-For: 127.0.0.1, 203.0.113." + said++,
                                "Forwarded: for=127.0.0.1;host=evil.test;proto=https",
                                "X-Forwarded-Host: evil.test",
                                "X-Forwarded-Proto: https",
                                "Origin: http://localhost")
                        .status();
                assertEquals(line == three ? 429 : 101, status);
            }
            String sessions = server.get("/socket/sessions?query=liar").body();
            assertTrue(sessions.contains("\"address\":\"127.0.0.2\""), sessions);
            assertTrue(sessions.contains("\"address\":\"127.0.0.3\""), sessions);
            assertTrue(!sessions.contains("203.0.113"), sessions);
        }
    }

    /** A request that one of them takes for the end of another's body would be nobody's. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void bothSeeTheSameRequests(Kind kind) throws Exception {
        start(kind);
        String hidden = "GET /socket/publish?userId=hidden&message=x HTTP/1.1\r\n" + HOST + "\r\n" + KEY + "\r\n\r\n";
        String long1 = "Content-Length: " + (5 + hidden.length());
        String chunked = "Transfer-Encoding: chunked";
        String chunks = Integer.toHexString(hidden.length()) + "\r\n" + hidden + "\r\n0\r\n\r\n";
        for (String rest : List.of(
                long1 + "\r\n" + chunked + "\r\n\r\n0\r\n\r\n" + hidden,
                chunked + "\r\nContent-Length: 3\r\n\r\n" + chunks,
                "Content-Length: 1\r\nContent-Length: " + (1 + hidden.length()) + "\r\n\r\na" + hidden,
                "Content-Length: +1\r\n\r\na" + hidden,
                "Content-Length : 1\r\n\r\na" + hidden,
                "Transfer-Encoding : chunked\r\n" + long1 + "\r\n\r\n0\r\n\r\n" + hidden,
                "Transfer-Encoding: xchunked\r\n" + long1 + "\r\n\r\n0\r\n\r\n" + hidden,
                "Transfer-Encoding:\u000bchunked\r\n" + long1 + "\r\n\r\n0\r\n\r\n" + hidden,
                "Transfer-Encoding:\r\n chunked\r\n" + long1 + "\r\n\r\n0\r\n\r\n" + hidden,
                "Transfer_Encoding: chunked\r\n" + long1 + "\r\n\r\n0\r\n\r\n" + hidden,
                "X: a\n" + chunked + "\r\n" + long1 + "\r\n\r\n0\r\n\r\n" + hidden,
                "X: a\r" + chunked + "\r\n" + long1 + "\r\n\r\n0\r\n\r\n" + hidden,
                chunked + "\r\n\r\n1;a\nxx\r\n" + chunks,
                chunked + "\r\n\r\n1;a=\"\r\nx\r\n" + chunks,
                chunked + "\r\n\r\n0x1\r\nx\r\n0\r\n\r\n" + hidden,
                chunked + "\r\n\r\n1\r\nxyz\r\n0\r\n\r\n" + hidden,
                chunked + "\r\n\r\n" + chunks)) {
            try (RawSocket line = new RawSocket(port)) {
                line.send("POST /socket/publish?userId=front&ttl=0 HTTP/1.1\r\n" + HOST + "\r\n" + KEY + "\r\n" + rest);
                line.readHead();
            }
            RawSocket.Answer next = ask("/socket/online?userId=next", HOST, KEY);
            assertTrue(next.body().contains("\"next\":0"), next.body());
        }
        String kept = server.get("/socket/history?userId=hidden").body();
        assertTrue(kept.contains("\"messages\":[]"), kept);
        for (String target :
                List.of("/socket%2Fonline", "/x/../socket/online", "/socket;x/online", "//socket/online")) {
            assertEquals(400, ask(target, HOST, KEY).status(), target);
        }
    }
}
