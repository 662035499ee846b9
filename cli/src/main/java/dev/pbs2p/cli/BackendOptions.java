package dev.pbs2p.cli;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import java.util.Locale;
import picocli.CommandLine.Option;

/// What a model is computed by, but for the number of threads.
final class BackendOptions {

    private static final int ACTIVATION_BITS = 8;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "Where to compute: auto, scalar, vector, torch or cuda (default: auto, the fastest that this"
                    + " machine has).")
    private String backend = "auto";

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
