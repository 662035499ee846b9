package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// A linear whose weights are packed, read where they are stored.
///
/// @param steps the weight's, in float32; outside the heap, where memory can be fetched ahead
record PackedLinear(
        String name,
        PackedMatrix weight,
        SlicedLayout layout,
        SlotOrder order,
        MemorySegment steps,
        @Nullable HostMatrix bias)
        implements Linear {

    static PackedLinear of(String name, PackedMatrix weight, @Nullable HostMatrix bias) {
        SlicedLayout layout = SlicedLayout.of(weight);
        SlotOrder order = SlotOrder.of(weight.format(), weight.cols());
        float[] values = new Tensor(DType.F16, new long[] {weight.rows()}, weight.steps()).toFloats();
        MemorySegment steps = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, values);
        return new PackedLinear(name, weight, layout, order, steps, bias);
    }

    float step(int row) {
        return steps.getAtIndex(ValueLayout.JAVA_FLOAT, row);
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
