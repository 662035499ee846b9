package dev.pbs2p.cli;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import dev.pbs2p.model.LanguageModel;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Option;

/// Where a model is computed; the same for every command that runs one.
final class ModelOptions {

    private static final int ACTIVATION_BITS = 8;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "Where to compute: auto, scalar, vector, torch or cuda (default: auto, the fastest that this"
                    + " machine has).")
    private String backend = "auto";

    @Option(names = "--threads", paramLabel = "N", description = "Threads to compute on (default: one a core).")
    private int threads = Backends.Settings.defaults().threads();

    /// Opens what is stored at `path`, ready to run.
    LanguageModel open(Path path) {
        return LanguageModel.open(path, this::backend);
    }

    int threads() {
        return settings().threads();
    }

    /// For what only LibTorch can compute.
    void requireTorch() {
        if (!backend.equals("auto") && !backend.equals("torch")) {
            throw new IllegalArgumentException(
                    "this computes with LibTorch: use --backend auto or torch, not " + backend);
        }
    }

    private Backend backend() {
        return Backends.open(backend.toLowerCase(Locale.ROOT), settings());
    }

    private Backends.Settings settings() {
        return new Backends.Settings(threads, ACTIVATION_BITS);
    }
}
