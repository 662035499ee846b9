package dev.pbs2p.kernel;

import static dev.pbs2p.kernel.SubsetSums.TABLE;
import static dev.pbs2p.kernel.SubsetSums.table;
import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.util.function.IntBinaryOperator;
import jdk.incubator.vector.ByteVector;

/// Subset sums looked up by six bits, in 64-byte vectors: a table of 64 entries, and all rows of a unit, in one
/// instruction.
///
/// Slots go in pairs: six bits of the first slot's byte, six of the second's, and the two that each has left.
/// Form of a pair: the tables e and h of each of the three. Sums of six activations are at most 6 · 127 in
/// magnitude, so that h is at most 47, and 4 · 47 + 2 · 31 = 250 in the look-ups of a quad; e is at most 31.
final class WideKernel {

    private static final int ROWS = Masks.ROWS;

    /// Bytes of a pair's tables.
    static final int PAIR = 6 * TABLE;

    /// Added to every h of a table, of sums of six and of sums of four activations.
    private static final byte BIAS_SIX = 24;

    private static final byte BIAS_FOUR = 16;

    /// Where the members of four subsets of four lie, of which the tables are made: the low four bits of the
    /// first slot and of the second, then bits 4 and 5 of both, the second's first, and bits 6 and 7.
    private static final byte[] MEMBERS = SubsetSums.members(
            (sixteen, member) -> sixteen < 2 ? 8 * sixteen + member : 2 * sixteen + member % 2 + (member < 2 ? 8 : 0));

    /// Entry `i` of each of the three tables is the sum of two entries of those: of its low four bits, and of
    /// the two above, which mean nothing in the last table.
    private static final byte[] LOW = entries((table, i) -> (table < 2 ? 16 * table : 48) + i % 16);
    private static final byte[] HIGH = entries((table, i) -> 32 + (table == 0 ? i / 16 * 4 : table == 1 ? i / 16 : 0));

    /// The two bits of a byte that are left over.
    static final byte TOP = (byte) 0xC0;

    private WideKernel() {}

    private static byte[] entries(IntBinaryOperator entry) {
        byte[] entries = new byte[3 * TABLE];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = (byte) entry.applyAsInt(i / TABLE, i % TABLE);
        }
        return entries;
    }

    /// Of `quads` quads, as [SubsetSums#encode] has it. What stays the same is held in registers: stores might
    /// change it, for all the compiler knows, if it were read where it is needed. All is written out, what
    /// [NibbleKernel] does too and the three tables: with methods of ours for it, a whole product took a
    /// fifth longer.
    static void encode(byte[] q, int from, int quads, byte[] form, int to) {
        ByteVector member0 = table(MEMBERS, 0 * TABLE);
        ByteVector member1 = table(MEMBERS, 1 * TABLE);
        ByteVector member2 = table(MEMBERS, 2 * TABLE);
        ByteVector member3 = table(MEMBERS, 3 * TABLE);
        ByteVector subset0 = table(SubsetSums.SUBSETS, 0 * TABLE);
        ByteVector subset1 = table(SubsetSums.SUBSETS, 1 * TABLE);
        ByteVector subset2 = table(SubsetSums.SUBSETS, 2 * TABLE);
        ByteVector subset3 = table(SubsetSums.SUBSETS, 3 * TABLE);
        ByteVector low0 = table(LOW, 0 * TABLE);
        ByteVector high0 = table(HIGH, 0 * TABLE);
        ByteVector low1 = table(LOW, 1 * TABLE);
        ByteVector high1 = table(HIGH, 1 * TABLE);
        ByteVector low2 = table(LOW, 2 * TABLE);
        ByteVector high2 = table(HIGH, 2 * TABLE);
        for (int pair = 0; pair < quads * 2; pair++) {
            ByteVector activations = table(q, from + pair * 16);
            // The upper three bits, from -4 to 3, and the lower five. They are shifted as if unsigned, from 128
            // up, so that no sign is lost.
            ByteVector upper = activations
                    .lanewise(XOR, (byte) 128)
                    .reinterpretAsInts()
                    .lanewise(LSHR, 5)
                    .reinterpretAsBytes()
                    .and((byte) 7)
                    .sub((byte) 4);
            ByteVector lower = activations.and((byte) 31);
            ByteVector uppers = member0.selectFrom(upper).and(subset0);
            ByteVector lowers = member0.selectFrom(lower).and(subset0);
            uppers = uppers.add(member1.selectFrom(upper).and(subset1));
            lowers = lowers.add(member1.selectFrom(lower).and(subset1));
            uppers = uppers.add(member2.selectFrom(upper).and(subset2));
            lowers = lowers.add(member2.selectFrom(lower).and(subset2));
            uppers = uppers.add(member3.selectFrom(upper).and(subset3));
            lowers = lowers.add(member3.selectFrom(lower).and(subset3));
            int at = to + pair * PAIR;
            ByteVector sum0 = low0.selectFrom(lowers).add(high0.selectFrom(lowers));
            ByteVector carry0 = sum0.reinterpretAsInts()
                    .lanewise(LSHR, 5)
                    .reinterpretAsBytes()
                    .and((byte) 7);
            sum0.and((byte) 31).intoArray(form, at + 0 * TABLE);
            low0.selectFrom(uppers)
                    .add(high0.selectFrom(uppers))
                    .add(carry0)
                    .add(BIAS_SIX)
                    .intoArray(form, at + 1 * TABLE);
            ByteVector sum1 = low1.selectFrom(lowers).add(high1.selectFrom(lowers));
            ByteVector carry1 = sum1.reinterpretAsInts()
                    .lanewise(LSHR, 5)
                    .reinterpretAsBytes()
                    .and((byte) 7);
            sum1.and((byte) 31).intoArray(form, at + 2 * TABLE);
            low1.selectFrom(uppers)
                    .add(high1.selectFrom(uppers))
                    .add(carry1)
                    .add(BIAS_SIX)
                    .intoArray(form, at + 3 * TABLE);
            ByteVector sum2 = low2.selectFrom(lowers).add(high2.selectFrom(lowers));
            ByteVector carry2 = sum2.reinterpretAsInts()
                    .lanewise(LSHR, 5)
                    .reinterpretAsBytes()
                    .and((byte) 7);
            sum2.and((byte) 31).intoArray(form, at + 4 * TABLE);
            low2.selectFrom(uppers)
                    .add(high2.selectFrom(uppers))
                    .add(carry2)
                    .add(BIAS_FOUR)
                    .intoArray(form, at + 5 * TABLE);
        }
    }

    /// Leaves the sums of single quads of mask `mask`, and of as many before `end` as lie beside it and fit
    /// into registers, in `masks.raw`.
    ///
    /// @return how many masks
    static int sum(Masks masks, int mask, int end, int quads, byte[] form, int at) {
        int from = Masks.first(mask);
        if (mask % 4 == 0 && end - mask >= 4) {
            sumFour(masks.planes, from, quads, form, at, masks.raw);
            return 4;
        }
        if (mask % 2 == 0 && end - mask >= 2) {
            sumTwo(masks.planes, from, quads, form, at, masks.raw);
            return 2;
        }
        sumOne(masks.planes, from, quads, form, at, masks.raw);
        return 1;
    }

    /// Four masks share the loads of the tables. The loops call nothing but the vector library: vectors that
    /// leave a body so large become objects.
    private static void sumFour(byte[] masks, int from, int quads, byte[] form, int at, byte[] raw) {
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        ByteVector e2 = e0;
        ByteVector h2 = e0;
        ByteVector e3 = e0;
        ByteVector h3 = e0;
        for (int pair = 0; pair < quads * 2; pair++) {
            int mask = from + pair * 2 * Masks.SLOT;
            int tables = at + pair * PAIR;
            ByteVector a0 = ByteVector.fromArray(Species.TABLE, masks, mask);
            ByteVector b0 = ByteVector.fromArray(Species.TABLE, masks, mask + Masks.SLOT);
            ByteVector a1 = ByteVector.fromArray(Species.TABLE, masks, mask + TABLE);
            ByteVector b1 = ByteVector.fromArray(Species.TABLE, masks, mask + Masks.SLOT + TABLE);
            ByteVector a2 = ByteVector.fromArray(Species.TABLE, masks, mask + 2 * TABLE);
            ByteVector b2 = ByteVector.fromArray(Species.TABLE, masks, mask + Masks.SLOT + 2 * TABLE);
            ByteVector a3 = ByteVector.fromArray(Species.TABLE, masks, mask + 3 * TABLE);
            ByteVector b3 = ByteVector.fromArray(Species.TABLE, masks, mask + Masks.SLOT + 3 * TABLE);
            ByteVector e = ByteVector.fromArray(Species.TABLE, form, tables);
            e0 = e0.add(a0.selectFrom(e));
            e1 = e1.add(a1.selectFrom(e));
            e2 = e2.add(a2.selectFrom(e));
            e3 = e3.add(a3.selectFrom(e));
            ByteVector h = ByteVector.fromArray(Species.TABLE, form, tables + TABLE);
            h0 = h0.add(a0.selectFrom(h));
            h1 = h1.add(a1.selectFrom(h));
            h2 = h2.add(a2.selectFrom(h));
            h3 = h3.add(a3.selectFrom(h));
            e = ByteVector.fromArray(Species.TABLE, form, tables + 2 * TABLE);
            e0 = e0.add(b0.selectFrom(e));
            e1 = e1.add(b1.selectFrom(e));
            e2 = e2.add(b2.selectFrom(e));
            e3 = e3.add(b3.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 3 * TABLE);
            h0 = h0.add(b0.selectFrom(h));
            h1 = h1.add(b1.selectFrom(h));
            h2 = h2.add(b2.selectFrom(h));
            h3 = h3.add(b3.selectFrom(h));
            b0 = b0.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            a0 = a0.and(TOP).or(b0.lanewise(AND_NOT, TOP));
            a0 = a0.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            b1 = b1.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            a1 = a1.and(TOP).or(b1.lanewise(AND_NOT, TOP));
            a1 = a1.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            b2 = b2.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            a2 = a2.and(TOP).or(b2.lanewise(AND_NOT, TOP));
            a2 = a2.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            b3 = b3.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            a3 = a3.and(TOP).or(b3.lanewise(AND_NOT, TOP));
            a3 = a3.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            e = ByteVector.fromArray(Species.TABLE, form, tables + 4 * TABLE);
            e0 = e0.add(a0.selectFrom(e));
            e1 = e1.add(a1.selectFrom(e));
            e2 = e2.add(a2.selectFrom(e));
            e3 = e3.add(a3.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 5 * TABLE);
            h0 = h0.add(a0.selectFrom(h));
            h1 = h1.add(a1.selectFrom(h));
            h2 = h2.add(a2.selectFrom(h));
            h3 = h3.add(a3.selectFrom(h));
            if (pair % 2 == 1) {
                int to = Species.FIRST + pair / 2 * ROWS;
                e0.intoArray(raw, to);
                h0.intoArray(raw, to + SubsetSums.RAW_H);
                e1.intoArray(raw, to + SubsetSums.RAW);
                h1.intoArray(raw, to + SubsetSums.RAW + SubsetSums.RAW_H);
                e2.intoArray(raw, to + 2 * SubsetSums.RAW);
                h2.intoArray(raw, to + 2 * SubsetSums.RAW + SubsetSums.RAW_H);
                e3.intoArray(raw, to + 3 * SubsetSums.RAW);
                h3.intoArray(raw, to + 3 * SubsetSums.RAW + SubsetSums.RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
                e1 = e0;
                h1 = e0;
                e2 = e0;
                h2 = e0;
                e3 = e0;
                h3 = e0;
            }
        }
    }

    /// Two masks share the loads of the tables.
    private static void sumTwo(byte[] masks, int from, int quads, byte[] form, int at, byte[] raw) {
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        for (int pair = 0; pair < quads * 2; pair++) {
            int mask = from + pair * 2 * Masks.SLOT;
            int tables = at + pair * PAIR;
            ByteVector a0 = ByteVector.fromArray(Species.TABLE, masks, mask);
            ByteVector b0 = ByteVector.fromArray(Species.TABLE, masks, mask + Masks.SLOT);
            ByteVector a1 = ByteVector.fromArray(Species.TABLE, masks, mask + TABLE);
            ByteVector b1 = ByteVector.fromArray(Species.TABLE, masks, mask + Masks.SLOT + TABLE);
            ByteVector e = ByteVector.fromArray(Species.TABLE, form, tables);
            e0 = e0.add(a0.selectFrom(e));
            e1 = e1.add(a1.selectFrom(e));
            ByteVector h = ByteVector.fromArray(Species.TABLE, form, tables + TABLE);
            h0 = h0.add(a0.selectFrom(h));
            h1 = h1.add(a1.selectFrom(h));
            e = ByteVector.fromArray(Species.TABLE, form, tables + 2 * TABLE);
            e0 = e0.add(b0.selectFrom(e));
            e1 = e1.add(b1.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 3 * TABLE);
            h0 = h0.add(b0.selectFrom(h));
            h1 = h1.add(b1.selectFrom(h));
            b0 = b0.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            a0 = a0.and(TOP).or(b0.lanewise(AND_NOT, TOP));
            a0 = a0.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            b1 = b1.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            a1 = a1.and(TOP).or(b1.lanewise(AND_NOT, TOP));
            a1 = a1.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            e = ByteVector.fromArray(Species.TABLE, form, tables + 4 * TABLE);
            e0 = e0.add(a0.selectFrom(e));
            e1 = e1.add(a1.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 5 * TABLE);
            h0 = h0.add(a0.selectFrom(h));
            h1 = h1.add(a1.selectFrom(h));
            if (pair % 2 == 1) {
                int to = Species.FIRST + pair / 2 * ROWS;
                e0.intoArray(raw, to);
                h0.intoArray(raw, to + SubsetSums.RAW_H);
                e1.intoArray(raw, to + SubsetSums.RAW);
                h1.intoArray(raw, to + SubsetSums.RAW + SubsetSums.RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
                e1 = e0;
                h1 = e0;
            }
        }
    }

    /// One mask.
    private static void sumOne(byte[] masks, int from, int quads, byte[] form, int at, byte[] raw) {
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        for (int pair = 0; pair < quads * 2; pair++) {
            int mask = from + pair * 2 * Masks.SLOT;
            int tables = at + pair * PAIR;
            ByteVector a0 = ByteVector.fromArray(Species.TABLE, masks, mask);
            ByteVector b0 = ByteVector.fromArray(Species.TABLE, masks, mask + Masks.SLOT);
            ByteVector e = ByteVector.fromArray(Species.TABLE, form, tables);
            e0 = e0.add(a0.selectFrom(e));
            ByteVector h = ByteVector.fromArray(Species.TABLE, form, tables + TABLE);
            h0 = h0.add(a0.selectFrom(h));
            e = ByteVector.fromArray(Species.TABLE, form, tables + 2 * TABLE);
            e0 = e0.add(b0.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 3 * TABLE);
            h0 = h0.add(b0.selectFrom(h));
            b0 = b0.reinterpretAsInts().lanewise(LSHR, 2).reinterpretAsBytes();
            a0 = a0.and(TOP).or(b0.lanewise(AND_NOT, TOP));
            a0 = a0.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
            e = ByteVector.fromArray(Species.TABLE, form, tables + 4 * TABLE);
            e0 = e0.add(a0.selectFrom(e));
            h = ByteVector.fromArray(Species.TABLE, form, tables + 5 * TABLE);
            h0 = h0.add(a0.selectFrom(h));
            if (pair % 2 == 1) {
                int to = Species.FIRST + pair / 2 * ROWS;
                e0.intoArray(raw, to);
                h0.intoArray(raw, to + SubsetSums.RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
            }
        }
    }
}
