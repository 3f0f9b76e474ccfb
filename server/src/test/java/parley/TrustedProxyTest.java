package parley;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server behind a reverse proxy on the same machine, and one that believes no proxy. */
class TrustedProxyTest {

    private static final String CLIENT = "X-Forwarded-For: 203.0.113.7";

    private static ServerFixture behind;
    private static ServerFixture alone;

    @BeforeAll
    static void start() throws Exception {
        behind = ServerFixture.start(
                "--trusted-proxy=127.0.0.1", "--trusted-proxy=::1", "--allow-host=chat.example.com");
        alone = ServerFixture.start("--allow-host=chat.example.com");
    }

    @AfterAll
    static void stop() {
        behind.close();
        alone.close();
    }

    private static int handshake(ServerFixture server, String... lines) throws Exception {
        try (RawSocket line = server.raw()) {
            return line.handshake("/websocket/42", lines).status();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "chat.example.com,     https://chat.example.com,      https, 101",
        "chat.example.com:443, https://chat.example.com,      https, 101",
        "chat.example.com,     https://chat.example.com:444,  https, 403",
        "chat.example.com,     http://chat.example.com,       http,  101",
        "chat.example.com,     http://chat.example.com,       https, 403", // anybody on the way may have written it
        "evil.test,            https://evil.test,             https, 421",
        "evil.test,            https://chat.example.com,      https, 421",
    })
    void hostAndOriginAreThoseThatTheClientSees(String host, String origin, String scheme, int status)
            throws Exception {
        String[] lines = {CLIENT, "X-Forwarded-Host: " + host, "X-Forwarded-Proto: " + scheme, "Origin: " + origin};
        assertEquals(status, handshake(behind, lines));
    }

    /** Else any page could name a host of ours. */
    @Test
    void whatAnUntrustedProxySaysChangesNothing() throws Exception {
        assertEquals(
                421,
                handshake(alone, "Host: evil.test", "X-Forwarded-Host: chat.example.com", "Origin: http://evil.test"));
        assertEquals(403, handshake(alone, "X-Forwarded-Host: chat.example.com", "Origin: https://chat.example.com"));
    }

    /** Whatever they say, these requests did not come from this machine alone. */
    @ParameterizedTest
    @CsvSource({
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-For: ::1",
        "X-Forwarded-For: 203.0.113.7",
        "Forwarded: for=127.0.0.1",
        "Via: 1.1 proxy"
    })
    void aForwardedRequestIsNeverLoopback(String header) throws Exception {
        for (ServerFixture server : new ServerFixture[] {behind, alone}) {
            String[] words = header.split(": ");
            assertEquals(
                    401, server.get("/socket/publish?userId=1&message=x", words).status());
            try (RawSocket stream = server.raw()) {
                stream.request("GET", "/websocket/42", header);
                assertEquals(401, stream.readHead().status());
            }
        }
    }

    @Test
    void contradictingHeadersAreRefused() throws Exception {
        ServerFixture.Answer answer =
                behind.get("/health", "X-Forwarded-For", "203.0.113.7", "Forwarded", "for=127.0.0.1");
        assertEquals(400, answer.status());
        assertEquals("bad_forwarded", answer.code());
    }
}
