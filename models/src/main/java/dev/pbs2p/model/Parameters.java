package dev.pbs2p.model;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Linear;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Hands a checkpoint's weights to a backend by name, after comparing their shapes with those that `config.json`
/// implies.
final class Parameters {

    private final Checkpoint checkpoint;
    private final Backend backend;

    Parameters(Checkpoint checkpoint, Backend backend) {
        this.checkpoint = checkpoint;
        this.backend = backend;
    }

    /// `layer.weight` (outputs × inputs, dense or packed), with `layer.bias` where the architecture has one.
    Linear linear(String layer, int outputs, int inputs, boolean bias) {
        String name = layer + ".weight";
        Weight weight = checkpoint.weight(name);
        boolean flat = weight instanceof Tensor tensor && tensor.shape().length != 2;
        if (flat || weight.rows() != outputs || weight.cols() != inputs) {
            throw wrongShape(name, weight, outputs + ", " + inputs);
        }
        @Nullable Tensor biasValues = bias ? values(layer + ".bias", outputs) : null;
        return backend.linear(name, weight, biasValues);
    }

    /// A norm's gain or bias.
    Matrix vector(String name, int size) {
        return backend.vector(name, values(name, size));
    }

    private Tensor values(String name, int size) {
        Weight weight = checkpoint.weight(name);
        if (weight instanceof Tensor tensor && Arrays.equals(tensor.shape(), new long[] {size})) {
            return tensor;
        }
        throw wrongShape(name, weight, Integer.toString(size));
    }

    private FormatException wrongShape(String name, Weight weight, String expected) {
        String seen = weight instanceof Tensor tensor
                ? Arrays.toString(tensor.shape())
                : "[" + weight.rows() + ", " + weight.cols() + "]";
        return new FormatException(name + " in " + checkpoint.source() + " has the shape " + seen
                + ", but its config.json makes it [" + expected + "]");
    }
}
