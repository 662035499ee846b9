package dev.pbs2p.cli;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Loading;
import dev.pbs2p.weights.Checkpoints;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Option;

/// What computes a model, but for the number of threads, and how its weights come into memory.
final class BackendOptions {

    private static final int ACTIVATION_BITS = 8;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "Where to compute: auto, scalar, vector, torch or cuda (default: auto, the fastest that this"
                    + " machine has).")
    private String backend = "auto";

    @Option(
            names = "--warm",
            description = "Read the whole file before the first token, so that no token waits for the disk.")
    private boolean warm;

    @Option(
            names = "--huge-pages",
            description = "Copy the weights into huge pages before the first token: some machines read those faster"
                    + " (bench shows it). Linux only.")
    private boolean hugePages;

    /// Opens what is stored at `path`, with its weights where they were asked to be.
    Checkpoint checkpoint(Path path) {
        Checkpoint checkpoint = Checkpoints.open(path);
        try {
            checkpoint.load(hugePages ? Loading.HUGE_PAGES : warm ? Loading.WARM : Loading.MAPPED);
            return checkpoint;
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    boolean hugePages() {
        return hugePages;
    }

    Backend open(int threads) {
        return Backends.open(backend.toLowerCase(Locale.ROOT), new Backends.Settings(threads, ACTIVATION_BITS));
    }

    /// For what only LibTorch can compute.
    void requireTorch() {
        if (!backend.equals("auto") && !backend.equals("torch")) {
            throw new IllegalArgumentException(
                    "this computes with LibTorch: use --backend auto or torch, not " + backend);
        }
    }
}
