package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The orders in which kernels keep the 64 rows of a unit, block by block of [#BLOCK] rows. Shorts: the even rows,
/// then the odd ones, because that is how a vector of bytes falls apart into two of shorts without moving lanes.
/// Floats: rows 0, 4, 8, …, then 2, 6, …, then 1, 5, …, then 3, 7, …, because that is how those fall apart into ints.
final class RowOrder {

    /// Rows of a block: the bytes of a vector.
    static final int BLOCK = Species.BYTES.length();

    private static final VectorSpecies<Float> F = Species.FLOATS;
    private static final int LENGTH = F.length();
    private static final long FLOAT = Float.BYTES;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final VectorShuffle<Float> FIRST = quarter(0);
    private static final VectorShuffle<Float> SECOND = quarter(1);
    private static final VectorShuffle<Float> THIRD = quarter(2);
    private static final VectorShuffle<Float> FOURTH = quarter(3);
    private static final VectorMask<Float> IN_1 = everyFourth(1);
    private static final VectorMask<Float> IN_2 = everyFourth(2);
    private static final VectorMask<Float> IN_3 = everyFourth(3);

    private static final int[] PLACE = places();

    private RowOrder() {}

    /// Where row `row` of a unit is kept among floats.
    static int place(int row) {
        return PLACE[row];
    }

    /// Puts the products of the 64 rows of a unit, kept at `floats[from]`, times the rows' steps, floats from
    /// number `first` of `steps` on, in order at `out[to]`.
    static void restore(float[] floats, int from, MemorySegment steps, long first, float[] out, int to) {
        for (int row = 0; row < SlicedLayout.ROWS; row += BLOCK) {
            restoreBlock(floats, from + row, steps, (first + row) * FLOAT, out, to + row);
        }
    }

    /// Of each quarter a few neighbours go to every fourth place of a vector, beside those of the others.
    private static void restoreBlock(float[] floats, int from, MemorySegment steps, long at, float[] out, int to) {
        FloatVector q0 = FloatVector.fromArray(F, floats, from);
        FloatVector q2 = FloatVector.fromArray(F, floats, from + LENGTH);
        FloatVector q1 = FloatVector.fromArray(F, floats, from + 2 * LENGTH);
        FloatVector q3 = FloatVector.fromArray(F, floats, from + 3 * LENGTH);
        q0.rearrange(FIRST)
                .blend(q1.rearrange(FIRST), IN_1)
                .blend(q2.rearrange(FIRST), IN_2)
                .blend(q3.rearrange(FIRST), IN_3)
                .mul(FloatVector.fromMemorySegment(F, steps, at, LE))
                .intoArray(out, to);
        q0.rearrange(SECOND)
                .blend(q1.rearrange(SECOND), IN_1)
                .blend(q2.rearrange(SECOND), IN_2)
                .blend(q3.rearrange(SECOND), IN_3)
                .mul(FloatVector.fromMemorySegment(F, steps, at + LENGTH * FLOAT, LE))
                .intoArray(out, to + LENGTH);
        q0.rearrange(THIRD)
                .blend(q1.rearrange(THIRD), IN_1)
                .blend(q2.rearrange(THIRD), IN_2)
                .blend(q3.rearrange(THIRD), IN_3)
                .mul(FloatVector.fromMemorySegment(F, steps, at + 2 * FLOAT * LENGTH, LE))
                .intoArray(out, to + 2 * LENGTH);
        q0.rearrange(FOURTH)
                .blend(q1.rearrange(FOURTH), IN_1)
                .blend(q2.rearrange(FOURTH), IN_2)
                .blend(q3.rearrange(FOURTH), IN_3)
                .mul(FloatVector.fromMemorySegment(F, steps, at + 3 * FLOAT * LENGTH, LE))
                .intoArray(out, to + 3 * LENGTH);
    }

    private static VectorShuffle<Float> quarter(int part) {
        return VectorShuffle.fromOp(F, lane -> part * LENGTH / 4 + lane / 4);
    }

    private static VectorMask<Float> everyFourth(int first) {
        return VectorMask.fromLong(F, (0x1111111111111111L << first) & (-1L >>> (64 - LENGTH)));
    }

    private static int[] places() {
        int[] place = new int[SlicedLayout.ROWS];
        for (int row = 0; row < place.length; row++) {
            int inBlock = row % BLOCK;
            int quarter = inBlock % 2 * 2 + inBlock / 2 % 2;
            place[row] = row - inBlock + quarter * (BLOCK / 4) + inBlock / 4;
        }
        return place;
    }
}
