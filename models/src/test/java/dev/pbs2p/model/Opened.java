package dev.pbs2p.model;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.weights.Checkpoints;
import java.nio.file.Path;

/// A model with the backend and the checkpoint it needs, closed together; for tests.
public record Opened(Model model, Backend backend, Checkpoint checkpoint) implements AutoCloseable {

    /// On the scalar backend.
    public static Opened scalar(Path path) {
        return on(new ScalarBackend(), path);
    }

    public static Opened on(Backend backend, Path path) {
        Checkpoint checkpoint = Checkpoints.open(path);
        return new Opened(Models.open(checkpoint, backend), backend, checkpoint);
    }

    @Override
    public void close() {
        model.close();
        backend.close();
        checkpoint.close();
    }
}
