package dev.pbs2p.cli;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.model.Models;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tokenizer.Tokenizer;
import dev.pbs2p.weights.Checkpoints;
import java.nio.file.Path;
import java.util.function.Supplier;

/// A model with all that it needs to run; closes it all.
record OpenModel(Checkpoint checkpoint, Tokenizer tokenizer, Backend backend, Model model) implements AutoCloseable {

    /// The backend is made last, when all files have been found good.
    static OpenModel open(Path path, Supplier<Backend> backends) {
        Checkpoint checkpoint = Checkpoints.open(path);
        Tokenizer tokenizer = null;
        Backend backend = null;
        try {
            tokenizer = Tokenizer.of(checkpoint);
            backend = backends.get();
            return new OpenModel(checkpoint, tokenizer, backend, Models.open(checkpoint, backend));
        } catch (Throwable e) {
            if (backend != null) {
                backend.close();
            }
            if (tokenizer != null) {
                tokenizer.close();
            }
            checkpoint.close();
            throw e;
        }
    }

    @Override
    public void close() {
        model.close();
        backend.close();
        tokenizer.close();
        checkpoint.close();
    }
}
