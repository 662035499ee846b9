package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.pbs2p.tensor.ByteMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/// Rows of 8-bit weights, widened to float32 in registers.
final class ByteRows {

    private static final VectorSpecies<Float> F = Species.FLOATS;
    private static final int LANES = F.length();
    private static final int GROUP = ByteMatrix.GROUP;

    private static final VectorSpecies<Byte> BYTES = Species.FEW_BYTES;

    /// Levels of a step through a row: four vectors of floats.
    private static final int STEP = 4 * LANES;
    /// The byte of an int that holds its sign, and what a level there is to be multiplied by.
    private static final int TOP = 0xFF000000;

    private static final float AT_TOP = 0x1p-24f;

    private ByteRows() {}

    private static FloatVector floats(ByteVector bytes, int part) {
        return (FloatVector) bytes.convertShape(B2F, F, part);
    }

    private static ByteVector bytes(MemorySegment levels, long at) {
        return ByteVector.fromMemorySegment(BYTES, levels, at, ByteOrder.LITTLE_ENDIAN);
    }

    /// Puts activations into the order in which rows meet them, `out[at ..)`.
    static void arrange(float[] x, int cols, float[] out, int at) {
        int whole = cols - cols % GROUP;
        for (int c = 0; c < whole; c++) {
            int inStep = c % STEP;
            out[at + c - inStep + inStep % 4 * LANES + inStep / 4] = x[c];
        }
        System.arraycopy(x, whole, out, at + whole, cols - whole);
    }

    /// Rows `first` to before `end` of `weight` times arranged activations, x[at ..), into out[first ..).
    ///
    /// @param scales room for the scales of the rows
    static void dots(ByteMatrix weight, int first, int end, float[] x, int at, float[] scales, float[] out) {
        int cols = weight.cols();
        int groups = ByteMatrix.groups(cols);
        int whole = cols - cols % GROUP;
        ValueLayout.OfFloat layout = ValueLayout.JAVA_FLOAT_UNALIGNED;
        MemorySegment.copy(weight.scales(), layout, 4L * first * groups, scales, 0, (end - first) * groups);
        if (whole == cols) {
            MemorySegment levels = weight.levels().asSlice((long) first * cols, (long) (end - first) * cols);
            groups(levels, cols, x, at, scales, 0, out, first);
            return;
        }
        for (int row = first; row < end; row++) {
            out[row] = 0;
            MemorySegment levels = weight.levels().asSlice((long) row * cols, whole);
            groups(levels, whole, x, at, scales, (row - first) * groups, out, row);
            out[row] += rest(weight, row, whole, x, at);
        }
    }

    /// The columns from `from` on.
    private static float rest(ByteMatrix weight, int row, int from, float[] x, int at) {
        float rest = 0;
        for (int c = from; c < weight.cols(); c++) {
            rest += weight.get(row, c) * x[at + c];
        }
        return rest;
    }

    /// Rows of `cols` levels, whole groups, times arranged activations, into out[to ..).
    ///
    /// One loop for all rows, which takes the lines of memory one after the other: where each row has a loop, with
    /// what the compiler puts before and behind it, or a group is written out and its loads change places, memory
    /// is read at half the speed.
    ///
    /// Four levels are loaded as an int and taken apart by shifts, each at the top of an int: a load of their
    /// own for every vector of levels would have its bounds checked each time, which costs as much as the
    /// arithmetic of a short vector. Scales lie on the heap: with a second segment in the loop, the compiler
    /// often leaves all checks of both in it.
    private static void groups(
            MemorySegment levels, int cols, float[] x, int at, float[] scales, int firstScale, float[] out, int to) {
        FloatVector sums = FloatVector.zero(F);
        FloatVector sum0 = sums;
        FloatVector sum1 = sums;
        FloatVector sum2 = sums;
        FloatVector sum3 = sums;
        int bytes = (int) levels.byteSize();
        int col = at;
        int row = to;
        for (int i = 0; i < bytes; i += STEP) {
            IntVector four = IntVector.fromMemorySegment(Species.INTS, levels, i, ByteOrder.LITTLE_ENDIAN);
            sum0 = floats(four.lanewise(LSHL, 24)).fma(load(x, col), sum0);
            sum1 = floats(four.lanewise(LSHL, 16).and(TOP)).fma(load(x, col + LANES), sum1);
            sum2 = floats(four.lanewise(LSHL, 8).and(TOP)).fma(load(x, col + 2 * LANES), sum2);
            sum3 = floats(four.and(TOP)).fma(load(x, col + 3 * LANES), sum3);
            col += STEP;
            if ((i & (GROUP - 1)) == GROUP - STEP) {
                FloatVector scale = FloatVector.broadcast(F, scales[firstScale + i / GROUP]);
                sums = sum0.add(sum1).add(sum2.add(sum3)).fma(scale, sums);
                sum0 = FloatVector.zero(F);
                sum1 = sum0;
                sum2 = sum0;
                sum3 = sum0;
                if (col == at + cols) {
                    out[row++] = VectorMath.sum(sums) * AT_TOP;
                    sums = sum0;
                    col = at;
                }
            }
        }
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    private static FloatVector floats(IntVector levels) {
        return (FloatVector) levels.convertShape(I2F, F, 0);
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
