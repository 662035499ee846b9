package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;

/// The sums of a one-segment unit straight from its planes, for a single row of activations: what [Spreader] and
/// [NibbleKernel] do one after the other, here slot by slot in registers.
///
/// No mask is stored, and the planes come from memory at an even pace: when their reading alternates with counting, the
/// processor's prefetching stops in between, which cost up to half of the speed.
final class OneSegmentKernel {

    private static final int ROWS = Masks.ROWS;
    private static final int TABLE = NibbleKernel.TABLE;
    private static final int SLOT = NibbleKernel.SLOT;
    private static final int QUAD = NibbleKernel.QUAD;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    private OneSegmentKernel() {}

    /// Whether it can take a piece that consists of one subblock. Where vectors are shorter than the rows of a
    /// unit, the checks of so many loads from a segment cost more than masks on the heap.
    static boolean takes(PackedFormat format, Subblock subblock) {
        return TABLE == ROWS && Spreader.takes(format, subblock) && subblock.slots() % QUAD == 0;
    }

    /// Sums mask 0 = kept and sign 1, and mask 1 = kept, into 64 shorts each.
    static void sum(MemorySegment planes, long unit, Subblock subblock, byte[] form, int at, Masks masks) {
        int quads = subblock.slots() / QUAD;
        int last = subblock.kept() - 1;
        sum(planes, unit + subblock.signs(), last, unit + subblock.keeps(), quads, form, at, masks.raw);
        NibbleKernel.widen(masks.raw, 0, quads, masks.sums, 0);
        NibbleKernel.widen(masks.raw, NibbleKernel.RAW, quads, masks.sums, ROWS);
    }

    private static ByteVector load(MemorySegment planes, long at) {
        return ByteVector.fromMemorySegment(Species.TABLE, planes, at, LE);
    }

    /// Compact vector `r`; the last one again beyond it, where no rank of a kept weight leads.
    private static ByteVector compact(MemorySegment planes, long signs, int r, int last) {
        return load(planes, signs + (long) Math.min(r, last) * ROWS);
    }

    /// Compact vectors come in pairs: the first, and what changes it into the second. The loop calls nothing but the
    /// vector library, whose methods are inlined without a limit; our own would not be in a body this large.
    private static void sum(
            MemorySegment planes, long signs, int last, long keeps, int quads, byte[] form, int at, byte[] raw) {
        ByteVector s0 = load(planes, signs);
        ByteVector d0 = compact(planes, signs, 1, last).lanewise(XOR, s0);
        ByteVector s2 = compact(planes, signs, 2, last);
        ByteVector d2 = compact(planes, signs, 3, last).lanewise(XOR, s2);
        ByteVector s4 = compact(planes, signs, 4, last);
        ByteVector d4 = compact(planes, signs, 5, last).lanewise(XOR, s4);
        ByteVector s6 = compact(planes, signs, 6, last);
        ByteVector d6 = compact(planes, signs, 7, last).lanewise(XOR, s6);
        ByteVector r0 = ByteVector.zero(Species.TABLE);
        ByteVector r1 = r0;
        ByteVector r2 = r0;
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        for (int slot = 0; slot < quads * QUAD; slot++) {
            ByteVector keep = ByteVector.fromMemorySegment(Species.TABLE, planes, keeps + (long) slot * ROWS, LE);
            ByteVector sign01 = s0.lanewise(XOR, d0.and(r0));
            ByteVector sign23 = s2.lanewise(XOR, d2.and(r0));
            ByteVector sign45 = s4.lanewise(XOR, d4.and(r0));
            ByteVector sign67 = s6.lanewise(XOR, d6.and(r0));
            ByteVector lower = sign01.lanewise(AND_NOT, r1).or(sign23.and(r1));
            ByteVector upper = sign45.lanewise(AND_NOT, r1).or(sign67.and(r1));
            ByteVector sign = lower.lanewise(AND_NOT, r2).or(upper.and(r2)).and(keep);
            ByteVector carry = r0.and(keep);
            r0 = r0.lanewise(XOR, keep);
            r2 = r2.lanewise(XOR, r1.and(carry));
            r1 = r1.lanewise(XOR, carry);
            ByteVector e = ByteVector.fromArray(Species.TABLE, form, at + slot * SLOT);
            e0 = e0.add(sign.selectFrom(e));
            e1 = e1.add(keep.selectFrom(e));
            ByteVector h = ByteVector.fromArray(Species.TABLE, form, at + slot * SLOT + TABLE);
            h0 = h0.add(sign.selectFrom(h));
            h1 = h1.add(keep.selectFrom(h));
            sign = sign.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            keep = keep.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            e = ByteVector.fromArray(Species.TABLE, form, at + slot * SLOT + 2 * TABLE);
            e0 = e0.add(sign.selectFrom(e));
            e1 = e1.add(keep.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, at + slot * SLOT + 3 * TABLE);
            h0 = h0.add(sign.selectFrom(h));
            h1 = h1.add(keep.selectFrom(h));
            if (slot % QUAD == QUAD - 1) {
                int to = slot / QUAD * ROWS;
                e0.intoArray(raw, to);
                h0.intoArray(raw, to + NibbleKernel.RAW_H);
                e1.intoArray(raw, to + NibbleKernel.RAW);
                h1.intoArray(raw, to + NibbleKernel.RAW + NibbleKernel.RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
                e1 = e0;
                h1 = e0;
            }
        }
    }
}
