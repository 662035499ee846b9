package dev.pbs2p.cli;

import dev.pbs2p.compress.torch.TorchProvider;
import dev.pbs2p.kernel.Backends;
import dev.pbs2p.model.LanguageModel;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
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

    /// By their names, which their annotations repeat: to read those of all takes longer than some commands run.
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("pull", PullCommand.class);
        COMMANDS.put("compress", CompressCommand.class);
        COMMANDS.put("chat", ChatCommand.class);
        COMMANDS.put("generate", GenerateCommand.class);
        COMMANDS.put("eval", EvalCommand.class);
        COMMANDS.put("inspect", InspectCommand.class);
        COMMANDS.put("tokenize", TokenizeCommand.class);
        COMMANDS.put("demo", DemoCommand.class);
        COMMANDS.put("bench", BenchCommand.class);
        COMMANDS.put("doctor", DoctorCommand.class);
    }

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--debug", description = "Show the stack trace of an error.", scope = ScopeType.INHERIT)
    private boolean debug;

    static void main(String[] args) {
        int code = run(args);
        if (code != 0) {
            System.exit(code); // asks for a logger, for which all jars are searched
        }
    }

    /// Runs a command line in a process that does nothing else.
    ///
    /// @return the exit code
    static int run(String... args) {
        System.setProperty("java.util.logging.config.class", QuietLogs.class.getName());
        Terminals.wipeIncubatorWarning();
        LanguageModel.getReady();
        Backends.offer(new TorchProvider());
        return commandLine(args).execute(args);
    }

    /// The command line, ready to execute. Where `args` begin with a command it has that one alone: to make them all
    /// takes longer than some of them run.
    static CommandLine commandLine(String... args) {
        Main main = new Main();
        CommandLine root = new CommandLine(main);
        if (args.length > 0 && COMMANDS.containsKey(args[0])) {
            root.addSubcommand(COMMANDS.get(args[0]));
        } else {
            COMMANDS.values().forEach(root::addSubcommand);
            root.addSubcommand(GenerateCompletion.class);
        }
        root.setCaseInsensitiveEnumValuesAllowed(true);
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
