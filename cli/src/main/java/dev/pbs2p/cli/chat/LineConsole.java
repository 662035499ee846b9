package dev.pbs2p.cli.chat;

import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Where the chat reads and writes: a terminal, or plain streams.
public interface LineConsole extends AutoCloseable {

    /// The next input, several lines joined where [MultiLine] says so; null at the end of the input.
    @Nullable
    String read(List<String> commands);

    /// A piece of an answer, shown at once.
    void answer(String piece);

    /// A line of the program's own.
    void note(String line);

    /// Starts to watch for Ctrl-C; the result says whether it was pressed since.
    BooleanSupplier watchInterrupt();

    @Override
    void close();
}
