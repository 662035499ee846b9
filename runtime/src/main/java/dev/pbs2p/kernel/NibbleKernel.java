package dev.pbs2p.kernel;

import static dev.pbs2p.kernel.SubsetSums.TABLE;
import static dev.pbs2p.kernel.SubsetSums.shiftRight;
import static dev.pbs2p.kernel.SubsetSums.table;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.ByteVector;

/// Subset sums looked up by nibbles, in 16-byte vectors: one instruction on every processor.
///
/// Form of a slot: the tables e and h of the low nibble, then e and h of the high nibble. A sum of four
/// activations is at most 4 · 127 in magnitude, so that e and h are at most 31, and the eight of a quad at
/// most 248.
final class NibbleKernel {

    private static final int ROWS = Masks.ROWS;

    /// Bytes of a slot's tables.
    static final int SLOT = 4 * TABLE;
    private static final int QUAD_BYTES = SubsetSums.QUAD * SLOT;
    /// Where the last slot of a quad begins: the bits of an offset that no other slot has all of.
    private static final int LAST_SLOT = QUAD_BYTES - SLOT;

    /// Added to every h.
    private static final byte BIAS = 16;

    /// For each of four activations a vector of where it lies.
    private static final byte[] MEMBERS = SubsetSums.members((sixteen, member) -> member);

    private NibbleKernel() {}

    /// Of `quads` quads, as [SubsetSums#encode] has it. What stays the same is held in registers: stores might
    /// change it, for all the compiler knows, if it were read where it is needed.
    static void encode(byte[] q, int from, int quads, byte[] form, int to) {
        ByteVector member0 = table(MEMBERS, 0 * TABLE);
        ByteVector member1 = table(MEMBERS, 1 * TABLE);
        ByteVector member2 = table(MEMBERS, 2 * TABLE);
        ByteVector member3 = table(MEMBERS, 3 * TABLE);
        ByteVector subset0 = table(SubsetSums.SUBSETS, 0 * TABLE);
        ByteVector subset1 = table(SubsetSums.SUBSETS, 1 * TABLE);
        ByteVector subset2 = table(SubsetSums.SUBSETS, 2 * TABLE);
        ByteVector subset3 = table(SubsetSums.SUBSETS, 3 * TABLE);
        for (int nibble = 0; nibble < quads * SubsetSums.PLACES / 4; nibble++) {
            ByteVector activations = table(q, from + nibble * 4);
            // The upper three bits, from -4 to 3, and the lower five. They are shifted as if unsigned, from 128
            // up, so that no sign is lost.
            ByteVector upper = shiftRight(activations.lanewise(XOR, (byte) 128), 5)
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
            int at = to + nibble * 2 * TABLE;
            ByteVector carry = shiftRight(lowers, 5).and((byte) 7);
            lowers.and((byte) 31).intoArray(form, at);
            uppers.add(carry).add(BIAS).intoArray(form, at + TABLE);
        }
    }

    /// Leaves the sums of single quads of mask `mask`, and of the next one if it is before `end`, in
    /// `masks.raw`.
    ///
    /// @return how many masks
    static int sum(Masks masks, int mask, int end, int quads, byte[] form, int at) {
        int count = Math.min(2, end - mask);
        for (int i = 0; i < count; i++) {
            for (int row = 0; row < ROWS; row += 2 * TABLE) {
                int raw = Masks.raw(i) + row;
                sumTwo(masks.planes, Masks.first(mask + i) + row, quads, form, at, masks.raw, raw);
            }
        }
        return count;
    }

    /// Two vectors that follow each other share the loads of the tables: rows of a mask. More would not fit
    /// into sixteen registers.
    private static void sumTwo(byte[] masks, int from, int quads, byte[] form, int at, byte[] raw, int first) {
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        for (int slot = 0; slot < quads * QUAD_BYTES; slot += SLOT) {
            ByteVector m0 = table(masks, from + slot);
            ByteVector m1 = table(masks, from + slot + TABLE);
            ByteVector e = table(form, at + slot);
            e0 = e0.add(m0.selectFrom(e));
            e1 = e1.add(m1.selectFrom(e));
            ByteVector h = table(form, at + slot + TABLE);
            h0 = h0.add(m0.selectFrom(h));
            h1 = h1.add(m1.selectFrom(h));
            m0 = shiftRight(m0, 4);
            m1 = shiftRight(m1, 4);
            e = table(form, at + slot + 2 * TABLE);
            e0 = e0.add(m0.selectFrom(e));
            e1 = e1.add(m1.selectFrom(e));
            h = table(form, at + slot + 3 * TABLE);
            h0 = h0.add(m0.selectFrom(h));
            h1 = h1.add(m1.selectFrom(h));
            if ((slot & LAST_SLOT) == LAST_SLOT) {
                int to = slot / QUAD_BYTES * ROWS + first;
                e0.intoArray(raw, to);
                h0.intoArray(raw, to + SubsetSums.RAW_H);
                e1.intoArray(raw, to + TABLE);
                h1.intoArray(raw, to + TABLE + SubsetSums.RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
                e1 = e0;
                h1 = e0;
            }
        }
    }
}
