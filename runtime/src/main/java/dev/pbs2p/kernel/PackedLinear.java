package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.PackedMatrix;
import org.jspecify.annotations.Nullable;

/// A linear whose weights are packed, read where they are stored.
record PackedLinear(
        String name,
        PackedMatrix weight,
        SlicedLayout layout,
        @Nullable HostMatrix bias) implements Linear {

    @Override
    public int outputs() {
        return weight.rows();
    }

    @Override
    public int inputs() {
        return weight.cols();
    }
}
