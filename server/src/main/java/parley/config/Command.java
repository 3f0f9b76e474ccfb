package parley.config;

import java.util.List;
import java.util.Map;

/**
 * A word after {@code java -jar server.jar}, the options behind it, and what is made of them. To add one, add it to
 * {@link #all}; what it asks for is a {@link ConfigLoader.Result}, which {@code Main} carries out.
 *
 * @param help a sentence for the list of commands
 * @param options what may stand behind it; with one of {@link Setting#ALL} among them, environment and file count, too
 * @param operands what stands behind it without a dash, as the help shows it; null for nothing
 * @param footer what else the help says, in picocli's format; null for nothing
 */
record Command(String name, String help, List<Setting> options, String operands, Making making, String footer) {

    Command(String name, String help, List<Setting> options, String operands, Making making) {
        this(name, help, options, operands, making, null);
    }

    /** Makes of the options what the command asks for. */
    interface Making {
        ConfigLoader.Result of(Given given) throws ConfigLoader.Misconfigured;
    }

    /**
     * What the user gave.
     *
     * @param values one for each option, and the rest of {@link Setting#ALL} where it stands in environment or file
     */
    record Given(Map<Setting, Value> values, List<String> operands, String version) {}

    /** Also what happens without a command. */
    static final Command SERVE = new Command(
            "serve",
            "Run the server; the same without a command.",
            Setting.ALL,
            null,
            given ->
                    new ConfigLoader.Loaded(ConfigLoader.settings(given.values()), AuthConfig.warnings(given.values())),
            "Each setting can also stand in the environment (PARLEY_PORT=8080) or in the configuration file"
                    + " (port=8080). COMMAND --help shows the options of a command.");

    static final Command VERSION = new Command(
            "version", "Show the version.", List.of(), null, given -> new ConfigLoader.Say(version(given.version())));

    /** In the order of the help. A method, so that a start without a command does not load what it does not need. */
    static List<Command> all() {
        return List.of(SERVE, TokenCommand.TOKEN, BenchCommand.BENCH, VERSION);
    }

    static String version(String number) {
        return "Parley " + number;
    }

    /** The command that the first argument names, or {@link #SERVE} when it is an option or there is none. */
    static Command of(List<String> arguments) throws ConfigLoader.Misconfigured {
        if (arguments.isEmpty() || arguments.get(0).startsWith("-")) {
            return SERVE;
        }
        String name = arguments.get(0);
        for (Command command : all()) {
            if (command.name.equals(name)) {
                return command;
            }
        }
        String nearest =
                ConfigLoader.nearest(name, all().stream().map(Command::name).toList());
        String hint = name.equals("help") ? "" : " Did you mean " + nearest + "?";
        throw new ConfigLoader.Misconfigured("There is no command " + name + "." + hint + " See --help.");
    }

    boolean readsSettings() {
        return options.stream().anyMatch(Setting.ALL::contains);
    }
}
