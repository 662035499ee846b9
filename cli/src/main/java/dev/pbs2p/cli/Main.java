package dev.pbs2p.cli;

import java.io.PrintWriter;
import java.util.List;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The `pbs2p` command.
@Command(
        name = "pbs2p",
        description = "Compresses language models to binary weights with N:M zeros, and runs them on the CPU.",
        mixinStandardHelpOptions = true,
        version = "pbs2p 0.1.0",
        scope = ScopeType.INHERIT)
public final class Main implements Runnable {

    private static final List<Class<?>> COMMANDS = List.of(
            PullCommand.class,
            CompressCommand.class,
            ChatCommand.class,
            GenerateCommand.class,
            EvalCommand.class,
            InspectCommand.class,
            TokenizeCommand.class,
            DemoCommand.class,
            BenchCommand.class,
            DoctorCommand.class);

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--debug", description = "Show the stack trace of an error.", scope = ScopeType.INHERIT)
    private boolean debug;

    static void main(String[] args) {
        System.setProperty("java.util.logging.config.class", QuietLogs.class.getName());
        Terminals.wipeIncubatorWarning();
        System.exit(commandLine(args).execute(args));
    }

    /// The command line, ready to execute. Where `args` begin with a command it has that one alone: to make them all
    /// takes longer than some of them run.
    static CommandLine commandLine(String... args) {
        Main main = new Main();
        CommandLine root = new CommandLine(main);
        List<Class<?>> named =
                COMMANDS.stream().filter(command -> isNamed(command, args)).toList();
        (named.isEmpty() ? COMMANDS : named).forEach(root::addSubcommand);
        root.addSubcommand(GenerateCompletion.class);
        root.setCaseInsensitiveEnumValuesAllowed(true).setExecutionStrategy(Failures.strategy(main));
        Failures.install(root, main);
        return root;
    }

    private static boolean isNamed(Class<?> command, String... args) {
        return args.length > 0 && command.getAnnotation(Command.class).name().equals(args[0]);
    }

    /// [#commandLine] with its streams captured.
    static CommandLine commandLine(PrintWriter out, PrintWriter err) {
        return commandLine().setOut(out).setErr(err);
    }

    boolean debug() {
        return debug;
    }

    /// Without a command: the help.
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
