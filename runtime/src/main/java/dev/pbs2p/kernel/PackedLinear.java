package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// A linear whose weights are packed, read where they are stored.
///
/// @param steps the weight's, in float32
record PackedLinear(
        String name,
        PackedMatrix weight,
        SlicedLayout layout,
        SlotOrder order,
        HostMatrix steps,
        @Nullable HostMatrix bias)
        implements Linear {

    static PackedLinear of(String name, PackedMatrix weight, @Nullable HostMatrix bias) {
        SlicedLayout layout = SlicedLayout.of(weight);
        SlotOrder order = SlotOrder.of(weight.format(), weight.cols());
        float[] steps = new Tensor(DType.F16, new long[] {weight.rows()}, weight.steps()).toFloats();
        return new PackedLinear(name, weight, layout, order, new HostMatrix(1, steps.length, steps), bias);
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
