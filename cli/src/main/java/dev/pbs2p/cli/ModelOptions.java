package dev.pbs2p.cli;

import dev.pbs2p.kernel.Backends;
import dev.pbs2p.model.LanguageModel;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Where a model is computed; the same for every command that runs one.
final class ModelOptions {

    @Mixin
    private final BackendOptions backend = new BackendOptions();

    @Option(names = "--threads", paramLabel = "N", description = "Threads to compute on (default: one a core).")
    private int threads = Backends.Settings.defaults().threads();

    /// Opens what is stored at `path`, ready to run.
    LanguageModel open(Path path) {
        return LanguageModel.open(backend.checkpoint(path), () -> backend.open(threads));
    }

    int threads() {
        if (threads < 1) {
            throw new IllegalArgumentException("at least one thread is needed, not " + threads);
        }
        return threads;
    }

    /// For what only LibTorch can compute.
    void requireTorch() {
        backend.requireTorch();
    }
}
