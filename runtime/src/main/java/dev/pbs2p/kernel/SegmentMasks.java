package dev.pbs2p.kernel;

import static dev.pbs2p.kernel.Spreader.compact;
import static dev.pbs2p.kernel.Spreader.load;
import static jdk.incubator.vector.VectorOperators.BITWISE_BLEND;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;

/// The masks ([MaskRules]) of pruned formats with two or three segments, or one and salient columns, where at
/// most 8 of an N:M group are kept: from stored planes to masks in registers, by the logic of [Spreader].
///
/// The loops call nothing but the vector library, whose methods are inlined without a limit; our own would not
/// be in bodies this large, and vectors that leave a body become objects.
final class SegmentMasks {

    private static final int ROWS = SlicedLayout.ROWS;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final int SLOT = Masks.SLOT;

    private SegmentMasks() {}

    static boolean takes(PackedFormat format, Subblock subblock) {
        return !format.dense() && format.segments() <= 3 && subblock.kept() <= 8;
    }

    /// Slot `k` of a subblock goes to `to + k * SLOT` of `masks`.
    static void make(PackedFormat format, MemorySegment planes, long unit, Subblock subblock, byte[] masks, int to) {
        long signs = unit + subblock.signs();
        long keeps = unit + subblock.keeps();
        int n = subblock.kept();
        for (int row = 0; row < ROWS; row += Species.BYTES.length()) {
            if (format.segments() == 3) {
                symbols(format, planes, signs + row, keeps + row, n, subblock.slots(), masks, to + row);
            } else {
                twoPlanes(format, planes, signs + row, keeps + row, n, subblock.slots(), masks, to + row);
            }
        }
    }

    /// Behind the signs a plane of segments, or of second signs.
    private static void twoPlanes(
            PackedFormat format, MemorySegment planes, long signs, long keeps, int n, int slots, byte[] masks, int to) {
        long seconds = signs + (long) n * ROWS;
        boolean two = format.segments() == 2;
        boolean salient = format.salient();
        int mask1 = to + Masks.at(1);
        int mask2 = to + Masks.at(2);
        int mask3 = to + Masks.at(3);
        int ordinary = MaskRules.ordinary(format);
        int first = to + Masks.at(ordinary);
        int second = to + Masks.at(ordinary + 1);
        int kept = to + Masks.at(ordinary + 2);
        ByteVector s0 = load(planes, signs);
        ByteVector s1 = load(planes, compact(signs, 1, n));
        ByteVector s2 = load(planes, compact(signs, 2, n));
        ByteVector s3 = load(planes, compact(signs, 3, n));
        ByteVector s4 = load(planes, compact(signs, 4, n));
        ByteVector s5 = load(planes, compact(signs, 5, n));
        ByteVector s6 = load(planes, compact(signs, 6, n));
        ByteVector s7 = load(planes, compact(signs, 7, n));
        ByteVector t0 = load(planes, seconds);
        ByteVector t1 = load(planes, compact(seconds, 1, n));
        ByteVector t2 = load(planes, compact(seconds, 2, n));
        ByteVector t3 = load(planes, compact(seconds, 3, n));
        ByteVector t4 = load(planes, compact(seconds, 4, n));
        ByteVector t5 = load(planes, compact(seconds, 5, n));
        ByteVector t6 = load(planes, compact(seconds, 6, n));
        ByteVector t7 = load(planes, compact(seconds, 7, n));
        ByteVector r0 = ByteVector.zero(Species.BYTES);
        ByteVector r1 = r0;
        ByteVector r2 = r0;
        for (int slot = 0; slot < slots; slot++) {
            ByteVector keep = ByteVector.fromMemorySegment(Species.BYTES, planes, keeps + (long) slot * ROWS, LE);
            ByteVector s01 = s0.lanewise(BITWISE_BLEND, s1, r0);
            ByteVector s23 = s2.lanewise(BITWISE_BLEND, s3, r0);
            ByteVector s45 = s4.lanewise(BITWISE_BLEND, s5, r0);
            ByteVector s67 = s6.lanewise(BITWISE_BLEND, s7, r0);
            ByteVector s03 = s01.lanewise(BITWISE_BLEND, s23, r1);
            ByteVector s47 = s45.lanewise(BITWISE_BLEND, s67, r1);
            ByteVector sign = s03.lanewise(BITWISE_BLEND, s47, r2).and(keep);
            ByteVector t01 = t0.lanewise(BITWISE_BLEND, t1, r0);
            ByteVector t23 = t2.lanewise(BITWISE_BLEND, t3, r0);
            ByteVector t45 = t4.lanewise(BITWISE_BLEND, t5, r0);
            ByteVector t67 = t6.lanewise(BITWISE_BLEND, t7, r0);
            ByteVector t03 = t01.lanewise(BITWISE_BLEND, t23, r1);
            ByteVector t47 = t45.lanewise(BITWISE_BLEND, t67, r1);
            ByteVector other = t03.lanewise(BITWISE_BLEND, t47, r2).and(keep);
            if (two) {
                ByteVector p1 = sign.and(other);
                sign.lanewise(XOR, p1).intoArray(masks, to + slot * SLOT);
                p1.intoArray(masks, mask1 + slot * SLOT);
                other.intoArray(masks, mask2 + slot * SLOT);
                keep.lanewise(XOR, other).intoArray(masks, mask3 + slot * SLOT);
            } else {
                sign.intoArray(masks, to + slot * SLOT);
                keep.intoArray(masks, mask1 + slot * SLOT);
            }
            if (salient) {
                sign.intoArray(masks, first + slot * SLOT);
                other.intoArray(masks, second + slot * SLOT);
                keep.intoArray(masks, kept + slot * SLOT);
            }
            ByteVector carry = r0.and(keep);
            r0 = r0.lanewise(XOR, keep);
            r2 = r2.lanewise(XOR, r1.and(carry));
            r1 = r1.lanewise(XOR, carry);
        }
    }

    /// Three segments: the keep planes are the bits of a symbol. 0 is pruned, 1 to 3 are segments 0 to 2; in a
    /// salient column 1 + second sign.
    private static void symbols(
            PackedFormat format, MemorySegment planes, long signs, long keeps, int n, int slots, byte[] masks, int to) {
        boolean salient = format.salient();
        long highs = keeps + (long) slots * ROWS;
        int mask1 = to + Masks.at(1);
        int mask2 = to + Masks.at(2);
        int mask3 = to + Masks.at(3);
        int mask4 = to + Masks.at(4);
        int mask5 = to + Masks.at(5);
        int mask6 = to + Masks.at(6);
        int mask7 = to + Masks.at(7);
        int mask8 = to + Masks.at(8);
        ByteVector s0 = load(planes, signs);
        ByteVector s1 = load(planes, compact(signs, 1, n));
        ByteVector s2 = load(planes, compact(signs, 2, n));
        ByteVector s3 = load(planes, compact(signs, 3, n));
        ByteVector s4 = load(planes, compact(signs, 4, n));
        ByteVector s5 = load(planes, compact(signs, 5, n));
        ByteVector s6 = load(planes, compact(signs, 6, n));
        ByteVector s7 = load(planes, compact(signs, 7, n));
        ByteVector r0 = ByteVector.zero(Species.BYTES);
        ByteVector r1 = r0;
        ByteVector r2 = r0;
        for (int slot = 0; slot < slots; slot++) {
            ByteVector low = ByteVector.fromMemorySegment(Species.BYTES, planes, keeps + (long) slot * ROWS, LE);
            ByteVector high = ByteVector.fromMemorySegment(Species.BYTES, planes, highs + (long) slot * ROWS, LE);
            ByteVector keep = low.or(high);
            ByteVector s01 = s0.lanewise(BITWISE_BLEND, s1, r0);
            ByteVector s23 = s2.lanewise(BITWISE_BLEND, s3, r0);
            ByteVector s45 = s4.lanewise(BITWISE_BLEND, s5, r0);
            ByteVector s67 = s6.lanewise(BITWISE_BLEND, s7, r0);
            ByteVector s03 = s01.lanewise(BITWISE_BLEND, s23, r1);
            ByteVector s47 = s45.lanewise(BITWISE_BLEND, s67, r1);
            ByteVector sign = s03.lanewise(BITWISE_BLEND, s47, r2).and(keep);
            ByteVector k2 = low.and(high);
            ByteVector p12 = sign.and(high);
            ByteVector p2 = p12.and(low);
            sign.lanewise(XOR, p12).intoArray(masks, to + slot * SLOT);
            p12.lanewise(XOR, p2).intoArray(masks, mask1 + slot * SLOT);
            p2.intoArray(masks, mask2 + slot * SLOT);
            high.lanewise(XOR, k2).intoArray(masks, mask3 + slot * SLOT);
            k2.intoArray(masks, mask4 + slot * SLOT);
            low.lanewise(XOR, k2).intoArray(masks, mask5 + slot * SLOT);
            if (salient) {
                sign.intoArray(masks, mask6 + slot * SLOT);
                high.intoArray(masks, mask7 + slot * SLOT);
                keep.intoArray(masks, mask8 + slot * SLOT);
            }
            ByteVector carry = r0.and(keep);
            r0 = r0.lanewise(XOR, keep);
            r2 = r2.lanewise(XOR, r1.and(carry));
            r1 = r1.lanewise(XOR, carry);
        }
    }
}
