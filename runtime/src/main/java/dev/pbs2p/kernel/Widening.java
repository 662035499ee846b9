package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;

import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.DenseWeight;
import dev.pbs2p.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/// Rows of dense weights, read as stored and widened to float32 in registers.
final class Widening {

    private static final VectorSpecies<Float> F = Species.FLOATS;
    private static final int LANES = F.length();
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    /// Sign, and ten mantissa bits with five exponent bits below it, of a float16 whose sign-extended bits were shifted
    /// left by 13.
    private static final int HALF_BITS = 0x8fffe000;
    /// What those bits are too small by when read as a float: 2^(127 - 15).
    private static final float HALF_SCALE = 0x1p112f;

    private Widening() {}

    private static FloatVector f32(MemorySegment data, long at) {
        return FloatVector.fromMemorySegment(F, data, at, LE);
    }

    /// Exact for all finite values, subnormal ones included.
    private static FloatVector f16(MemorySegment data, long at) {
        return shorts(data, at)
                .lanewise(LSHL, 13)
                .and(HALF_BITS)
                .reinterpretAsFloats()
                .mul(HALF_SCALE);
    }

    private static FloatVector bf16(MemorySegment data, long at) {
        return shorts(data, at).lanewise(LSHL, 16).reinterpretAsFloats();
    }

    private static IntVector shorts(MemorySegment data, long at) {
        return (IntVector)
                ShortVector.fromMemorySegment(Species.HALF_SHORTS, data, at, LE).convertShape(S2I, Species.INTS, 0);
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    /// Row `row` of `weight` times x[at ..).
    static float dot(Tensor weight, int row, float[] x, int at) {
        int cols = weight.cols();
        long from = (long) row * cols;
        int whole = cols - cols % (2 * LANES);
        float sum = switch (weight.dtype()) {
            case F32 -> dotF32(weight.data(), from * 4, x, at, whole);
            case F16 -> dotF16(weight.data(), from * 2, x, at, whole);
            default -> dotBf16(weight.data(), from * 2, x, at, whole);
        };
        for (int c = whole; c < cols; c++) {
            sum += weight.get(from + c) * x[at + c];
        }
        return sum;
    }

    private static float dotF32(MemorySegment data, long from, float[] x, int at, int n) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        for (int i = 0; i < n; i += 2 * LANES) {
            sum0 = f32(data, from + i * 4L).fma(load(x, at + i), sum0);
            sum1 = f32(data, from + (i + LANES) * 4L).fma(load(x, at + i + LANES), sum1);
        }
        return VectorMath.sum(sum0.add(sum1));
    }

    private static float dotF16(MemorySegment data, long from, float[] x, int at, int n) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        for (int i = 0; i < n; i += 2 * LANES) {
            sum0 = f16(data, from + i * 2L).fma(load(x, at + i), sum0);
            sum1 = f16(data, from + (i + LANES) * 2L).fma(load(x, at + i + LANES), sum1);
        }
        return VectorMath.sum(sum0.add(sum1));
    }

    private static float dotBf16(MemorySegment data, long from, float[] x, int at, int n) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        for (int i = 0; i < n; i += 2 * LANES) {
            sum0 = bf16(data, from + i * 2L).fma(load(x, at + i), sum0);
            sum1 = bf16(data, from + (i + LANES) * 2L).fma(load(x, at + i + LANES), sum1);
        }
        return VectorMath.sum(sum0.add(sum1));
    }

    /// Row `row` of `weight` in float32.
    static void row(DenseWeight weight, int row, float[] out, int at) {
        switch (weight) {
            case Tensor tensor -> row(tensor, row, out, at);
            case ByteMatrix bytes -> ByteRows.row(bytes, row, out, at);
        }
    }

    private static void row(Tensor weight, int row, float[] out, int at) {
        int cols = weight.cols();
        long from = (long) row * cols;
        int whole = cols - cols % LANES;
        switch (weight.dtype()) {
            case F32 -> {
                for (int i = 0; i < whole; i += LANES) {
                    f32(weight.data(), (from + i) * 4).intoArray(out, at + i);
                }
            }
            case F16 -> {
                for (int i = 0; i < whole; i += LANES) {
                    f16(weight.data(), (from + i) * 2).intoArray(out, at + i);
                }
            }
            default -> {
                for (int i = 0; i < whole; i += LANES) {
                    bf16(weight.data(), (from + i) * 2).intoArray(out, at + i);
                }
            }
        }
        for (int c = whole; c < cols; c++) {
            out[at + c] = weight.get(from + c);
        }
    }
}
