package dev.pbs2p.cli.chat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Plain streams: answers alone go to the output, everything else to the error stream, nothing is coloured. Ctrl-C ends
/// the program.
public final class PipeConsole implements LineConsole {

    private final BufferedReader in;
    private final PrintWriter out;
    private final PrintWriter err;

    public PipeConsole(BufferedReader in, PrintWriter out, PrintWriter err) {
        this.in = in;
        this.out = out;
        this.err = err;
    }

    @Override
    public @Nullable String read(List<String> commands) {
        try {
            String line = in.readLine();
            if (line == null) {
                return null;
            }
            StringBuilder text = new StringBuilder(line);
            while (MultiLine.incomplete(text.toString())) {
                String more = in.readLine();
                if (more == null) {
                    break;
                }
                text.append('\n').append(more);
            }
            return text.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void answer(String piece) {
        out.print(piece);
        out.flush();
    }

    @Override
    public void note(String line) {
        err.println(line);
        err.flush();
    }

    @Override
    public BooleanSupplier watchInterrupt() {
        return () -> false;
    }

    @Override
    public void close() {
        out.flush();
    }
}
