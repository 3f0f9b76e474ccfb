package parley.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The command line, by picocli. */
final class CommandLineFlags {

    private final CommandLine line;
    private final Map<String, List<String>> values = new LinkedHashMap<>();

    CommandLineFlags(String version) {
        CommandSpec spec = CommandSpec.create().name("java -jar server.jar");
        spec.version("Parley " + version);
        spec.usageMessage()
                .description("A WebSocket server that lets any back end reach any browser with one curl.", "")
                .footer(
                        "",
                        "Each setting can also stand in the environment (PARLEY_PORT=8080) or in the configuration"
                                + " file (port=8080).");
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this and exit.")
                .build());
        spec.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Show the version and exit.")
                .build());
        spec.addOption(OptionSpec.builder("--config")
                .paramLabel("FILE")
                .type(String.class)
                .description("Read settings from a properties file.")
                .build());
        Setting.ALL.forEach(setting -> spec.addOption(option(setting)));
        line = new CommandLine(spec);
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
        CommandLine.ParseResult result;
        try {
            result = line.parseArgs(arguments.toArray(String[]::new));
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
        for (OptionSpec option : result.matchedOptions()) {
            List<String> texts = new ArrayList<>();
            if (option.isMultiValue()) {
                List<String> many = option.getValue();
                texts.addAll(many);
            } else {
                Object one = option.getValue();
                texts.add(one.toString());
            }
            values.put(option.longestName().substring(2), texts);
        }
        return null;
    }

    private static ConfigLoader.Misconfigured unknown(String argument) {
        if (!argument.startsWith("--")) {
            return new ConfigLoader.Misconfigured("'" + argument + "' is not understood. See --help.");
        }
        List<String> names = new ArrayList<>(List.of("--help", "--version", "--config"));
        Setting.ALL.forEach(setting -> names.add(setting.flag()));
        String name = argument.split("=", 2)[0];
        return new ConfigLoader.Misconfigured(
                "There is no option " + name + ". Did you mean " + ConfigLoader.nearest(name, names) + "?");
    }

    Map<String, List<String>> values() {
        return values;
    }
}
