package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.pbs2p.format.SlicedLayout.Group;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;

/// The sums of a unit with two segments that prunes nothing, or few of many, straight from its planes, for a single
/// row of activations: what a [MaskMaker] and [SubsetSums] do one after the other, here slot by slot in registers.
///
/// Where nothing is pruned, both planes are met in one loop. Where something is, one after the other: compact planes
/// need the registers.
final class TwoSegmentKernel {

    private static final int ROWS = Masks.ROWS;
    private static final int TABLE = SubsetSums.TABLE;
    private static final int QUAD = SubsetSums.QUAD;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    /// Sums: P_0 + P_1, P_1, K_1, and where something is pruned K_0 + K_1.
    private static final int DENSE_SUMS = 3;

    private TwoSegmentKernel() {}

    /// Whether it can take the units of a group, for the reasons of [OneSegmentKernel#takes].
    static boolean takes(PackedFormat format, Group group) {
        if (!SubsetSums.WIDE || format.segments() != 2 || format.salient()) {
            return false;
        }
        for (Subblock subblock : group.subblocks()) {
            boolean fits = format.dense() || ShiftedMasks.keepsMany(subblock);
            if (!fits || subblock.slots() % QUAD != 0) {
                return false;
            }
        }
        return true;
    }

    /// Leaves the sums of the unit's subblocks `first` to before `end` with one run of activations, encoded at
    /// `form[at]`, in `masks.sums`.
    static void sum(
            MemorySegment planes,
            long unit,
            Group group,
            int first,
            int end,
            boolean dense,
            byte[] form,
            int at,
            Masks masks) {
        int quads = 0;
        for (int i = first; i < end; i++) {
            Subblock subblock = group.subblocks().get(i);
            int more = subblock.slots() / QUAD;
            int tables = at + quads * SubsetSums.QUAD_BYTES;
            int to = Masks.raw(0) + quads * ROWS;
            long signs = unit + subblock.signs();
            if (dense) {
                sum(planes, signs, unit + subblock.segments(), more, form, tables, masks.raw, to);
            } else {
                long keeps = unit + subblock.keeps();
                PrunedSegments.signs(
                        planes,
                        signs,
                        subblock.kept(),
                        subblock.kept(),
                        keeps,
                        more,
                        form,
                        tables,
                        masks.planes,
                        masks.raw,
                        to,
                        to + DENSE_SUMS * SubsetSums.RAW);
                PrunedSegments.segments(
                        planes, subblock.kept(), keeps, more, form, tables, masks.planes, masks.raw, to);
            }
            quads += more;
        }
        int sums = dense ? DENSE_SUMS : DENSE_SUMS + 1;
        for (int mask = 0; mask < sums; mask++) {
            SubsetSums.widen(masks.raw, Masks.raw(mask), quads, masks.sums, mask * ROWS);
        }
    }

    /// Nothing is pruned: all signs, what of them is in segment 1, and what is there at all. The loop calls nothing but
    /// the vector library, as that of [OneSegmentKernel].
    private static void sum(
            MemorySegment planes, long signs, long segments, int quads, byte[] form, int at, byte[] raw, int to) {
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        ByteVector e2 = e0;
        ByteVector h2 = e0;
        int sums = to;
        boolean second = false;
        int end = at + quads * SubsetSums.QUAD_BYTES;
        for (int tables = at; tables < end; tables += WideKernel.PAIR) {
            ByteVector sA = ByteVector.fromMemorySegment(Species.TABLE, planes, signs, LE);
            ByteVector sB = ByteVector.fromMemorySegment(Species.TABLE, planes, signs + ROWS, LE);
            ByteVector kA = ByteVector.fromMemorySegment(Species.TABLE, planes, segments, LE);
            ByteVector kB = ByteVector.fromMemorySegment(Species.TABLE, planes, segments + ROWS, LE);
            ByteVector pA = sA.and(kA);
            ByteVector pB = sB.and(kB);
            signs += 2 * ROWS;
            segments += 2 * ROWS;
            ByteVector e = ByteVector.fromArray(Species.TABLE, form, tables);
            e0 = e0.add(sA.selectFrom(e));
            e1 = e1.add(pA.selectFrom(e));
            e2 = e2.add(kA.selectFrom(e));
            ByteVector h = ByteVector.fromArray(Species.TABLE, form, tables + TABLE);
            h0 = h0.add(sA.selectFrom(h));
            h1 = h1.add(pA.selectFrom(h));
            h2 = h2.add(kA.selectFrom(h));
            e = ByteVector.fromArray(Species.TABLE, form, tables + 2 * TABLE);
            e0 = e0.add(sB.selectFrom(e));
            e1 = e1.add(pB.selectFrom(e));
            e2 = e2.add(kB.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 3 * TABLE);
            h0 = h0.add(sB.selectFrom(h));
            h1 = h1.add(pB.selectFrom(h));
            h2 = h2.add(kB.selectFrom(h));
            sB = sB.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            sA = sA.and(WideKernel.TOP).or(sB.lanewise(AND_NOT, WideKernel.TOP));
            sA = sA.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            kB = kB.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            kA = kA.and(WideKernel.TOP).or(kB.lanewise(AND_NOT, WideKernel.TOP));
            kA = kA.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            pA = sA.and(kA);
            e = ByteVector.fromArray(Species.TABLE, form, tables + 4 * TABLE);
            e0 = e0.add(sA.selectFrom(e));
            e1 = e1.add(pA.selectFrom(e));
            e2 = e2.add(kA.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 5 * TABLE);
            h0 = h0.add(sA.selectFrom(h));
            h1 = h1.add(pA.selectFrom(h));
            h2 = h2.add(kA.selectFrom(h));
            if (second) {
                e0.intoArray(raw, sums);
                h0.intoArray(raw, sums + SubsetSums.RAW_H);
                e1.intoArray(raw, sums + SubsetSums.RAW);
                h1.intoArray(raw, sums + SubsetSums.RAW + SubsetSums.RAW_H);
                e2.intoArray(raw, sums + 2 * SubsetSums.RAW);
                h2.intoArray(raw, sums + 2 * SubsetSums.RAW + SubsetSums.RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
                e1 = e0;
                h1 = e0;
                e2 = e0;
                h2 = e0;
                sums += ROWS;
            }
            second = !second;
        }
    }
}
