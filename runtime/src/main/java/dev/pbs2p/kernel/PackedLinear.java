package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.PackedMatrix;
import org.jspecify.annotations.Nullable;

/// A linear whose weights are packed, read where they are stored.
record PackedLinear(
        String name,
        PackedMatrix weight,
        SlicedLayout layout,
        SlotOrder order,
        @Nullable HostMatrix bias) implements Linear {

    static PackedLinear of(String name, PackedMatrix weight, @Nullable HostMatrix bias) {
        SlotOrder order = SlotOrder.of(weight.format(), weight.cols());
        return new PackedLinear(name, weight, SlicedLayout.of(weight), order, bias);
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
