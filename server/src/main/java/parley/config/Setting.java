package parley.config;

import java.util.List;
import java.util.Locale;

/**
 * One setting: {@code --name} on the command line, {@code PARLEY_NAME} in the environment, {@code name=} in the file.
 *
 * @param label what stands for the value in the help; null for a switch
 * @param standard the value when nobody sets it; null for none
 * @param repeatable whether several values make sense; separated by commas in the environment and the file
 */
record Setting(String name, String label, String standard, boolean repeatable, String help) {

    static final Setting PORT = new Setting("port", "PORT", "7777", false, "Port to listen on; 0 for any free one.");
    static final Setting HOST = new Setting(
            "host",
            "ADDRESS",
            "127.0.0.1",
            false,
            "Address to listen on; 0.0.0.0 for all of them, and then anybody who reaches it can read any inbox.");
    static final Setting HISTORY = new Setting(
            "history",
            "LIMITS",
            "users=1000/7d,topics=1000/1h,everyone=100/5m,events=10000/1h",
            false,
            "How many messages each channel keeps and for how long, and total=SIZE for all of them together (a quarter"
                    + " of the heap, 1g with --data); off keeps none.");
    static final Setting DATA = new Setting(
            "data",
            "DIR",
            null,
            false,
            "Directory to store messages in, so that they survive a restart and a crash; without it they are kept in"
                    + " memory.");
    static final Setting SESSION_RATE = new Setting(
            "session-rate",
            "N",
            "50",
            false,
            "Messages per second that one session may send, four times as many at once; 0 for any number.");
    static final Setting CLIENT_BROADCAST =
            new Setting("client-broadcast", null, "false", false, "Let clients send to everyone.");
    static final Setting ALLOW_ORIGIN = new Setting(
            "allow-origin",
            "ORIGIN",
            null,
            true,
            "Origin whose pages may connect, such as https://example.com; * for any, null for file pages. The server's"
                    + " own and, on loopback, any loopback origin may anyway.");
    static final Setting ALLOW_HOST = new Setting(
            "allow-host", "NAME", null, true, "Name of this server in the Host header, beside loopback names.");
    static final Setting TLS_CERT = new Setting(
            "tls-cert",
            "FILE",
            null,
            false,
            "Certificate of this server and those that vouch for it, in PEM: clients come by https and wss only. Read"
                    + " anew when it changes.");
    static final Setting TLS_KEY =
            new Setting("tls-key", "FILE", null, false, "Private key of the certificate, in PEM and not encrypted.");
    static final Setting TRUSTED_PROXY = new Setting(
            "trusted-proxy",
            "ADDRESS",
            null,
            true,
            "Address of our own reverse proxy, or a range like 10.0.0.0/8: what its Forwarded or X-Forwarded-* headers"
                    + " say of the client is believed.");

    static final Setting PUBLISH_KEY = new Setting(
            "publish-key",
            "[NAME:]KEY",
            null,
            true,
            "Key that back ends present to publish, in X-Api-Key or Authorization: Bearer, of 16 characters at least."
                    + " Without any, only this machine may publish.");
    static final Setting PUBLISH_KEY_FILE = new Setting(
            "publish-key-file", "FILE", null, true, "File with such keys, one a line, out of sight of other users.");
    static final Setting AUTH = new Setting(
            "auth",
            "HOW",
            "open",
            false,
            "Who users are: open believes the id in the path, token wants a signed token (JWT) of theirs.");
    static final Setting TOKEN_SECRET = new Setting(
            "token-secret",
            "SECRET",
            null,
            false,
            "Secret that tokens are signed with (HS256), of 32 bytes at least; or base64: and its bytes.");
    static final Setting TOKEN_SECRET_FILE = new Setting(
            "token-secret-file", "FILE", null, true, "File with such a secret, out of sight of other users.");
    static final Setting TOKEN_KEY = new Setting(
            "token-key",
            "FILE",
            null,
            true,
            "Public key or certificate (PEM) that tokens are checked with: RSA (RS256), EC on P-256 (ES256) or Ed25519"
                    + " (EdDSA).");
    static final Setting TOKEN_JWKS = new Setting(
            "token-jwks",
            "URL",
            null,
            true,
            "Key set (JWKS) that tokens are checked with, read every five minutes; a URL or a file.");
    static final Setting TOKEN_ISSUER =
            new Setting("token-issuer", "ISS", null, true, "Whose tokens count; without it anybody's with our keys.");
    static final Setting TOKEN_AUDIENCE = new Setting(
            "token-audience",
            "AUD",
            null,
            true,
            "For whom tokens must be; without it only those that are for nobody in particular count.");

    static final Setting MAX_CONNECTIONS = new Setting(
            "max-connections",
            "N",
            null,
            false,
            "Connections in all; if not given, as many as the limit of file descriptors and the heap allow.");
    static final Setting ADDRESS_CONNECTIONS = new Setting(
            "address-connections",
            "N",
            "1000",
            false,
            "Connections of one client address, and as many handshakes at once; 0 for any number. This machine and"
                    + " trusted proxies are not limited.");
    static final Setting PUBLISH_RATE = new Setting(
            "publish-rate",
            "N",
            "0",
            false,
            "Messages per second that the holder of one publish key may publish, four times as many at once; 0 for any"
                    + " number.");

    static final List<Setting> ALL = List.of(
            PORT,
            HOST,
            DATA,
            HISTORY,
            SESSION_RATE,
            PUBLISH_RATE,
            MAX_CONNECTIONS,
            ADDRESS_CONNECTIONS,
            CLIENT_BROADCAST,
            ALLOW_ORIGIN,
            ALLOW_HOST,
            TLS_CERT,
            TLS_KEY,
            TRUSTED_PROXY,
            PUBLISH_KEY,
            PUBLISH_KEY_FILE,
            AUTH,
            TOKEN_SECRET,
            TOKEN_SECRET_FILE,
            TOKEN_KEY,
            TOKEN_JWKS,
            TOKEN_ISSUER,
            TOKEN_AUDIENCE);

    static Setting named(String name) {
        return ALL.stream()
                .filter(setting -> setting.name.equals(name))
                .findFirst()
                .orElse(null);
    }

    String flag() {
        return "--" + name;
    }

    String variable() {
        return "PARLEY_" + name.replace('-', '_').toUpperCase(Locale.ROOT);
    }

    boolean isSwitch() {
        return label == null;
    }
}
