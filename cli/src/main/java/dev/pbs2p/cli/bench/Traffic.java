package dev.pbs2p.cli.bench;

import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.util.Set;

/// Bytes that one pass over a model's weights must move through the processor, whatever computes it.
public final class Traffic {

    private Traffic() {}

    /// All weights but tables of which a pass reads a row a token. The cache of keys and values is not counted.
    public static long of(Checkpoint checkpoint) {
        Set<String> names = checkpoint.names();
        boolean ownHead = names.contains("lm_head.weight");
        return names.stream()
                .filter(name ->
                        !(name.endsWith("embed_positions.weight") || (ownHead && name.endsWith("embed_tokens.weight"))))
                .mapToLong(name -> bytes(checkpoint.weight(name)))
                .sum();
    }

    private static long bytes(Weight weight) {
        return switch (weight) {
            case PackedMatrix packed -> packed.bytes();
            case ByteMatrix table -> table.bytes();
            case Tensor tensor -> tensor.data().byteSize();
        };
    }
}
