package dev.pbs2p.cli;

import java.io.PrintWriter;
import java.util.logging.Level;
import java.util.logging.Logger;
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
        scope = ScopeType.INHERIT,
        subcommands = {
            PullCommand.class,
            CompressCommand.class,
            ChatCommand.class,
            GenerateCommand.class,
            EvalCommand.class,
            InspectCommand.class,
            TokenizeCommand.class,
            DemoCommand.class,
            BenchCommand.class,
            DoctorCommand.class,
            GenerateCompletion.class
        })
public final class Main implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--debug", description = "Show the stack trace of an error.", scope = ScopeType.INHERIT)
    private boolean debug;

    /// Says which way it reads Parquet. Held here, for the JDK forgets the settings of a logger that nobody holds.
    private static final Logger PARQUET = Logger.getLogger("dev.hardwood");

    static void main(String[] args) {
        PARQUET.setLevel(Level.WARNING);
        Terminals.wipeIncubatorWarning();
        System.exit(commandLine().execute(args));
    }

    /// The whole command line, ready to execute.
    static CommandLine commandLine() {
        Main main = new Main();
        CommandLine root = new CommandLine(main)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionStrategy(Failures.strategy(main));
        Failures.install(root, main);
        return root;
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
