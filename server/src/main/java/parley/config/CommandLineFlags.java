package parley.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** What stands behind one command, by picocli. */
final class CommandLineFlags {

    private static final String JAR = "java -jar server.jar";

    private final Command command;
    private final CommandLine line;
    private final Map<String, List<String>> values = new LinkedHashMap<>();
    private List<String> operands = List.of();

    CommandLineFlags(Command command, String version) {
        this.command = command;
        CommandSpec spec = CommandSpec.create().name(JAR + (command == Command.SERVE ? "" : " " + command.name()));
        spec.version(Command.version(version));
        if (command == Command.SERVE) {
            describeAll(spec);
        } else {
            spec.usageMessage().description(command.help(), "");
        }
        if (command.footer() != null) {
            spec.usageMessage().footer("", command.footer());
        }
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this and exit.")
                .build());
        spec.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Show the version and exit.")
                .build());
        if (command.readsSettings()) {
            spec.addOption(OptionSpec.builder("--config")
                    .paramLabel("FILE")
                    .type(String.class)
                    .description("Read settings from a properties file.")
                    .build());
        }
        command.options().forEach(setting -> spec.addOption(option(setting)));
        if (command.operands() != null) {
            spec.addPositional(PositionalParamSpec.builder()
                    .paramLabel(command.operands())
                    .arity("0..*")
                    .type(List.class)
                    .auxiliaryTypes(String.class)
                    .build());
        }
        line = new CommandLine(spec);
        line.setAllowSubcommandsAsOptionParameters(true); // --auth token
    }

    /** The help of the server's own options names the other commands. */
    private static void describeAll(CommandSpec spec) {
        spec.usageMessage()
                .description("A WebSocket server that lets any back end reach any browser with one curl.", "");
        for (Command other : Command.all()) {
            CommandSpec listed = CommandSpec.create();
            listed.usageMessage().description(other.help());
            spec.addSubcommand(other.name(), listed);
        }
        spec.usageMessage().commandListHeading("%nCommands:%n").synopsisSubcommandLabel("[COMMAND]");
    }

    private static OptionSpec option(Setting setting) {
        String standard = setting.standard() == null ? "" : " Default: " + setting.standard() + ".";
        OptionSpec.Builder option = OptionSpec.builder(setting.flag()).description(setting.help() + standard);
        if (setting.isSwitch()) {
            return option.type(Boolean.class).arity("0").build();
        }
        option.paramLabel(setting.label());
        return setting.repeatable()
                ? option.type(List.class).auxiliaryTypes(String.class).build()
                : option.type(String.class).build();
    }

    /** Reads the arguments; the text to show when they ask for help or the version, else null. */
    String parse(List<String> arguments) throws ConfigLoader.Misconfigured {
        List<String> behind =
                arguments.get(0).equals(command.name()) ? arguments.subList(1, arguments.size()) : arguments;
        CommandLine.ParseResult result;
        try {
            result = line.parseArgs(behind.toArray(String[]::new));
        } catch (CommandLine.UnmatchedArgumentException e) {
            throw unknown(e.getUnmatched().get(0));
        } catch (CommandLine.ParameterException e) {
            throw new ConfigLoader.Misconfigured(e.getMessage() + ". See --help.");
        }
        if (result.isUsageHelpRequested()) {
            return line.getUsageMessage(CommandLine.Help.Ansi.OFF).stripTrailing();
        }
        if (result.isVersionHelpRequested()) {
            return line.getCommandSpec().version()[0];
        }
        if (result.hasSubcommand()) {
            String late = result.subcommand().commandSpec().name();
            throw new ConfigLoader.Misconfigured(
                    "The command " + late + " must stand before its options. See " + late + " --help.");
        }
        for (OptionSpec option : result.matchedOptions()) {
            values.put(option.longestName().substring(2), texts(option));
        }
        if (command.operands() != null && result.hasMatchedPositional(0)) {
            operands = result.matchedPositionalValue(0, List.of());
        }
        return null;
    }

    private static List<String> texts(OptionSpec option) {
        if (option.isMultiValue()) {
            List<String> many = option.getValue();
            return List.copyOf(many);
        }
        Object one = option.getValue();
        return List.of(one.toString());
    }

    private ConfigLoader.Misconfigured unknown(String argument) {
        if (!argument.startsWith("--")) {
            return new ConfigLoader.Misconfigured("'" + argument + "' is not understood. See --help.");
        }
        List<String> names = new ArrayList<>(List.of("--help", "--version"));
        if (command.readsSettings()) {
            names.add("--config");
        }
        command.options().forEach(setting -> names.add(setting.flag()));
        String name = argument.split("=", 2)[0];
        return new ConfigLoader.Misconfigured(
                "There is no option " + name + ". Did you mean " + ConfigLoader.nearest(name, names) + "?");
    }

    Map<String, List<String>> values() {
        return values;
    }

    /** What stood there without a dash. */
    List<String> operands() {
        return operands;
    }
}
