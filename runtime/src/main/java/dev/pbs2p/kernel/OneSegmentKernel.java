package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2F;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

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
    private static final VectorSpecies<Byte> BYTES = Species.BYTES;
    private static final VectorSpecies<Short> SHORTS = Species.SHORTS;
    private static final VectorSpecies<Float> FLOATS = Species.FLOATS;
    private static final int LENGTH = FLOATS.length();

    private OneSegmentKernel() {}

    /// Whether it can take a piece that consists of one subblock. Where vectors are shorter than the rows of a
    /// unit, the checks of so many loads from a segment cost more than masks on the heap.
    static boolean takes(PackedFormat format, Subblock subblock) {
        return TABLE == ROWS && Spreader.takes(format, subblock) && subblock.slots() % QUAD == 0;
    }

    /// Adds the unit's products with one run of activations, encoded at `form[at]`, to 64 floats at `total[to]`, in
    /// [RowOrder].
    ///
    /// @param scale what one step of the activations is worth
    static void multiply(
            MemorySegment planes,
            long unit,
            Subblock subblock,
            int levels,
            boolean symmetric,
            byte[] form,
            int at,
            float scale,
            byte[] raw,
            float[] total,
            int to) {
        int quads = subblock.slots() / QUAD;
        int last = subblock.kept() - 1;
        sum(planes, unit + subblock.signs(), last, unit + subblock.keeps(), quads, form, at, raw);
        fold(raw, quads, planes, unit + levels, symmetric, scale, total, to);
    }

    /// Where compact vector `r` begins; the last one again beyond it, where no rank of a kept weight leads.
    private static long compact(long signs, int r, int last) {
        return signs + (long) Math.min(r, last) * ROWS;
    }

    /// Leaves the quads' sums e and h of mask 0 = kept and sign 1, and of mask 1 = kept, in `raw`.
    ///
    /// Compact vectors come in pairs: the first, and what changes it into the second. The loop calls nothing but
    /// the vector library, whose methods are inlined without a limit; our own would not be in a body this large,
    /// and vectors that leave a body become objects.
    private static void sum(
            MemorySegment planes, long signs, int last, long keeps, int quads, byte[] form, int at, byte[] raw) {
        ByteVector s0 = ByteVector.fromMemorySegment(Species.TABLE, planes, signs, LE);
        ByteVector s1 = ByteVector.fromMemorySegment(Species.TABLE, planes, compact(signs, 1, last), LE);
        ByteVector d0 = s1.lanewise(XOR, s0);
        ByteVector s2 = ByteVector.fromMemorySegment(Species.TABLE, planes, compact(signs, 2, last), LE);
        ByteVector s3 = ByteVector.fromMemorySegment(Species.TABLE, planes, compact(signs, 3, last), LE);
        ByteVector d2 = s3.lanewise(XOR, s2);
        ByteVector s4 = ByteVector.fromMemorySegment(Species.TABLE, planes, compact(signs, 4, last), LE);
        ByteVector s5 = ByteVector.fromMemorySegment(Species.TABLE, planes, compact(signs, 5, last), LE);
        ByteVector d4 = s5.lanewise(XOR, s4);
        ByteVector s6 = ByteVector.fromMemorySegment(Species.TABLE, planes, compact(signs, 6, last), LE);
        ByteVector s7 = ByteVector.fromMemorySegment(Species.TABLE, planes, compact(signs, 7, last), LE);
        ByteVector d6 = s7.lanewise(XOR, s6);
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

    /// Widens the sums as [NibbleKernel#widen] does, makes the factors of [LevelMaker] and multiplies, without a
    /// stop in memory. Even rows and odd ones stay apart.
    private static void fold(
            byte[] raw,
            int quads,
            MemorySegment planes,
            long levels,
            boolean symmetric,
            float scale,
            float[] total,
            int to) {
        ShortVector zero = ShortVector.zero(SHORTS);
        ShortVector e0 = zero;
        ShortVector h0 = zero;
        ShortVector e1 = zero;
        ShortVector h1 = zero;
        ShortVector odd0 = zero;
        ShortVector oddH0 = zero;
        ShortVector odd1 = zero;
        ShortVector oddH1 = zero;
        for (int i = 0; i < quads * ROWS; i += ROWS) {
            ShortVector e = ByteVector.fromArray(BYTES, raw, i).reinterpretAsShorts();
            e0 = e0.add(e);
            odd0 = odd0.add(e.lanewise(LSHR, 8));
            ShortVector h =
                    ByteVector.fromArray(BYTES, raw, i + NibbleKernel.RAW_H).reinterpretAsShorts();
            h0 = h0.add(h);
            oddH0 = oddH0.add(h.lanewise(LSHR, 8));
            e = ByteVector.fromArray(BYTES, raw, i + NibbleKernel.RAW).reinterpretAsShorts();
            e1 = e1.add(e);
            odd1 = odd1.add(e.lanewise(LSHR, 8));
            h = ByteVector.fromArray(BYTES, raw, i + NibbleKernel.RAW + NibbleKernel.RAW_H)
                    .reinterpretAsShorts();
            h1 = h1.add(h);
            oddH1 = oddH1.add(h.lanewise(LSHR, 8));
        }
        ShortVector bias = ShortVector.broadcast(SHORTS, (short) (NibbleKernel.QUAD_BIAS * quads));
        e0 = e0.add(h0.sub(oddH0.lanewise(LSHL, 8)).lanewise(LSHL, 5))
                .sub(odd0.lanewise(LSHL, 8))
                .sub(bias);
        e1 = e1.add(h1.sub(oddH1.lanewise(LSHL, 8)).lanewise(LSHL, 5))
                .sub(odd1.lanewise(LSHL, 8))
                .sub(bias);
        odd0 = odd0.add(oddH0.lanewise(LSHL, 5)).sub(bias);
        odd1 = odd1.add(oddH1.lanewise(LSHL, 5)).sub(bias);
        ShortVector alphas =
                ByteVector.fromMemorySegment(BYTES, planes, levels, LE).reinterpretAsShorts();
        ShortVector mus = symmetric
                ? zero
                : ByteVector.fromMemorySegment(BYTES, planes, levels + ROWS, LE).reinterpretAsShorts();
        ShortVector alpha = alphas.lanewise(LSHL, 8).lanewise(ASHR, 8);
        ShortVector low = mus.lanewise(LSHL, 8).lanewise(ASHR, 8).sub(alpha);
        alpha = alpha.add(alpha);
        FloatVector by = FloatVector.broadcast(FLOATS, scale);
        FloatVector v0 = ((FloatVector) e0.convertShape(S2F, FLOATS, 0)).mul(alpha.convertShape(S2F, FLOATS, 0));
        v0 = ((FloatVector) e1.convertShape(S2F, FLOATS, 0)).fma((FloatVector) low.convertShape(S2F, FLOATS, 0), v0);
        v0.fma(by, FloatVector.fromArray(FLOATS, total, to)).intoArray(total, to);
        FloatVector v1 = ((FloatVector) e0.convertShape(S2F, FLOATS, 1)).mul(alpha.convertShape(S2F, FLOATS, 1));
        v1 = ((FloatVector) e1.convertShape(S2F, FLOATS, 1)).fma((FloatVector) low.convertShape(S2F, FLOATS, 1), v1);
        v1.fma(by, FloatVector.fromArray(FLOATS, total, to + LENGTH)).intoArray(total, to + LENGTH);
        alpha = alphas.lanewise(ASHR, 8);
        low = mus.lanewise(ASHR, 8).sub(alpha);
        alpha = alpha.add(alpha);
        FloatVector v2 = ((FloatVector) odd0.convertShape(S2F, FLOATS, 0)).mul(alpha.convertShape(S2F, FLOATS, 0));
        v2 = ((FloatVector) odd1.convertShape(S2F, FLOATS, 0)).fma((FloatVector) low.convertShape(S2F, FLOATS, 0), v2);
        v2.fma(by, FloatVector.fromArray(FLOATS, total, to + 2 * LENGTH)).intoArray(total, to + 2 * LENGTH);
        FloatVector v3 = ((FloatVector) odd0.convertShape(S2F, FLOATS, 1)).mul(alpha.convertShape(S2F, FLOATS, 1));
        v3 = ((FloatVector) odd1.convertShape(S2F, FLOATS, 1)).fma((FloatVector) low.convertShape(S2F, FLOATS, 1), v3);
        v3.fma(by, FloatVector.fromArray(FLOATS, total, to + 3 * LENGTH)).intoArray(total, to + 3 * LENGTH);
    }
}
