package dev.pbs2p.cli;

import dev.pbs2p.compress.Calibration;
import dev.pbs2p.compress.CompressEvent;
import dev.pbs2p.compress.CompressOptions;
import dev.pbs2p.compress.CompressReport;
import dev.pbs2p.compress.Compressor;
import dev.pbs2p.compress.Preflight;
import dev.pbs2p.compress.Trial;
import dev.pbs2p.compress.TuningPlan;
import dev.pbs2p.tensor.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/// Runs a compression and shows how far it is.
final class Compression {

    private final PrintWriter err;

    Compression(PrintWriter err) {
        this.err = err;
    }

    CompressReport run(Checkpoint source, CompressOptions options, Calibration calibration, Path output)
            throws IOException {
        Thread hint = new Thread(() -> err.println("\nStopped. The same command goes on where this one was."));
        Runtime.getRuntime().addShutdownHook(hint);
        try (ProgressLine line = new ProgressLine(err)) {
            return new Compressor(source, options, event -> show(event, line)).compress(calibration, output);
        } finally {
            Runtime.getRuntime().removeShutdownHook(hint);
        }
    }

    Trial trial(Checkpoint source, CompressOptions options, Path output) throws IOException {
        try (ProgressLine line = new ProgressLine(err)) {
            return new Compressor(source, options, event -> show(event, line)).trial(output);
        }
    }

    private void show(CompressEvent event, ProgressLine line) {
        switch (event) {
            case CompressEvent.Planned(Preflight needs, TuningPlan tuning) ->
                err.println("needs up to " + Units.bytes(needs.memoryBytes()) + " of memory and "
                        + Units.bytes(needs.diskBytes()) + " of disk; makes about "
                        + Units.bytes(needs.outputBytes()) + "; tuning: " + tuning);
            case CompressEvent.Stage(String stage, int done, int total, String detail) ->
                line.update(stage, done, total, detail);
            case CompressEvent.BlockDone done ->
                line.show(String.format(
                        Locale.ROOT,
                        "block %d/%d  error %.4f  %.3f real bits  %s left",
                        done.done(),
                        done.blocks(),
                        done.error(),
                        done.realBits(),
                        Units.time(Duration.ofMillis(Math.round(1000 * done.secondsLeft())))));
        }
    }
}
