package dev.pbs2p.cli;

import dev.pbs2p.compress.Calibration;
import dev.pbs2p.compress.CalibrationText;
import dev.pbs2p.compress.CompressOptions;
import dev.pbs2p.compress.CompressReport;
import dev.pbs2p.compress.Trial;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tokenizer.Tokenizer;
import dev.pbs2p.weights.Checkpoints;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/// Compresses a checkpoint.
@Command(
        name = "compress",
        description = "Compresses a checkpoint into one packed file. A run that was stopped goes on where it was.")
final class CompressCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", converter = ModelPath.class, description = ModelPath.DESCRIPTION)
    @SuppressWarnings("NullAway.Init")
    private Path source;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description = "The packed file to write.")
    @SuppressWarnings("NullAway.Init")
    private Path target;

    @Mixin
    private final PackingArguments packing = new PackingArguments();

    @Option(
            names = "--calibration",
            paramLabel = "FILE",
            description = "Text that the model is fitted on: .txt, .jsonl, .json.gz, .parquet, or - for standard input"
                    + " (default: text that the model writes itself).")
    private @Nullable Path calibration;

    @Option(
            names = "--windows",
            paramLabel = "N",
            defaultValue = "128",
            description = "Calibration windows (default: 128).")
    private int windows;

    @Option(
            names = "--window",
            paramLabel = "TOKENS",
            defaultValue = "2048",
            description = "Tokens of a window (default: 2048, or the model's context if that is shorter).")
    private int window;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0", description = "Seed of the windows (default: 0).")
    private long seed;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Where to write the JSON report, linear by linear (default: FILE.json).")
    private @Nullable Path report;

    @Option(
            names = "--dry-run",
            description =
                    "Compress one block and forget it: says how much memory, disk and time the whole model takes.")
    private boolean dryRun;

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Mixin
    private final Output output = new Output();

    @Override
    public Integer call() throws IOException {
        options.requireTorch();
        CompressOptions choice =
                packing.options().withCalibration(windows, window, seed).withThreads(options.threads());
        try (Checkpoint checkpoint = Checkpoints.open(source);
                Tokenizer tokenizer = Tokenizer.of(checkpoint)) {
            if (dryRun) {
                print(new Compression(output.err()).trial(checkpoint, choice, target));
                return 0;
            }
            Calibration text = calibration == null
                    ? new Calibration.Sampled(tokenizer.bos(), tokenizer.eos())
                    : CalibrationText.of(TextInput.read(calibration, CalibrationText.MAX_CHARS), tokenizer);
            CompressReport made = new Compression(output.err()).run(checkpoint, choice, text, target);
            Path details = report == null ? target.resolveSibling(target.getFileName() + ".json") : report;
            Files.writeString(
                    details,
                    JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(made) + "\n");
            print(made, details);
        }
        return 0;
    }

    private void print(Trial trial) {
        PrintWriter out = output.out();
        if (output.json()) {
            output.print(
                    "memory_bytes", trial.needs().memoryBytes(),
                    "heap_bytes", trial.needs().heapBytes(),
                    "disk_bytes", trial.needs().diskBytes(),
                    "output_bytes", trial.needs().outputBytes(),
                    "blocks", trial.blocks(),
                    "seconds_a_block", trial.secondsABlock(),
                    "seconds", trial.seconds());
            return;
        }
        out.printf(
                Locale.ROOT,
                "one of %d blocks took %.1f s: all take about %s%s%s%n",
                trial.blocks(),
                trial.secondsABlock(),
                Units.time(Duration.ofMillis(Math.round(1000 * trial.seconds()))),
                calibration == null ? ", besides writing the calibration text" : "",
                trial.tuning().modelEpochs() > 0 ? ", besides tuning the whole model" : "");
        out.flush();
    }

    private void print(CompressReport made, Path details) {
        PrintWriter out = output.out();
        if (output.json()) {
            output.print(
                    "nominal_bits", made.nominalBits(),
                    "real_bits", made.realBits(),
                    "bytes", made.bytes(),
                    "weights", made.weights(),
                    "seconds", made.seconds(),
                    "pattern", made.pattern());
            return;
        }
        out.printf(
                Locale.ROOT,
                "%s: %,d bytes in %.0f s%n%,d weights at %s: %.3f nominal bits (eq. 11), %.3f real bits%nreport: %s%n",
                target,
                made.bytes(),
                made.seconds(),
                made.weights(),
                made.pattern(),
                made.nominalBits(),
                made.realBits(),
                details);
        if (made.tuning() != null) {
            out.printf(
                    Locale.ROOT,
                    "KL divergence from the original on held-out windows: %.4f before tuning, %.4f after%n",
                    made.tuning().before(),
                    made.tuning().after());
        }
        out.flush();
    }
}
