package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.B2F;

import dev.pbs2p.tensor.ByteMatrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Rows of 8-bit weights, widened to float32 in registers.
final class ByteRows {

    private static final VectorSpecies<Float> F = Species.FLOATS;
    private static final int LANES = F.length();
    private static final int GROUP = ByteMatrix.GROUP;

    /// The narrowest vector of bytes has 64 bits: at 128 bits it makes two vectors of floats.
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, Species.BITS / 4)));

    private ByteRows() {}

    private static FloatVector floats(ByteVector bytes, int part) {
        return (FloatVector) bytes.convertShape(B2F, F, part);
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    private static ByteVector bytes(MemorySegment levels, long at) {
        return ByteVector.fromMemorySegment(BYTES, levels, at, ByteOrder.LITTLE_ENDIAN);
    }

    /// Row `row` of `weight` times x[at ..).
    static float dot(ByteMatrix weight, int row, float[] x, int at) {
        int cols = weight.cols();
        long from = (long) row * cols;
        int groups = cols / GROUP;
        MemorySegment levels = weight.levels().asSlice(from, cols);
        FloatVector sums = FloatVector.zero(F);
        for (int g = 0; g < groups; g++) {
            sums = group(levels, g * GROUP, x, at + g * GROUP)
                    .fma(FloatVector.broadcast(F, weight.scale(row, g)), sums);
        }
        float rest = 0;
        for (int c = groups * GROUP; c < cols; c++) {
            rest += weight.get(row, c) * x[at + c];
        }
        return VectorMath.sum(sums) + rest;
    }

    /// The levels of a whole group times x[at ..), a sum a lane.
    private static FloatVector group(MemorySegment levels, int from, float[] x, int at) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        if (BYTES.length() == LANES) {
            for (int i = 0; i < GROUP; i += 2 * LANES) {
                sum0 = floats(bytes(levels, from + i), 0).fma(load(x, at + i), sum0);
                sum1 = floats(bytes(levels, from + i + LANES), 0).fma(load(x, at + i + LANES), sum1);
            }
        } else {
            for (int i = 0; i < GROUP; i += 2 * LANES) {
                ByteVector both = bytes(levels, from + i);
                sum0 = floats(both, 0).fma(load(x, at + i), sum0);
                sum1 = floats(both, 1).fma(load(x, at + i + LANES), sum1);
            }
        }
        return sum0.add(sum1);
    }

    /// Row `row` of `weight` in float32.
    static void row(ByteMatrix weight, int row, float[] out, int at) {
        int cols = weight.cols();
        long from = (long) row * cols;
        int whole = cols - cols % GROUP;
        for (int i = 0; i < whole; i += BYTES.length()) {
            float scale = weight.scale(row, i / GROUP);
            ByteVector levels = bytes(weight.levels(), from + i);
            for (int part = 0; part < BYTES.length() / LANES; part++) {
                floats(levels, part).mul(scale).intoArray(out, at + i + part * LANES);
            }
        }
        for (int c = whole; c < cols; c++) {
            out[at + c] = weight.get(row, c);
        }
    }
}
