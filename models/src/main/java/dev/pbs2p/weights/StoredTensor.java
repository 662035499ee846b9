package dev.pbs2p.weights;

import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/// How a weight lies in its file, told without reading it.
///
/// @param type the file format's name of how its elements are stored
/// @param bytes on disk
public record StoredTensor(String type, List<Long> shape, long bytes) {

    /// How the weight of a name lies in a checkpoint.
    ///
    /// @throws dev.pbs2p.format.FormatException if there is none
    public static StoredTensor of(Checkpoint checkpoint, String name) {
        if (checkpoint instanceof GgufFile gguf) {
            return gguf.stored(name);
        }
        return switch (checkpoint.weight(name)) {
            case Tensor tensor ->
                new StoredTensor(
                        tensor.dtype().name(),
                        Arrays.stream(tensor.shape()).boxed().toList(),
                        tensor.data().byteSize());
            case ByteMatrix bytes ->
                new StoredTensor("8 bits", List.of((long) bytes.rows(), (long) bytes.cols()), bytes.bytes());
            case PackedMatrix packed ->
                new StoredTensor(
                        packed.format().pattern(), List.of((long) packed.rows(), (long) packed.cols()), packed.bytes());
        };
    }

    /// Number of elements.
    public long size() {
        return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
    }
}
