package parley.session;

/** What a session's texts mean; one for each session. Texts come one at a time, in order. */
interface Conversation {

    void received(String text);

    /** A session that only listens. */
    Conversation SILENT = text -> {};
}
