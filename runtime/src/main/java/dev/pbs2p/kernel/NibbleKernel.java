package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.pbs2p.format.SlicedLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.ShortVector;

/// Looks up sums of four activations by the nibbles of a plane's bytes, 16 rows at a time.
///
/// The sum s of a subset of four activations, at most 4 · 127 in magnitude, is stored as two bytes e = s mod 32 and
/// h = floor(s / 32) + 16, each at most 31, so that the eight look-ups of a quad add up within a byte.
///
/// Form of a quad: for each of its slots the tables e and h of the low nibble, then e and h of the high nibble, 16
/// bytes
/// each.
final class NibbleKernel implements PackedKernel {

    private static final int TABLE = 16;
    private static final int SLOT = 4 * TABLE;
    private static final int ROWS = SlicedLayout.ROWS;
    /// What the 16 added to every h comes to over the look-ups of one quad.
    private static final int QUAD_BIAS = 32 * 16 * 8;

    private static final byte[] SUBSETS = subsets();

    @Override
    public String description() {
        return "nibble tables in 16-byte vectors";
    }

    @Override
    public int bytesPerQuad() {
        return QUAD * SLOT;
    }

    /// For each of four activations 16 bytes: -1 where it belongs to the subset of that number.
    private static byte[] subsets() {
        byte[] member = new byte[4 * TABLE];
        for (int i = 0; i < member.length; i++) {
            member[i] = (byte) -(((i % TABLE) >> (i / TABLE)) & 1);
        }
        return member;
    }

    @Override
    public void encode(byte[] q, int from, int quads, byte[] form, int to) {
        for (int nibble = 0; nibble < quads * QUAD * 2; nibble++) {
            encodeNibble(q, from + nibble * 4, form, to + nibble * 2 * TABLE);
        }
    }

    /// With q = 4a + b: s = 4A + B, A fits a byte and B is at most 12; hence floor(s / 32) = floor((A + B / 4) / 8).
    private static void encodeNibble(byte[] q, int from, byte[] form, int to) {
        ByteVector m0 = table(SUBSETS, 0);
        ByteVector m1 = table(SUBSETS, TABLE);
        ByteVector m2 = table(SUBSETS, 2 * TABLE);
        ByteVector m3 = table(SUBSETS, 3 * TABLE);
        ByteVector s =
                m0.and(q[from]).add(m1.and(q[from + 1])).add(m2.and(q[from + 2]).add(m3.and(q[from + 3])));
        ByteVector quarters = m0.and((byte) (q[from] >> 2))
                .add(m1.and((byte) (q[from + 1] >> 2)))
                .add(m2.and((byte) (q[from + 2] >> 2)).add(m3.and((byte) (q[from + 3] >> 2))));
        ByteVector fours = quarters.add(quarters);
        ByteVector rest = shiftRight(s.sub(fours.add(fours)), 2).and((byte) 3);
        ByteVector biased = quarters.add(rest).add((byte) 128);
        s.and((byte) 31).intoArray(form, to);
        shiftRight(biased, 3).and((byte) 31).intoArray(form, to + TABLE);
    }

    /// Shifts bytes through their neighbours: the upper bits of the result are garbage to be masked.
    private static ByteVector shiftRight(ByteVector v, int bits) {
        return v.reinterpretAsInts().lanewise(LSHR, bits).reinterpretAsBytes();
    }

    private static ByteVector table(byte[] bytes, int at) {
        return ByteVector.fromArray(Species.TABLE, bytes, at);
    }

    @Override
    public void count(Masks masks, int first, int count, int quads, byte[] form, int at) {
        int bytes = count * ROWS;
        int stride = masks.slotBytes();
        for (int quad = 0; quad < quads; quad++) {
            lookUp(
                    masks.low,
                    masks.high,
                    quad * QUAD * stride + first * ROWS,
                    stride,
                    bytes,
                    form,
                    at + quad * QUAD * SLOT,
                    masks.partial,
                    quad * 2 * bytes);
        }
        for (int i = 0; i < bytes; i += RowOrder.BLOCK) {
            reduce(masks.partial, i, bytes, quads, masks.sums, first * ROWS + i);
        }
    }

    /// Adds up e, then h, of the eight nibbles that one quad has in each of `bytes` mask bytes.
    private static void lookUp(
            byte[] low, byte[] high, int slot0, int stride, int bytes, byte[] form, int at, byte[] partial, int to) {
        int slot1 = slot0 + stride;
        int slot2 = slot1 + stride;
        int slot3 = slot2 + stride;
        for (int i = 0; i < bytes; i += TABLE) {
            ByteVector index = table(low, slot0 + i);
            ByteVector e = pick(index, form, at);
            ByteVector h = pick(index, form, at + TABLE);
            index = table(high, slot0 + i);
            e = e.add(pick(index, form, at + 2 * TABLE));
            h = h.add(pick(index, form, at + 3 * TABLE));
            index = table(low, slot1 + i);
            e = e.add(pick(index, form, at + SLOT));
            h = h.add(pick(index, form, at + SLOT + TABLE));
            index = table(high, slot1 + i);
            e = e.add(pick(index, form, at + SLOT + 2 * TABLE));
            h = h.add(pick(index, form, at + SLOT + 3 * TABLE));
            index = table(low, slot2 + i);
            e = e.add(pick(index, form, at + 2 * SLOT));
            h = h.add(pick(index, form, at + 2 * SLOT + TABLE));
            index = table(high, slot2 + i);
            e = e.add(pick(index, form, at + 2 * SLOT + 2 * TABLE));
            h = h.add(pick(index, form, at + 2 * SLOT + 3 * TABLE));
            index = table(low, slot3 + i);
            e = e.add(pick(index, form, at + 3 * SLOT));
            h = h.add(pick(index, form, at + 3 * SLOT + TABLE));
            index = table(high, slot3 + i);
            e.add(pick(index, form, at + 3 * SLOT + 2 * TABLE)).intoArray(partial, to + i);
            h.add(pick(index, form, at + 3 * SLOT + 3 * TABLE)).intoArray(partial, to + bytes + i);
        }
    }

    /// The table's entries at the low four bits of each index.
    private static ByteVector pick(ByteVector index, byte[] form, int at) {
        return index.selectFrom(table(form, at));
    }

    /// Adds the quads in shorts, even and odd rows apart.
    private static void reduce(byte[] partial, int from, int bytes, int quads, short[] sums, int to) {
        ShortVector eSum = ShortVector.zero(Species.SHORTS);
        ShortVector eOdd = eSum;
        ShortVector hSum = eSum;
        ShortVector hOdd = eSum;
        for (int quad = 0; quad < quads; quad++) {
            int at = from + quad * 2 * bytes;
            ShortVector e = ByteVector.fromArray(Species.BYTES, partial, at).reinterpretAsShorts();
            ShortVector h =
                    ByteVector.fromArray(Species.BYTES, partial, at + bytes).reinterpretAsShorts();
            eSum = eSum.add(e);
            hSum = hSum.add(h);
            eOdd = eOdd.add(e.lanewise(LSHR, 8));
            hOdd = hOdd.add(h.lanewise(LSHR, 8));
        }
        // Shorts wrap, so what was added above bit 15 is gone once the odd rows are subtracted.
        ShortVector eEven = eSum.sub(eOdd.lanewise(LSHL, 8));
        ShortVector hEven = hSum.sub(hOdd.lanewise(LSHL, 8));
        short bias = (short) (QUAD_BIAS * quads);
        hEven.lanewise(LSHL, 5).add(eEven).sub(bias).intoArray(sums, to);
        hOdd.lanewise(LSHL, 5).add(eOdd).sub(bias).intoArray(sums, to + RowOrder.BLOCK / 2);
    }
}
