package parley.message;

/**
 * A refusal and what to change: an HTTP error by RFC 9457, or an {@code error} frame. A value that parsing code may
 * throw; it takes no stack trace.
 */
public final class Problem extends Exception {

    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private int retryAfterSeconds; // set by who makes it

    /**
     * @param status the HTTP status
     * @param code a stable word from the closed list in PROTOCOL.md
     * @param detail a sentence for a human: what is wrong and what to change; holds no foreign text beyond names
     */
    public Problem(int status, String code, String detail) {
        super(detail, null, false, false);
        this.status = status;
        this.code = code;
    }

    public static Problem bad(String code, String detail) {
        return new Problem(400, code, detail);
    }

    /** Says when to try again, rounded up to whole seconds. */
    public Problem retryAfter(long millis) {
        retryAfterSeconds = (int) Math.max(1, (millis + 999) / 1_000);
        return this;
    }

    /** For the header {@code Retry-After}; 0 for none. */
    public int retryAfterSeconds() {
        return retryAfterSeconds;
    }

    public int status() {
        return status;
    }

    public String code() {
        return code;
    }

    public String detail() {
        return getMessage();
    }

    /** The body of an {@code application/problem+json} answer. */
    public String json() {
        Json.Out json = new Json.Out()
                .put("type", "about:blank")
                .put("title", title(status))
                .put("status", status)
                .put("code", code)
                .put("detail", detail());
        if (retryAfterSeconds > 0) { // where there is no header for it: in a line of a stream, in an item of a batch
            json.put("retryAfter", retryAfterSeconds);
        }
        return json.end();
    }

    private static String title(int status) {
        return switch (status) {
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 408 -> "Request Timeout";
            case 409 -> "Conflict";
            case 413 -> "Content Too Large";
            case 414 -> "URI Too Long";
            case 415 -> "Unsupported Media Type";
            case 417 -> "Expectation Failed";
            case 421 -> "Misdirected Request";
            case 426 -> "Upgrade Required";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 501 -> "Not Implemented";
            case 503 -> "Service Unavailable";
            case 504 -> "Gateway Timeout";
            case 505 -> "HTTP Version Not Supported";
            default -> "Error";
        };
    }
}
