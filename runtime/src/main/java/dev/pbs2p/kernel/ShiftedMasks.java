package dev.pbs2p.kernel;

import static dev.pbs2p.kernel.Spreader.compact;
import static dev.pbs2p.kernel.Spreader.load;
import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;

/// The masks ([MaskRules]) of pruned formats without salient columns that keep 9 to 12 of an N:M group: compact
/// planes are spread one by one into places of masks, and combined there.
///
/// A plane takes as many registers as weights are kept; two at a time would not fit. What [MaskRules#put] does is
/// written out: it is not always inlined, and vectors that pass it would be objects.
final class ShiftedMasks {

    private static final int ROWS = SlicedLayout.ROWS;
    private static final int SLOT = Masks.SLOT;
    private static final int FEWEST = 9;
    private static final int MOST = 12;

    private ShiftedMasks() {}

    static boolean takes(PackedFormat format, Subblock subblock) {
        return !format.dense() && format.segments() <= 3 && !format.salient() && keepsMany(subblock);
    }

    /// Whether it keeps too many for [Spreader], but each still has a register.
    static boolean keepsMany(Subblock subblock) {
        return subblock.kept() >= FEWEST && subblock.kept() <= MOST;
    }

    /// Slot `k` of a subblock goes to `to + k * SLOT` of `masks`.
    static void make(PackedFormat format, MemorySegment planes, long unit, Subblock subblock, byte[] masks, int to) {
        long signs = unit + subblock.signs();
        long keeps = unit + subblock.keeps();
        int n = subblock.kept();
        int slots = subblock.slots();
        for (int row = 0; row < ROWS; row += Species.BYTES.length()) {
            switch (format.segments()) {
                case 1 -> one(planes, signs + row, keeps + row, n, slots, masks, to + row);
                case 2 -> two(planes, signs + row, keeps + row, n, slots, masks, to + row);
                default -> three(planes, signs + row, keeps + row, n, slots, masks, to + row);
            }
        }
    }

    private static void one(MemorySegment planes, long signs, long keeps, int n, int slots, byte[] masks, int to) {
        spread(planes, signs, n, keeps, keeps, slots, masks, to);
        int mask1 = to + Masks.at(1);
        for (int slot = 0; slot < slots; slot++) {
            load(planes, keeps + (long) slot * ROWS).intoArray(masks, mask1 + slot * SLOT);
        }
    }

    /// Behind the signs a plane of segments.
    private static void two(MemorySegment planes, long signs, long keeps, int n, int slots, byte[] masks, int to) {
        int mask1 = to + Masks.at(1);
        int mask2 = to + Masks.at(2);
        int mask3 = to + Masks.at(3);
        spread(planes, signs, n, keeps, keeps, slots, masks, to);
        spread(planes, signs + (long) n * ROWS, n, keeps, keeps, slots, masks, mask2);
        for (int slot = 0; slot < slots; slot++) {
            ByteVector keep = load(planes, keeps + (long) slot * ROWS);
            ByteVector sign = load(masks, to + slot * SLOT);
            ByteVector k1 = load(masks, mask2 + slot * SLOT);
            ByteVector p1 = sign.and(k1);
            sign.lanewise(XOR, p1).intoArray(masks, to + slot * SLOT);
            p1.intoArray(masks, mask1 + slot * SLOT);
            keep.lanewise(XOR, k1).intoArray(masks, mask3 + slot * SLOT);
        }
    }

    /// The keep planes are the bits of a symbol: 0 is pruned, 1 to 3 are segments 0 to 2.
    private static void three(MemorySegment planes, long signs, long keeps, int n, int slots, byte[] masks, int to) {
        long highs = keeps + (long) slots * ROWS;
        int mask1 = to + Masks.at(1);
        int mask2 = to + Masks.at(2);
        int mask3 = to + Masks.at(3);
        int mask4 = to + Masks.at(4);
        int mask5 = to + Masks.at(5);
        spread(planes, signs, n, keeps, highs, slots, masks, to);
        for (int slot = 0; slot < slots; slot++) {
            ByteVector low = load(planes, keeps + (long) slot * ROWS);
            ByteVector high = load(planes, highs + (long) slot * ROWS);
            ByteVector sign = load(masks, to + slot * SLOT);
            ByteVector k2 = low.and(high);
            ByteVector p12 = sign.and(high);
            ByteVector p2 = p12.and(low);
            sign.lanewise(XOR, p12).intoArray(masks, to + slot * SLOT);
            p12.lanewise(XOR, p2).intoArray(masks, mask1 + slot * SLOT);
            p2.intoArray(masks, mask2 + slot * SLOT);
            high.lanewise(XOR, k2).intoArray(masks, mask3 + slot * SLOT);
            k2.intoArray(masks, mask4 + slot * SLOT);
            low.lanewise(XOR, k2).intoArray(masks, mask5 + slot * SLOT);
        }
    }

    /// Spreads the compact plane at `from`: its bits move up by one wherever a weight is kept, so that the first is
    /// always the next one's.
    ///
    /// @param others a second keep plane, or the same: a weight is kept that is set in either
    private static void spread(
            MemorySegment planes, long from, int n, long keeps, long others, int slots, byte[] masks, int to) {
        ByteVector s0 = load(planes, from);
        ByteVector s1 = load(planes, compact(from, 1, n));
        ByteVector s2 = load(planes, compact(from, 2, n));
        ByteVector s3 = load(planes, compact(from, 3, n));
        ByteVector s4 = load(planes, compact(from, 4, n));
        ByteVector s5 = load(planes, compact(from, 5, n));
        ByteVector s6 = load(planes, compact(from, 6, n));
        ByteVector s7 = load(planes, compact(from, 7, n));
        ByteVector s8 = load(planes, compact(from, 8, n));
        ByteVector s9 = load(planes, compact(from, 9, n));
        ByteVector s10 = load(planes, compact(from, 10, n));
        ByteVector s11 = load(planes, compact(from, 11, n));
        for (int slot = 0; slot < slots; slot++) {
            ByteVector keep = load(planes, keeps + (long) slot * ROWS).or(load(planes, others + (long) slot * ROWS));
            s0.and(keep).intoArray(masks, to + slot * SLOT);
            s0 = s0.lanewise(AND_NOT, keep).or(s1.and(keep));
            s1 = s1.lanewise(AND_NOT, keep).or(s2.and(keep));
            s2 = s2.lanewise(AND_NOT, keep).or(s3.and(keep));
            s3 = s3.lanewise(AND_NOT, keep).or(s4.and(keep));
            s4 = s4.lanewise(AND_NOT, keep).or(s5.and(keep));
            s5 = s5.lanewise(AND_NOT, keep).or(s6.and(keep));
            s6 = s6.lanewise(AND_NOT, keep).or(s7.and(keep));
            s7 = s7.lanewise(AND_NOT, keep).or(s8.and(keep));
            s8 = s8.lanewise(AND_NOT, keep).or(s9.and(keep));
            s9 = s9.lanewise(AND_NOT, keep).or(s10.and(keep));
            s10 = s10.lanewise(AND_NOT, keep).or(s11.and(keep));
        }
    }
}
