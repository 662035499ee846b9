package dev.pbs2p.cli;

import dev.pbs2p.cli.chat.LineConsole;
import dev.pbs2p.cli.chat.PipeConsole;
import dev.pbs2p.cli.chat.Repl;
import dev.pbs2p.cli.chat.TerminalConsole;
import dev.pbs2p.model.LanguageModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Chats with a model.
@Command(name = "chat", description = "Chats with a model; /help in the chat lists its commands.")
final class ChatCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", converter = ModelPath.class, description = ModelPath.DESCRIPTION)
    @SuppressWarnings("NullAway.Init")
    private Path path;

    @Option(names = "--system", paramLabel = "TEXT", description = "The system prompt.")
    private @Nullable String system;

    @Mixin
    private final SamplingArguments sampling = new SamplingArguments();

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        try (LanguageModel open = options.open(path)) {
            ModelSession session = new ModelSession(open, sampling.options());
            if (system != null) {
                session.system(system);
            }
            chat(session, path, spec.commandLine());
        }
        return 0;
    }

    /// Runs a chat on this process's terminal, or on its streams if they are no terminal.
    static void chat(ModelSession session, Path model, CommandLine command) throws IOException {
        try (LineConsole console = Terminals.interactive()
                ? TerminalConsole.system(historyFile())
                : new PipeConsole(
                        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)),
                        command.getOut(),
                        command.getErr())) {
            new Repl(session, console, String.valueOf(model.getFileName())).run();
        }
    }

    private static Path historyFile() throws IOException {
        String state = System.getenv("XDG_STATE_HOME");
        Path base = state == null || state.isBlank()
                ? Path.of(System.getProperty("user.home"), ".local", "state")
                : Path.of(state);
        Path directory = base.resolve("pbs2p");
        Files.createDirectories(directory);
        return directory.resolve("chat-history");
    }
}
