package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.tensor.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;

/// Opens a model in any of the forms that are read.
public final class Checkpoints {

    private Checkpoints() {}

    /// A directory is taken for a Hugging Face checkpoint, a file that begins with `GGUF` for one of that format, any
    /// other file for a packed model.
    ///
    /// @throws FormatException if there is nothing at `path` or it is none of these
    public static Checkpoint open(Path path) {
        if (!Files.exists(path)) {
            boolean name = path.toString().matches("\\w[\\w.-]*/\\w[\\w.-]*");
            throw new FormatException("there is no model at " + path
                    + (name ? "; if that is its name on a hub, pull it first: pbs2p pull " + path : ""));
        }
        if (Files.isDirectory(path)) {
            return HfDirectory.open(path);
        }
        return GgufFile.begins(path) ? GgufFile.open(path) : Pbs2pFile.open(path);
    }
}
