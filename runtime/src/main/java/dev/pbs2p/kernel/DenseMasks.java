package dev.pbs2p.kernel;

import static dev.pbs2p.kernel.Spreader.load;
import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;

/// The masks ([MaskRules]) of formats that prune nothing and have several segments: every stored bit lies at its
/// weight's slot already. [MaskRules#put] is written out here for the reason that [ShiftedMasks] has.
final class DenseMasks {

    private static final int ROWS = SlicedLayout.ROWS;
    private static final int SLOT = Masks.SLOT;

    private DenseMasks() {}

    static boolean takes(PackedFormat format) {
        return format.dense() && format.segments() > 1 && !format.salient();
    }

    /// Slot `k` of a subblock goes to `to + k * SLOT` of `masks`.
    static void make(PackedFormat format, MemorySegment planes, long unit, Subblock subblock, byte[] masks, int to) {
        long signs = unit + subblock.signs();
        for (int row = 0; row < ROWS; row += Species.BYTES.length()) {
            if (format.segments() == 2) {
                two(planes, signs + row, subblock.slots(), masks, to + row);
            } else {
                more(format.segments(), planes, signs + row, subblock.slots(), masks, to + row);
            }
        }
    }

    /// Behind the signs the bits of segments.
    private static void two(MemorySegment planes, long signs, int slots, byte[] masks, int to) {
        long lows = signs + (long) slots * ROWS;
        int mask1 = to + Masks.at(1);
        int mask2 = to + Masks.at(2);
        for (int slot = 0; slot < slots; slot++) {
            ByteVector sign = load(planes, signs + (long) slot * ROWS);
            ByteVector k1 = load(planes, lows + (long) slot * ROWS);
            ByteVector p1 = sign.and(k1);
            sign.lanewise(XOR, p1).intoArray(masks, to + slot * SLOT);
            p1.intoArray(masks, mask1 + slot * SLOT);
            k1.intoArray(masks, mask2 + slot * SLOT);
        }
    }

    /// Three or four segments: the low bits of their numbers, then the high ones.
    private static void more(int segments, MemorySegment planes, long signs, int slots, byte[] masks, int to) {
        long lows = signs + (long) slots * ROWS;
        long highs = lows + (long) slots * ROWS;
        int mask1 = to + Masks.at(1);
        int mask2 = to + Masks.at(2);
        int mask3 = to + Masks.at(3);
        int mask4 = to + Masks.at(4);
        int mask5 = to + Masks.at(5);
        int mask6 = to + Masks.at(6);
        for (int slot = 0; slot < slots; slot++) {
            ByteVector sign = load(planes, signs + (long) slot * ROWS);
            ByteVector low = load(planes, lows + (long) slot * ROWS);
            ByteVector high = load(planes, highs + (long) slot * ROWS);
            ByteVector k3 = low.and(high);
            ByteVector k1 = low.lanewise(XOR, k3);
            ByteVector k2 = high.lanewise(XOR, k3);
            sign.lanewise(AND_NOT, low.or(high)).intoArray(masks, to + slot * SLOT);
            sign.and(k1).intoArray(masks, mask1 + slot * SLOT);
            sign.and(k2).intoArray(masks, mask2 + slot * SLOT);
            if (segments == 3) {
                k1.intoArray(masks, mask3 + slot * SLOT);
                k2.intoArray(masks, mask4 + slot * SLOT);
            } else {
                sign.and(k3).intoArray(masks, mask3 + slot * SLOT);
                k1.intoArray(masks, mask4 + slot * SLOT);
                k2.intoArray(masks, mask5 + slot * SLOT);
                k3.intoArray(masks, mask6 + slot * SLOT);
            }
        }
    }
}
