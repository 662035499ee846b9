package dev.pbs2p.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/// One line on the error stream that says how far a long job is: rewritten in place on a terminal; elsewhere printed
/// anew now and then, so that a log stays short.
final class ProgressLine implements AutoCloseable {

    private static final long TERMINAL_NANOS = 100_000_000L;
    private static final long LOG_NANOS = 15_000_000_000L;
    private static final int WIDTH = 79;

    private final PrintWriter out;
    private final boolean terminal;
    private final LongSupplier clock;
    private String stage = "";
    private long started;
    private long first;
    private long shown;
    private boolean dirty;

    ProgressLine(PrintWriter out) {
        this(out, Terminals.errorIsTerminal(), System::nanoTime);
    }

    /// @param clock nanoseconds from any origin
    ProgressLine(PrintWriter out, boolean terminal, LongSupplier clock) {
        this.out = out;
        this.terminal = terminal;
        this.clock = clock;
        this.started = clock.getAsLong();
        this.shown = started - (terminal ? TERMINAL_NANOS : 0);
    }

    /// Shows `done` of `total` steps with the time left and `detail`, unless the line was shown just now.
    ///
    /// @param what the stage; the time left is that of the stage
    void update(String what, long done, long total, String detail) {
        update(what, done, total, String::valueOf, detail);
    }

    /// The same with steps written as `unit` does.
    void update(String what, long done, long total, LongFunction<String> unit, String detail) {
        if (!what.equals(stage)) {
            stage = what;
            started = clock.getAsLong();
            first = done;
        }
        if (!due()) {
            return;
        }
        show(what + " " + unit.apply(done) + "/" + unit.apply(total) + left(done, total)
                + (detail.isEmpty() ? "" : "  " + detail));
    }

    /// Shows a line, however soon after the last one.
    void show(String line) {
        if (terminal) {
            out.print("\r" + line.substring(0, Math.min(line.length(), WIDTH)) + "\033[K");
            dirty = true;
        } else {
            out.println(line);
        }
        out.flush();
    }

    /// Removes the line from a terminal.
    @Override
    public void close() {
        if (dirty) {
            out.print("\r\033[K");
            out.flush();
            dirty = false;
        }
    }

    private boolean due() {
        long now = clock.getAsLong();
        if (now - shown < (terminal ? TERMINAL_NANOS : LOG_NANOS)) {
            return false;
        }
        shown = now;
        return true;
    }

    private String left(long done, long total) {
        if (done <= first) {
            return "";
        }
        double seconds = (clock.getAsLong() - started) / 1e9 * (total - done) / (done - first);
        return "  " + Units.time(Duration.ofMillis((long) (seconds * 1000))) + " left";
    }
}
