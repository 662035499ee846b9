package dev.pbs2p.weights;

import dev.pbs2p.format.Safetensors;
import dev.pbs2p.tensor.Loading;
import dev.pbs2p.tensor.Tensor;
import java.nio.file.Path;
import java.util.Set;

/// One of the files that hold a checkpoint's weights, mapped.
sealed interface WeightFile extends AutoCloseable permits WeightFile.OfSafetensors, TorchFile {

    /// Maps a file and checks what it says of its tensors.
    ///
    /// @throws dev.pbs2p.format.FormatException if the file is not whole or not of the kind that its name says
    static WeightFile open(Path path) {
        return path.toString().endsWith(".safetensors")
                ? new OfSafetensors(Safetensors.open(path))
                : TorchFile.open(path);
    }

    Path path();

    Set<String> names();

    /// The tensor of a name, mapped, not copied.
    ///
    /// @throws dev.pbs2p.format.FormatException if there is none
    Tensor tensor(String name);

    /// As [dev.pbs2p.tensor.Checkpoint#load].
    void load(Loading how);

    @Override
    void close();

    /// The kind that [Safetensors] reads.
    record OfSafetensors(Safetensors file) implements WeightFile {

        @Override
        public Path path() {
            return file.path();
        }

        @Override
        public Set<String> names() {
            return file.names();
        }

        @Override
        public Tensor tensor(String name) {
            return file.tensor(name);
        }

        @Override
        public void load(Loading how) {
            file.load(how);
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
