package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.pbs2p.format.SlicedLayout;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;

/// The loops of [TwoSegmentKernel], and of [OneSegmentKernel], where 9 to 12 of an N:M group are kept: compact planes
/// are spread as in [ShiftedMasks], and looked up where they arrive.
final class PrunedSegments {

    private static final int ROWS = Masks.ROWS;
    private static final int TABLE = SubsetSums.TABLE;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    /// Where compact segments are put, behind the signs of all slots.
    private static final int COMPACT = Species.FIRST + SlicedLayout.MAX_SLOTS * ROWS;

    private PrunedSegments() {}

    /// The signs of what is kept, which are held for [#segments], and what is kept at all. Compact bits move up by
    /// one wherever a weight is kept, so that the first is always the next one's. The segments behind the signs are
    /// copied to where the next method has them at hand.
    ///
    /// @param segments how many vectors of them there are: `n`, or 0 if there is only one segment
    /// @param to where the sums of the signs go
    /// @param all where those of all that is kept go
    static void signs(
            MemorySegment planes,
            long signs,
            int n,
            int segments,
            long keeps,
            int quads,
            byte[] form,
            int at,
            byte[] kept,
            byte[] raw,
            int to,
            int all) {
        ByteVector s0 = ByteVector.fromMemorySegment(Species.TABLE, planes, signs, LE);
        ByteVector s1 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 1, n), LE);
        ByteVector s2 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 2, n), LE);
        ByteVector s3 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 3, n), LE);
        ByteVector s4 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 4, n), LE);
        ByteVector s5 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 5, n), LE);
        ByteVector s6 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 6, n), LE);
        ByteVector s7 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 7, n), LE);
        ByteVector s8 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 8, n), LE);
        ByteVector s9 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 9, n), LE);
        ByteVector s10 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 10, n), LE);
        ByteVector s11 = ByteVector.fromMemorySegment(Species.TABLE, planes, Spreader.compact(signs, 11, n), LE);
        for (int r = 0; r < segments; r++) {
            ByteVector.fromMemorySegment(Species.TABLE, planes, signs + (long) (n + r) * ROWS, LE)
                    .intoArray(kept, COMPACT + r * ROWS);
        }
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        for (int pair = 0; pair < quads * 2; pair++) {
            int slot = pair * 2 * ROWS;
            ByteVector kA = ByteVector.fromMemorySegment(Species.TABLE, planes, keeps + slot, LE);
            ByteVector pA = s0.and(kA);
            s0 = s0.lanewise(AND_NOT, kA).or(s1.and(kA));
            s1 = s1.lanewise(AND_NOT, kA).or(s2.and(kA));
            s2 = s2.lanewise(AND_NOT, kA).or(s3.and(kA));
            s3 = s3.lanewise(AND_NOT, kA).or(s4.and(kA));
            s4 = s4.lanewise(AND_NOT, kA).or(s5.and(kA));
            s5 = s5.lanewise(AND_NOT, kA).or(s6.and(kA));
            s6 = s6.lanewise(AND_NOT, kA).or(s7.and(kA));
            s7 = s7.lanewise(AND_NOT, kA).or(s8.and(kA));
            s8 = s8.lanewise(AND_NOT, kA).or(s9.and(kA));
            s9 = s9.lanewise(AND_NOT, kA).or(s10.and(kA));
            s10 = s10.lanewise(AND_NOT, kA).or(s11.and(kA));
            ByteVector kB = ByteVector.fromMemorySegment(Species.TABLE, planes, keeps + slot + ROWS, LE);
            ByteVector pB = s0.and(kB);
            s0 = s0.lanewise(AND_NOT, kB).or(s1.and(kB));
            s1 = s1.lanewise(AND_NOT, kB).or(s2.and(kB));
            s2 = s2.lanewise(AND_NOT, kB).or(s3.and(kB));
            s3 = s3.lanewise(AND_NOT, kB).or(s4.and(kB));
            s4 = s4.lanewise(AND_NOT, kB).or(s5.and(kB));
            s5 = s5.lanewise(AND_NOT, kB).or(s6.and(kB));
            s6 = s6.lanewise(AND_NOT, kB).or(s7.and(kB));
            s7 = s7.lanewise(AND_NOT, kB).or(s8.and(kB));
            s8 = s8.lanewise(AND_NOT, kB).or(s9.and(kB));
            s9 = s9.lanewise(AND_NOT, kB).or(s10.and(kB));
            s10 = s10.lanewise(AND_NOT, kB).or(s11.and(kB));
            pA.intoArray(kept, Species.FIRST + slot);
            pB.intoArray(kept, Species.FIRST + slot + ROWS);
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
                e0.intoArray(raw, sums);
                h0.intoArray(raw, sums + SubsetSums.RAW_H);
                e1.intoArray(raw, all + pair / 2 * ROWS);
                h1.intoArray(raw, all + pair / 2 * ROWS + SubsetSums.RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
                e1 = e0;
                h1 = e0;
            }
        }
    }

    /// What of the signs is in segment 1, and what is kept there at all.
    static void segments(
            MemorySegment planes, int n, long keeps, int quads, byte[] form, int at, byte[] kept, byte[] raw, int to) {
        ByteVector s0 = ByteVector.fromArray(Species.TABLE, kept, COMPACT);
        ByteVector s1 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 1, n));
        ByteVector s2 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 2, n));
        ByteVector s3 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 3, n));
        ByteVector s4 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 4, n));
        ByteVector s5 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 5, n));
        ByteVector s6 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 6, n));
        ByteVector s7 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 7, n));
        ByteVector s8 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 8, n));
        ByteVector s9 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 9, n));
        ByteVector s10 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 10, n));
        ByteVector s11 = ByteVector.fromArray(Species.TABLE, kept, Spreader.compact(COMPACT, 11, n));
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        for (int pair = 0; pair < quads * 2; pair++) {
            int slot = pair * 2 * ROWS;
            ByteVector kA = ByteVector.fromMemorySegment(Species.TABLE, planes, keeps + slot, LE);
            ByteVector oneA = s0.and(kA);
            s0 = s0.lanewise(AND_NOT, kA).or(s1.and(kA));
            s1 = s1.lanewise(AND_NOT, kA).or(s2.and(kA));
            s2 = s2.lanewise(AND_NOT, kA).or(s3.and(kA));
            s3 = s3.lanewise(AND_NOT, kA).or(s4.and(kA));
            s4 = s4.lanewise(AND_NOT, kA).or(s5.and(kA));
            s5 = s5.lanewise(AND_NOT, kA).or(s6.and(kA));
            s6 = s6.lanewise(AND_NOT, kA).or(s7.and(kA));
            s7 = s7.lanewise(AND_NOT, kA).or(s8.and(kA));
            s8 = s8.lanewise(AND_NOT, kA).or(s9.and(kA));
            s9 = s9.lanewise(AND_NOT, kA).or(s10.and(kA));
            s10 = s10.lanewise(AND_NOT, kA).or(s11.and(kA));
            ByteVector kB = ByteVector.fromMemorySegment(Species.TABLE, planes, keeps + slot + ROWS, LE);
            ByteVector oneB = s0.and(kB);
            s0 = s0.lanewise(AND_NOT, kB).or(s1.and(kB));
            s1 = s1.lanewise(AND_NOT, kB).or(s2.and(kB));
            s2 = s2.lanewise(AND_NOT, kB).or(s3.and(kB));
            s3 = s3.lanewise(AND_NOT, kB).or(s4.and(kB));
            s4 = s4.lanewise(AND_NOT, kB).or(s5.and(kB));
            s5 = s5.lanewise(AND_NOT, kB).or(s6.and(kB));
            s6 = s6.lanewise(AND_NOT, kB).or(s7.and(kB));
            s7 = s7.lanewise(AND_NOT, kB).or(s8.and(kB));
            s8 = s8.lanewise(AND_NOT, kB).or(s9.and(kB));
            s9 = s9.lanewise(AND_NOT, kB).or(s10.and(kB));
            s10 = s10.lanewise(AND_NOT, kB).or(s11.and(kB));
            ByteVector pA = ByteVector.fromArray(Species.TABLE, kept, Species.FIRST + slot)
                    .and(oneA);
            ByteVector pB = ByteVector.fromArray(Species.TABLE, kept, Species.FIRST + slot + ROWS)
                    .and(oneB);
            int tables = at + pair * WideKernel.PAIR;
            ByteVector e = ByteVector.fromArray(Species.TABLE, form, tables);
            e0 = e0.add(pA.selectFrom(e));
            e1 = e1.add(oneA.selectFrom(e));
            ByteVector h = ByteVector.fromArray(Species.TABLE, form, tables + TABLE);
            h0 = h0.add(pA.selectFrom(h));
            h1 = h1.add(oneA.selectFrom(h));
            e = ByteVector.fromArray(Species.TABLE, form, tables + 2 * TABLE);
            e0 = e0.add(pB.selectFrom(e));
            e1 = e1.add(oneB.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 3 * TABLE);
            h0 = h0.add(pB.selectFrom(h));
            h1 = h1.add(oneB.selectFrom(h));
            pB = pB.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            pA = pA.and(WideKernel.TOP).or(pB.lanewise(AND_NOT, WideKernel.TOP));
            pA = pA.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            oneB = oneB.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            oneA = oneA.and(WideKernel.TOP).or(oneB.lanewise(AND_NOT, WideKernel.TOP));
            oneA = oneA.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            e = ByteVector.fromArray(Species.TABLE, form, tables + 4 * TABLE);
            e0 = e0.add(pA.selectFrom(e));
            e1 = e1.add(oneA.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 5 * TABLE);
            h0 = h0.add(pA.selectFrom(h));
            h1 = h1.add(oneA.selectFrom(h));
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
