package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.PackedMatrix;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
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

    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static PackedLinear of(String name, PackedMatrix weight, @Nullable HostMatrix bias) {
        SlicedLayout layout = SlicedLayout.of(weight);
        SlotOrder order = SlotOrder.of(weight.format(), weight.cols());
        float[] steps = new float[weight.rows()];
        for (int row = 0; row < steps.length; row++) {
            steps[row] = Float.float16ToFloat(weight.steps().get(HALF, 2L * row));
        }
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
