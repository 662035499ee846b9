package dev.pbs2p.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A shape, an element type and the memory that holds the elements, row-major and little-endian; computes nothing.
public final class Tensor implements DenseWeight {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private final DType dtype;
    private final long[] shape;
    private final long bytes;
    private final @Nullable Decoding decoding;
    private @Nullable Arena decoded;
    private volatile @Nullable MemorySegment data;

    /// Makes the elements of a tensor that is stored otherwise.
    public interface Decoding {

        /// New memory from `arena`, filled with the elements.
        MemorySegment into(Arena arena);
    }

    /// @throws IllegalArgumentException if `data` does not hold exactly the elements of `shape`
    public Tensor(DType dtype, long[] shape, MemorySegment data) {
        this(dtype, shape, data, null);
        if (bytes != data.byteSize()) {
            throw new IllegalArgumentException("a tensor " + dtype + Arrays.toString(shape) + " needs " + bytes
                    + " bytes, but its data has " + data.byteSize());
        }
    }

    private Tensor(DType dtype, long[] shape, @Nullable MemorySegment data, @Nullable Decoding decoding) {
        this.dtype = dtype;
        this.shape = shape.clone();
        this.data = data;
        this.decoding = decoding;
        long count = 1;
        for (long extent : shape) {
            if (extent < 0) {
                throw new IllegalArgumentException("a tensor has the negative extent " + extent);
            }
            count = Math.multiplyExact(count, extent);
        }
        this.bytes = Math.multiplyExact(count, (long) dtype.bytes());
    }

    /// A tensor whose elements are decoded when they are first asked for, and again after [#unload].
    public static Tensor decoded(DType dtype, long[] shape, Decoding decoding) {
        return new Tensor(dtype, shape, null, decoding);
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

    /// The live elements.
    public MemorySegment data() {
        MemorySegment now = data;
        return now != null ? now : decode();
    }

    private synchronized MemorySegment decode() {
        MemorySegment now = data;
        if (now == null) {
            Arena arena = Arena.ofShared();
            now = Objects.requireNonNull(decoding).into(arena);
            decoded = arena;
            data = now;
        }
        return now;
    }

    /// Gives back memory: that of a mapped file, which is read again at its next use, and that of decoded elements.
    /// What [#data] gave of those cannot be used any more. Does nothing for other tensors.
    public synchronized void unload() {
        MemorySegment now = data;
        if (now != null && now.isMapped()) {
            now.unload();
        }
        if (decoded != null) {
            data = null;
            decoded.close();
            decoded = null;
        }
    }

    /// Number of elements.
    public long size() {
        return bytes / dtype.bytes();
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
        return get(data(), i);
    }

    private float get(MemorySegment data, long i) {
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
        MemorySegment data = data();
        int cols = cols();
        for (int c = 0; c < cols; c++) {
            out[at + c] = get(data, (long) row * cols + c);
        }
    }
}
