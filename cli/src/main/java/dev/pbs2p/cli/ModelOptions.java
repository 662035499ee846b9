package dev.pbs2p.cli;

import dev.pbs2p.compress.torch.TorchBackend;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.ScalarBackend;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// Where a model is computed; the same for every command that runs one.
final class ModelOptions {

    /// Names of `--backend`.
    enum Choice {
        AUTO,
        SCALAR,
        VECTOR,
        TORCH,
        CUDA
    }

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "Where to compute: auto, scalar, vector, torch or cuda (default: auto, the fastest that this"
                    + " machine has).")
    private Choice backend = Choice.AUTO;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads to compute on (default: all ${DEFAULT-THREADS} of this machine).")
    private int threads = Runtime.getRuntime().availableProcessors();

    /// Opens what is stored at `path`, ready to run.
    OpenModel open(Path path) {
        return OpenModel.open(path, this::backend);
    }

    int threads() {
        if (threads < 1) {
            throw new IllegalArgumentException("--threads needs at least 1, not " + threads);
        }
        return threads;
    }

    Backend backend() {
        return switch (backend) {
            case AUTO, SCALAR, VECTOR -> new ScalarBackend();
            case TORCH -> new TorchBackend(threads());
            case CUDA ->
                throw new IllegalArgumentException(
                        "there is no CUDA backend yet: use --backend auto, which computes on the CPU");
        };
    }
}
