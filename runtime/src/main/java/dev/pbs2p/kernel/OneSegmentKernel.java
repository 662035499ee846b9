package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.pbs2p.format.SlicedLayout.Group;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;

/// The sums of a one-segment unit straight from its planes, for a single row of activations: what [Spreader]
/// and [SubsetSums] do one after the other, here slot by slot in registers.
///
/// No mask is stored, and the planes come from memory at an even pace: when their reading alternates with
/// counting, the processor's prefetching stops in between, which cost up to half of the speed.
final class OneSegmentKernel {

    private static final int ROWS = Masks.ROWS;
    private static final int TABLE = SubsetSums.TABLE;
    private static final int QUAD = SubsetSums.QUAD;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    private OneSegmentKernel() {}

    /// Whether it can take the units of a group. Where vectors are shorter than the rows of a unit, the checks
    /// of so many loads from a segment cost more than masks on the heap.
    static boolean takes(PackedFormat format, Group group) {
        if (!SubsetSums.WIDE || !MaskRules.simple(format)) {
            return false;
        }
        for (Subblock subblock : group.subblocks()) {
            boolean fits = Spreader.takes(format, subblock) || ShiftedMasks.keepsMany(subblock);
            if (!fits || subblock.slots() % QUAD != 0) {
                return false;
            }
        }
        return true;
    }

    /// Adds the products of the subblocks `first` to before `end` of some units that follow each other with one run of
    /// activations, encoded at `form[at]`, to 64 floats a unit from `total[to]` on, in [RowOrder].
    ///
    /// @param units at most [Masks#UNITS]: what needs to be done only once for them is a tenth of the instructions
    /// @param ahead told of every unit with a group's first subblock
    /// @param scale what one step of the activations is worth
    static void multiply(
            MemorySegment planes,
            long unit,
            int units,
            Group group,
            int first,
            int end,
            Ahead ahead,
            boolean symmetric,
            byte[] form,
            int at,
            float scale,
            Masks masks,
            float[] total,
            int to) {
        int bytes = group.bytes();
        byte[] raw = masks.raw;
        int quads = 0;
        for (int i = first; i < end; i++) {
            Subblock subblock = group.subblocks().get(i);
            boolean many = ShiftedMasks.keepsMany(subblock);
            int kept = subblock.kept();
            int more = subblock.slots() / QUAD;
            int tables = at + quads * SubsetSums.QUAD_BYTES;
            long signs = unit + subblock.signs();
            long keeps = unit + subblock.keeps();
            int sums = Masks.raw(0) + quads * ROWS;
            quads += more;
            for (int u = 0; u < units; u++) {
                if (i == 0) {
                    ahead.next();
                }
                if (many) {
                    int all = sums + SubsetSums.RAW;
                    PrunedSegments.signs(
                            planes, signs, kept, 0, keeps, more, form, tables, masks.planes, raw, sums, all);
                } else {
                    // No rank of a kept weight leads beyond those kept: what is read in their place does no harm.
                    long upper = kept > 4 ? signs + 4 * ROWS : signs;
                    sum(planes, signs, upper, keeps, more, form, tables, raw, sums);
                }
                signs += bytes;
                keeps += bytes;
                sums += 2 * SubsetSums.RAW;
            }
        }
        SubsetSums.pad(raw, 2 * units, quads);
        long levels = unit + group.levels();
        for (int u = 0; u < units; u++) {
            SumFold.oneSegment(raw, Masks.raw(2 * u), planes, levels, symmetric, scale, total, to + u * ROWS);
            levels += bytes;
        }
    }

    /// Leaves the sums e and h of quads of mask 0 = kept and sign 1, and of mask 1 = kept, in `raw`.
    ///
    /// The compact signs move up by one wherever a weight is kept, so that the first is always the next one's.
    /// The loop calls nothing but the vector library, whose methods are inlined without a limit; our own would
    /// not be in a body this large, and vectors that leave a body become objects. Places move on by additions: the
    /// loop is bound by the number of its instructions.
    ///
    /// @param upper where the compact signs of ranks 4 to 7 begin; anywhere in the subblock if it keeps fewer
    private static void sum(
            MemorySegment planes,
            long signs,
            long upper,
            long keeps,
            int quads,
            byte[] form,
            int at,
            byte[] raw,
            int to) {
        ByteVector s0 = ByteVector.fromMemorySegment(Species.TABLE, planes, signs, LE);
        ByteVector s1 = ByteVector.fromMemorySegment(Species.TABLE, planes, signs + 1 * ROWS, LE);
        ByteVector s2 = ByteVector.fromMemorySegment(Species.TABLE, planes, signs + 2 * ROWS, LE);
        ByteVector s3 = ByteVector.fromMemorySegment(Species.TABLE, planes, signs + 3 * ROWS, LE);
        ByteVector s4 = ByteVector.fromMemorySegment(Species.TABLE, planes, upper, LE);
        ByteVector s5 = ByteVector.fromMemorySegment(Species.TABLE, planes, upper + 1 * ROWS, LE);
        ByteVector s6 = ByteVector.fromMemorySegment(Species.TABLE, planes, upper + 2 * ROWS, LE);
        ByteVector s7 = ByteVector.fromMemorySegment(Species.TABLE, planes, upper + 3 * ROWS, LE);
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        int sums = to;
        boolean second = false;
        int end = at + quads * SubsetSums.QUAD_BYTES;
        for (int tables = at; tables < end; tables += WideKernel.PAIR) {
            ByteVector keepA = ByteVector.fromMemorySegment(Species.TABLE, planes, keeps, LE);
            ByteVector signA = s0.and(keepA);
            s0 = s0.lanewise(AND_NOT, keepA).or(s1.and(keepA));
            s1 = s1.lanewise(AND_NOT, keepA).or(s2.and(keepA));
            s2 = s2.lanewise(AND_NOT, keepA).or(s3.and(keepA));
            s3 = s3.lanewise(AND_NOT, keepA).or(s4.and(keepA));
            s4 = s4.lanewise(AND_NOT, keepA).or(s5.and(keepA));
            s5 = s5.lanewise(AND_NOT, keepA).or(s6.and(keepA));
            s6 = s6.lanewise(AND_NOT, keepA).or(s7.and(keepA));
            ByteVector keepB = ByteVector.fromMemorySegment(Species.TABLE, planes, keeps + ROWS, LE);
            keeps += 2 * ROWS;
            ByteVector signB = s0.and(keepB);
            s0 = s0.lanewise(AND_NOT, keepB).or(s1.and(keepB));
            s1 = s1.lanewise(AND_NOT, keepB).or(s2.and(keepB));
            s2 = s2.lanewise(AND_NOT, keepB).or(s3.and(keepB));
            s3 = s3.lanewise(AND_NOT, keepB).or(s4.and(keepB));
            s4 = s4.lanewise(AND_NOT, keepB).or(s5.and(keepB));
            s5 = s5.lanewise(AND_NOT, keepB).or(s6.and(keepB));
            s6 = s6.lanewise(AND_NOT, keepB).or(s7.and(keepB));
            ByteVector e = ByteVector.fromArray(Species.TABLE, form, tables);
            e0 = e0.add(signA.selectFrom(e));
            e1 = e1.add(keepA.selectFrom(e));
            ByteVector h = ByteVector.fromArray(Species.TABLE, form, tables + TABLE);
            h0 = h0.add(signA.selectFrom(h));
            h1 = h1.add(keepA.selectFrom(h));
            e = ByteVector.fromArray(Species.TABLE, form, tables + 2 * TABLE);
            e0 = e0.add(signB.selectFrom(e));
            e1 = e1.add(keepB.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 3 * TABLE);
            h0 = h0.add(signB.selectFrom(h));
            h1 = h1.add(keepB.selectFrom(h));
            signB = signB.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            signA = signA.and(WideKernel.TOP).or(signB.lanewise(AND_NOT, WideKernel.TOP));
            signA = signA.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            keepB = keepB.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            keepA = keepA.and(WideKernel.TOP).or(keepB.lanewise(AND_NOT, WideKernel.TOP));
            keepA = keepA.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            e = ByteVector.fromArray(Species.TABLE, form, tables + 4 * TABLE);
            e0 = e0.add(signA.selectFrom(e));
            e1 = e1.add(keepA.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 5 * TABLE);
            h0 = h0.add(signA.selectFrom(h));
            h1 = h1.add(keepA.selectFrom(h));
            if (second) {
                e0.intoArray(raw, sums);
                h0.intoArray(raw, sums + SubsetSums.RAW_H);
                e1.intoArray(raw, sums + SubsetSums.RAW);
                h1.intoArray(raw, sums + SubsetSums.RAW + SubsetSums.RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
                e1 = e0;
                h1 = e0;
                sums += ROWS;
            }
            second = !second;
        }
    }
}
