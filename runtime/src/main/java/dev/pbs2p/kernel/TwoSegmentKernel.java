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
/// The planes are read one after the other, as they lie in memory: side by side they come at half the speed.
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
                signs(planes, signs, more, form, tables, masks.planes, masks.raw, to);
                segments(planes, unit + subblock.segments(), more, form, tables, masks.planes, masks.raw, to);
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

    /// All signs, which are kept for [#segments]. The loop calls nothing but the vector library, as that of
    /// [OneSegmentKernel].
    private static void signs(
            MemorySegment planes, long signs, int quads, byte[] form, int at, byte[] kept, byte[] raw, int to) {
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        for (int pair = 0; pair < quads * 2; pair++) {
            int slot = pair * 2 * ROWS;
            ByteVector a = ByteVector.fromMemorySegment(Species.TABLE, planes, signs + slot, LE);
            ByteVector b = ByteVector.fromMemorySegment(Species.TABLE, planes, signs + slot + ROWS, LE);
            a.intoArray(kept, Species.FIRST + slot);
            b.intoArray(kept, Species.FIRST + slot + ROWS);
            int tables = at + pair * WideKernel.PAIR;
            e0 = e0.add(a.selectFrom(ByteVector.fromArray(Species.TABLE, form, tables)));
            h0 = h0.add(a.selectFrom(ByteVector.fromArray(Species.TABLE, form, tables + TABLE)));
            e0 = e0.add(b.selectFrom(ByteVector.fromArray(Species.TABLE, form, tables + 2 * TABLE)));
            h0 = h0.add(b.selectFrom(ByteVector.fromArray(Species.TABLE, form, tables + 3 * TABLE)));
            b = b.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            a = a.and(WideKernel.TOP).or(b.lanewise(AND_NOT, WideKernel.TOP));
            a = a.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            e0 = e0.add(a.selectFrom(ByteVector.fromArray(Species.TABLE, form, tables + 4 * TABLE)));
            h0 = h0.add(a.selectFrom(ByteVector.fromArray(Species.TABLE, form, tables + 5 * TABLE)));
            if (pair % 2 == 1) {
                int sums = to + pair / 2 * ROWS;
                e0.intoArray(raw, sums);
                h0.intoArray(raw, sums + SubsetSums.RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
            }
        }
    }

    /// What of the signs is in segment 1, and what is at all.
    private static void segments(
            MemorySegment planes, long segments, int quads, byte[] form, int at, byte[] kept, byte[] raw, int to) {
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        for (int pair = 0; pair < quads * 2; pair++) {
            int slot = pair * 2 * ROWS;
            ByteVector kA = ByteVector.fromMemorySegment(Species.TABLE, planes, segments + slot, LE);
            ByteVector kB = ByteVector.fromMemorySegment(Species.TABLE, planes, segments + slot + ROWS, LE);
            ByteVector pA = ByteVector.fromArray(Species.TABLE, kept, Species.FIRST + slot)
                    .and(kA);
            ByteVector pB = ByteVector.fromArray(Species.TABLE, kept, Species.FIRST + slot + ROWS)
                    .and(kB);
            int tables = at + pair * WideKernel.PAIR;
            ByteVector e = ByteVector.fromArray(Species.TABLE, form, tables);
            e0 = e0.add(pA.selectFrom(e));
            e1 = e1.add(kA.selectFrom(e));
            ByteVector h = ByteVector.fromArray(Species.TABLE, form, tables + TABLE);
            h0 = h0.add(pA.selectFrom(h));
            h1 = h1.add(kA.selectFrom(h));
            e = ByteVector.fromArray(Species.TABLE, form, tables + 2 * TABLE);
            e0 = e0.add(pB.selectFrom(e));
            e1 = e1.add(kB.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 3 * TABLE);
            h0 = h0.add(pB.selectFrom(h));
            h1 = h1.add(kB.selectFrom(h));
            pB = pB.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            pA = pA.and(WideKernel.TOP).or(pB.lanewise(AND_NOT, WideKernel.TOP));
            pA = pA.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            kB = kB.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            kA = kA.and(WideKernel.TOP).or(kB.lanewise(AND_NOT, WideKernel.TOP));
            kA = kA.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            e = ByteVector.fromArray(Species.TABLE, form, tables + 4 * TABLE);
            e0 = e0.add(pA.selectFrom(e));
            e1 = e1.add(kA.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 5 * TABLE);
            h0 = h0.add(pA.selectFrom(h));
            h1 = h1.add(kA.selectFrom(h));
            if (pair % 2 == 1) {
                int sums = to + pair / 2 * ROWS;
                e0.intoArray(raw, sums + SubsetSums.RAW);
                h0.intoArray(raw, sums + SubsetSums.RAW + SubsetSums.RAW_H);
                e1.intoArray(raw, sums + 2 * SubsetSums.RAW);
                h1.intoArray(raw, sums + 2 * SubsetSums.RAW + SubsetSums.RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
                e1 = e0;
                h1 = e0;
            }
        }
    }
}
