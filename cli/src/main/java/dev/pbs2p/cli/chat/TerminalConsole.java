package dev.pbs2p.cli.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jline.reader.Candidate;
import org.jline.reader.EOFError;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/// A terminal with line editing, history and completion of commands. Ctrl-C clears the line that is being written or
/// stops the answer; Ctrl-D ends the input.
public final class TerminalConsole implements LineConsole {

    private static final String DIM = "\033[2m";
    private static final String PLAIN = "\033[0m";

    private final Terminal terminal;
    private final LineReader reader;
    private final AtomicBoolean interrupted = new AtomicBoolean();
    private List<String> commands = List.of();

    /// The terminal of this process.
    ///
    /// @param history the file that keeps what was typed
    public static TerminalConsole system(Path history) {
        // JLine would ask the terminal what it can do, and take what was typed meanwhile for the answer.
        System.setProperty(TerminalBuilder.PROP_PROBE_TIMEOUT, "0");
        try {
            return new TerminalConsole(
                    TerminalBuilder.builder()
                            .system(true)
                            .provider("ffm")
                            .graphemeCluster(false)
                            .build(),
                    history);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    TerminalConsole(Terminal terminal, Path history) {
        this.terminal = terminal;
        this.reader = LineReaderBuilder.builder()
                .terminal(terminal)
                .appName("pbs2p")
                .parser(new InputParser())
                .completer((line, parsed, candidates) -> {
                    if (parsed.wordIndex() == 0) {
                        commands.forEach(command -> candidates.add(new Candidate(command)));
                    }
                })
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                .variable(LineReader.HISTORY_FILE, history)
                .variable(LineReader.SECONDARY_PROMPT_PATTERN, "... ")
                .build();
        terminal.handle(Signal.INT, signal -> interrupted.set(true));
    }

    @Override
    public @Nullable String read(List<String> known) {
        commands = known;
        while (true) {
            try {
                return reader.readLine("> ");
            } catch (UserInterruptException e) {
                if (e.getPartialLine().isEmpty()) {
                    note("(Ctrl-D or /quit ends the chat)");
                }
            } catch (EndOfFileException e) {
                return null;
            }
        }
    }

    @Override
    public void answer(String piece) {
        terminal.writer().print(piece);
        terminal.flush();
    }

    @Override
    public void note(String line) {
        boolean plain = Terminal.TYPE_DUMB.equals(terminal.getType());
        terminal.writer().println(plain ? line : DIM + line + PLAIN);
        terminal.flush();
    }

    @Override
    public BooleanSupplier watchInterrupt() {
        interrupted.set(false);
        return interrupted::get;
    }

    @Override
    public void close() {
        try {
            terminal.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Plain text but for [MultiLine]'s rule: no quotes, no escapes.
    private static final class InputParser extends DefaultParser {

        InputParser() {
            setEscapeChars(null);
            setQuoteChars(new char[0]);
        }

        @Override
        public ParsedLine parse(String line, int cursor, ParseContext context) {
            if (context == ParseContext.ACCEPT_LINE && MultiLine.incomplete(line)) {
                throw new EOFError(-1, -1, "more lines follow");
            }
            return super.parse(line, cursor, context);
        }
    }
}
