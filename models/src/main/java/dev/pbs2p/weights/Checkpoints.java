package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.tensor.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;

/// Opens a model in any of the forms that are read.
public final class Checkpoints {

    private Checkpoints() {}

    /// A directory is taken for a Hugging Face checkpoint, a file for a packed one.
    ///
    /// @throws FormatException if there is nothing at `path` or it is neither
    public static Checkpoint open(Path path) {
        if (!Files.exists(path)) {
            throw new FormatException("there is no model at " + path);
        }
        return Files.isDirectory(path) ? HfDirectory.open(path) : Pbs2pFile.open(path);
    }
}
