package dev.pbs2p.kernel;

import dev.pbs2p.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// A linear whose weights are stored as F32, F16 or BF16.
record DenseLinear(String name, Tensor weight, @Nullable HostMatrix bias) implements Linear {

    DenseLinear {
        switch (weight.dtype()) {
            case F32, F16, BF16 -> {}
            default ->
                throw new IllegalArgumentException(
                        "weight " + name + " is stored as " + weight.dtype() + "; kernels read F32, F16 and BF16");
        }
    }

    @Override
    public int outputs() {
        return weight.rows();
    }

    @Override
    public int inputs() {
        return weight.cols();
    }
}
