package parley.log;

/** A failure as it may be printed: the same stack and causes, but what it says is cleaned, for it may quote a client. */
final class ToldFailure extends Throwable {

    private static final long serialVersionUID = 1;

    /** Of causes; a longer chain is a loop, or tells no more. */
    private static final int MAX_CAUSES = 8;

    private final String said;

    ToldFailure(Throwable failure) {
        this(failure, MAX_CAUSES);
    }

    private ToldFailure(Throwable failure, int causes) {
        super(null, cause(failure, causes), false, true); // who was suppressed is not told
        said = Foreign.clean(failure);
        setStackTrace(failure.getStackTrace());
    }

    private static Throwable cause(Throwable failure, int causes) {
        return failure.getCause() == null || causes == 0 ? null : new ToldFailure(failure.getCause(), causes - 1);
    }

    @Override
    public String toString() {
        return said;
    }
}
