package parley.config;

import parley.auth.AuthSettings;
import parley.auth.GuardSettings;
import parley.auth.LimitSettings;
import parley.history.HistorySettings;
import parley.session.SessionSettings;
import parley.socket.ServerSettings;

/** Everything that can be set, each part as its feature wants it. */
public record Settings(
        ServerSettings server,
        HistorySettings history,
        SessionSettings sessions,
        GuardSettings guard,
        AuthSettings auth,
        LimitSettings limits) {}
