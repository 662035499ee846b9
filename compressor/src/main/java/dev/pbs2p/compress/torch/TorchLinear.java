package dev.pbs2p.compress.torch;

import dev.pbs2p.format.Packing;
import dev.pbs2p.kernel.Linear;
import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// A weight that becomes a float32 tensor when it is first used, and can be given back or replaced.
final class TorchLinear implements Linear {

    private final String name;
    private final Weight stored;
    private final org.bytedeco.pytorch.@Nullable Tensor bias;
    private org.bytedeco.pytorch.@Nullable Tensor dense;
    private boolean replaced;

    TorchLinear(String name, Weight stored, org.bytedeco.pytorch.@Nullable Tensor bias) {
        this.name = name;
        this.stored = stored;
        this.bias = bias;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int outputs() {
        return stored.rows();
    }

    @Override
    public int inputs() {
        return stored.cols();
    }

    org.bytedeco.pytorch.@Nullable Tensor bias() {
        return bias;
    }

    /// outputs × inputs, float32.
    org.bytedeco.pytorch.Tensor dense() {
        if (dense == null) {
            dense = floats(stored);
            dense.retainReference();
        }
        return dense;
    }

    /// Uses other values until [#release()].
    void replace(org.bytedeco.pytorch.Tensor values) {
        release();
        values.retainReference();
        dense = values;
        replaced = true;
    }

    /// Frees the float32 values; the stored ones are used again.
    void release() {
        if (dense != null) {
            dense.releaseReference();
            dense = null;
        }
        replaced = false;
    }

    /// Frees everything; the linear cannot be used any more.
    void close() {
        release();
        if (bias != null) {
            bias.releaseReference();
        }
    }

    /// Rows `ids`, float32, read from the stored table where it is dense: a large table never becomes float32 as a
    /// whole.
    org.bytedeco.pytorch.Tensor rows(int[] ids) {
        if (replaced || !(stored instanceof Tensor table)) {
            return dense().index_select(0, Native.indices(ids));
        }
        long width = (long) table.cols() * table.dtype().bytes();
        org.bytedeco.pytorch.Tensor rows = Native.empty(type(table.dtype()), ids.length, table.cols());
        for (int i = 0; i < ids.length; i++) {
            Native.fill(rows, i * width, table.data().asSlice(ids[i] * width, width));
        }
        return rows.to(torch.ScalarType.Float);
    }

    /// A new float32 tensor with the values of a weight.
    static org.bytedeco.pytorch.Tensor floats(Weight weight) {
        return switch (weight) {
            case Tensor tensor -> {
                org.bytedeco.pytorch.Tensor copy = Native.empty(type(tensor.dtype()), tensor.rows(), tensor.cols());
                Native.fill(copy, 0, tensor.data());
                yield copy.to(torch.ScalarType.Float);
            }
            case ByteMatrix bytes -> Native.tensor(bytes.toFloats(), bytes.rows(), bytes.cols());
            case PackedMatrix packed -> Native.tensor(Packing.unpack(packed).toFloats(), packed.rows(), packed.cols());
        };
    }

    private static torch.ScalarType type(DType dtype) {
        return switch (dtype) {
            case F64 -> torch.ScalarType.Double;
            case F32 -> torch.ScalarType.Float;
            case F16 -> torch.ScalarType.Half;
            case BF16 -> torch.ScalarType.BFloat16;
            default -> throw new IllegalArgumentException("a weight of " + dtype + " holds no real numbers");
        };
    }
}
