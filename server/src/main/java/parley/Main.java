package parley;

import java.io.IOException;
import java.util.List;
import parley.auth.NewToken;
import parley.auth.NewTokenSettings;
import parley.bench.Bench;
import parley.config.ConfigLoader;
import parley.config.Settings;
import parley.log.LogProvider;
import parley.message.Time;

/** {@code java -jar server.jar}: command line to settings to a running Parley; nothing else. */
public final class Main {

    private static final int EXIT_FAILED = 1;
    private static final int EXIT_USAGE = 2;

    private Main() {}

    public static void main(String[] arguments) {
        LogProvider.install();
        ConfigLoader.Result result = ConfigLoader.load(List.of(arguments), System.getenv(), Parley.version());
        if (result instanceof ConfigLoader.Say say) {
            System.out.println(say.text());
        } else if (result instanceof ConfigLoader.Wrong wrong) {
            System.err.println(wrong.text());
            System.exit(EXIT_USAGE);
        } else if (result instanceof ConfigLoader.Loaded loaded) {
            loaded.warnings().forEach(warning -> System.err.println("WARNING: " + warning));
            serve(loaded.settings());
        } else if (result instanceof ConfigLoader.Bench bench) {
            System.exit(Bench.run(bench.settings(), System.out, System.err));
        } else if (result instanceof ConfigLoader.MakeToken wanted) {
            makeToken(wanted.token());
        }
    }

    private static void makeToken(NewTokenSettings token) {
        try {
            System.out.println(NewToken.of(token, Time.SYSTEM));
        } catch (IOException e) {
            System.err.println("No token can be made: " + e.getMessage());
            System.exit(EXIT_USAGE);
        }
    }

    private static void serve(Settings settings) {
        Parley parley;
        try {
            parley = new Parley(settings);
            parley.start();
        } catch (Parley.CannotStart e) {
            System.err.println(e.getMessage());
            System.exit(EXIT_FAILED);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            parley.close();
            Runtime.getRuntime().halt(0); // told to stop and did: that is success, whatever signal said it
        }));
        System.out.println(parley.startLine());
    }
}
