package dev.pbs2p.kernel;

import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.DenseWeight;
import dev.pbs2p.tensor.Tensor;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A linear whose weights are stored as F32, F16, BF16 or 8-bit levels.
record DenseLinear(
        String name, DenseWeight weight, @Nullable HostMatrix bias) implements Linear {

    private static final Set<DType> READ = EnumSet.of(DType.F32, DType.F16, DType.BF16);

    DenseLinear {
        if (weight instanceof Tensor tensor && !READ.contains(tensor.dtype())) {
            throw new IllegalArgumentException(
                    "weight " + name + " is stored as " + tensor.dtype() + "; kernels read F32, F16 and BF16");
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
