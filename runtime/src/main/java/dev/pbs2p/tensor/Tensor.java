package dev.pbs2p.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// A shape, an element type and the memory that holds the elements, row-major and little-endian; computes nothing.
public final class Tensor implements DenseWeight {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private final DType dtype;
    private final long[] shape;
    private final MemorySegment data;

    /// @throws IllegalArgumentException if `data` does not hold exactly the elements of `shape`
    public Tensor(DType dtype, long[] shape, MemorySegment data) {
        this.dtype = dtype;
        this.shape = shape.clone();
        this.data = data;
        long count = 1;
        for (long extent : shape) {
            if (extent < 0) {
                throw new IllegalArgumentException("a tensor has the negative extent " + extent);
            }
            count = Math.multiplyExact(count, extent);
        }
        if (Math.multiplyExact(count, (long) dtype.bytes()) != data.byteSize()) {
            throw new IllegalArgumentException("a tensor " + dtype + Arrays.toString(shape) + " needs "
                    + count * dtype.bytes() + " bytes, but its data has " + data.byteSize());
        }
    }

    /// A float32 tensor over an array of the Java heap (no copy).
    public static Tensor of(float[] values, long... shape) {
        return new Tensor(DType.F32, shape, MemorySegment.ofArray(values));
    }

    public DType dtype() {
        return dtype;
    }

    public long[] shape() {
        return shape.clone();
    }

    public MemorySegment data() {
        return data;
    }

    /// Lets the system take back the memory of a mapped file's tensor, which is read again at its next use; does
    /// nothing for other tensors.
    public void unload() {
        if (data.isMapped()) {
            data.unload();
        }
    }

    /// Number of elements.
    public long size() {
        return data.byteSize() / dtype.bytes();
    }

    @Override
    public int rows() {
        return shape.length < 2 ? 1 : Math.toIntExact(shape[0]);
    }

    @Override
    public int cols() {
        return rows() == 0 ? 0 : Math.toIntExact(size() / rows());
    }

    /// Element `i` in row-major order, widened to float32.
    public float get(long i) {
        return switch (dtype) {
            case F32 -> data.get(FLOAT, i * 4);
            case F64 -> (float) data.get(DOUBLE, i * 8);
            case F16 -> Float.float16ToFloat(data.get(SHORT, i * 2));
            case BF16 -> Float.intBitsToFloat(data.get(SHORT, i * 2) << 16);
            default -> throw new IllegalArgumentException("a tensor of " + dtype + " holds no real numbers");
        };
    }

    @Override
    public void row(int row, float[] out, int at) {
        int cols = cols();
        for (int c = 0; c < cols; c++) {
            out[at + c] = get((long) row * cols + c);
        }
    }
}
