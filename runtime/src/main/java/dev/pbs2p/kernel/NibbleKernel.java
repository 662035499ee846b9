package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.ShortVector;

/// Sums of quantised activations whose bits are set in mask planes, looked up by the nibbles of the planes' bytes: a
/// table vector of rows at a time.
///
/// Slots go in quads of four. A row's activations are encoded, [#QUAD_BYTES] a quad, and then meet many row units.
/// The sum s of a subset of four activations, at most 4 · 127 in magnitude, is stored as two bytes e = s mod 32 and
/// h = floor(s / 32) + 16, each at most 31, so that the eight look-ups of a quad add up within a byte.
///
/// Form of a quad: for each of its slots the tables e and h of the low nibble, then e and h of the high nibble. A table
/// fills a vector: its 16 entries are repeated, so that bits above a nibble do not matter.
final class NibbleKernel {

    private static final int ROWS = Masks.ROWS;

    /// Slots of a quad.
    static final int QUAD = 4;
    /// Places (slot × lane) of a quad.
    static final int PLACES = 32;

    /// Bytes of a table.
    static final int TABLE = Species.TABLE.length();
    /// Bytes of a slot's tables.
    static final int SLOT = 4 * TABLE;
    /// Bytes of an encoded quad.
    static final int QUAD_BYTES = QUAD * SLOT;
    /// Where the last slot of a quad begins: the bits of an offset that no other slot has all of.
    private static final int LAST_SLOT = QUAD_BYTES - SLOT;

    /// Most quads that are summed at once.
    private static final int MOST_QUADS = ActivationQuantizer.RUN / PLACES;
    /// From a mask's sums e, 64 bytes a quad, to its sums h.
    static final int RAW_H = MOST_QUADS * ROWS;
    /// Bytes in which the sums of one mask lie before [#widen].
    static final int RAW = 2 * RAW_H;

    /// From one vector's sums to those of the vector that follows it: the next mask, or the next rows of the same.
    private static final int RAW_STEP = TABLE < ROWS ? TABLE : RAW;

    /// What the 16 added to every h comes to over the look-ups of one quad.
    static final int QUAD_BIAS = 32 * 16 * 8;

    /// Nibbles whose tables are made together.
    private static final int NIBBLES = TABLE / 16;

    private static final byte[] SUBSETS = subsets();
    private static final byte[] MEMBERS = members();
    private static final byte[] ENTRIES = entries();

    private NibbleKernel() {}

    /// For people: what it is and how wide.
    static String description() {
        return "nibble tables in " + TABLE + "-byte vectors";
    }

    /// For each of four activations a vector: -1 where it belongs to the subset of an entry's number.
    private static byte[] subsets() {
        byte[] member = new byte[4 * TABLE];
        for (int i = 0; i < member.length; i++) {
            member[i] = (byte) -(((i % TABLE) >> (i / TABLE)) & 1);
        }
        return member;
    }

    /// For each of four activations a vector: where entry `i` finds it among the activations of several nibbles, which
    /// lie one behind the other.
    private static byte[] members() {
        byte[] place = new byte[4 * TABLE];
        for (int i = 0; i < place.length; i++) {
            place[i] = (byte) (i % TABLE / 16 * 4 + i / TABLE);
        }
        return place;
    }

    /// For each nibble of a vector of tables: the places of its entries, repeated.
    private static byte[] entries() {
        byte[] entry = new byte[NIBBLES * TABLE];
        for (int i = 0; i < entry.length; i++) {
            entry[i] = (byte) (i / TABLE * 16 + i % 16);
        }
        return entry;
    }

    /// Encodes `quads` quads of activations, one signed byte a place in slot order, into `form` from `to` on. Up to
    /// [#TABLE] bytes behind them are read, and ignored.
    static void encode(byte[] q, int from, int quads, byte[] form, int to) {
        for (int nibble = 0; nibble < quads * QUAD * 2; nibble += NIBBLES) {
            int at = to + nibble * 2 * TABLE;
            sums(q, from + nibble * 4, form, at);
            repeat(form, at);
        }
    }

    /// The tables e and h of [#NIBBLES] nibbles, a vector each.
    ///
    /// With q = 32a + b and b from 0 to 31: s = 32A + B, where B is at most 4 · 31. Hence floor(s / 32) is A plus
    /// floor(B / 32).
    private static void sums(byte[] q, int from, byte[] form, int to) {
        ByteVector all = table(q, from);
        // Shifted as if unsigned, from 128 up, so that no sign is lost.
        ByteVector a =
                shiftRight(all.lanewise(XOR, (byte) 128), 5).and((byte) 7).sub((byte) 4);
        ByteVector b = all.and((byte) 31);
        ByteVector sumA = member(a, 0);
        ByteVector sumB = member(b, 0);
        for (int i = 1; i < 4; i++) {
            sumA = sumA.add(member(a, i));
            sumB = sumB.add(member(b, i));
        }
        sumB.and((byte) 31).intoArray(form, to);
        sumA.add(shiftRight(sumB, 5).and((byte) 7)).add((byte) 16).intoArray(form, to + TABLE);
    }

    /// Gives each nibble vectors of its own, of its tables again and again.
    private static void repeat(byte[] form, int at) {
        ByteVector e = table(form, at);
        ByteVector h = table(form, at + TABLE);
        for (int nibble = 0; nibble < NIBBLES; nibble++) {
            ByteVector entries = table(ENTRIES, nibble * TABLE);
            entries.selectFrom(e).intoArray(form, at + nibble * 2 * TABLE);
            entries.selectFrom(h).intoArray(form, at + nibble * 2 * TABLE + TABLE);
        }
    }

    /// Activation `i` of every nibble at the entries of the subsets it belongs to.
    private static ByteVector member(ByteVector activations, int i) {
        return pick(table(MEMBERS, i * TABLE), activations).and(table(SUBSETS, i * TABLE));
    }

    /// Shifts bytes through their neighbours: the upper bits of the result are garbage.
    static ByteVector shiftRight(ByteVector v, int bits) {
        return v.reinterpretAsInts().lanewise(LSHR, bits).reinterpretAsBytes();
    }

    static ByteVector table(byte[] bytes, int at) {
        return ByteVector.fromArray(Species.TABLE, bytes, at);
    }

    /// The table's entries at the low four bits of each index.
    static ByteVector pick(ByteVector index, ByteVector table) {
        return index.selectFrom(table);
    }

    /// Sums masks `first` to `first + count` over `quads` quads of the activations at `form[at]`, into 64 shorts a mask
    /// of `masks.sums`, in [RowOrder].
    static void sum(Masks masks, int first, int count, int quads, byte[] form, int at) {
        int end = first + count;
        int step;
        for (int mask = first; mask < end; mask += step) {
            int from = Masks.at(mask);
            if (TABLE < ROWS) {
                step = 1;
                for (int row = 0; row < ROWS; row += 2 * TABLE) {
                    sumTwo(masks.planes, from + row, quads, form, at, masks.raw, row);
                }
            } else if (mask % 4 == 0 && end - mask >= 4) {
                step = 4;
                sumFour(masks.planes, from, quads, form, at, masks.raw);
            } else if (mask % 2 == 0 && end - mask >= 2) {
                step = 2;
                sumTwo(masks.planes, from, quads, form, at, masks.raw, 0);
            } else {
                step = 1;
                sumOne(masks.planes, from, quads, form, at, masks.raw);
            }
            for (int i = 0; i < step; i++) {
                widen(masks.raw, i * RAW, quads, masks.sums, (mask + i) * ROWS);
            }
        }
    }

    /// Four masks share the loads of the tables, where a vector holds all rows of one.
    private static void sumFour(byte[] masks, int from, int quads, byte[] form, int at, byte[] raw) {
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        ByteVector e2 = e0;
        ByteVector h2 = e0;
        ByteVector e3 = e0;
        ByteVector h3 = e0;
        for (int slot = 0; slot < quads * QUAD_BYTES; slot += SLOT) {
            ByteVector m0 = table(masks, from + slot);
            ByteVector m1 = table(masks, from + slot + TABLE);
            ByteVector m2 = table(masks, from + slot + 2 * TABLE);
            ByteVector m3 = table(masks, from + slot + 3 * TABLE);
            ByteVector e = table(form, at + slot);
            e0 = e0.add(pick(m0, e));
            e1 = e1.add(pick(m1, e));
            e2 = e2.add(pick(m2, e));
            e3 = e3.add(pick(m3, e));
            ByteVector h = table(form, at + slot + TABLE);
            h0 = h0.add(pick(m0, h));
            h1 = h1.add(pick(m1, h));
            h2 = h2.add(pick(m2, h));
            h3 = h3.add(pick(m3, h));
            m0 = shiftRight(m0, 4);
            m1 = shiftRight(m1, 4);
            m2 = shiftRight(m2, 4);
            m3 = shiftRight(m3, 4);
            e = table(form, at + slot + 2 * TABLE);
            e0 = e0.add(pick(m0, e));
            e1 = e1.add(pick(m1, e));
            e2 = e2.add(pick(m2, e));
            e3 = e3.add(pick(m3, e));
            h = table(form, at + slot + 3 * TABLE);
            h0 = h0.add(pick(m0, h));
            h1 = h1.add(pick(m1, h));
            h2 = h2.add(pick(m2, h));
            h3 = h3.add(pick(m3, h));
            if ((slot & LAST_SLOT) == LAST_SLOT) {
                int to = slot / QUAD_BYTES * ROWS;
                e0.intoArray(raw, to);
                h0.intoArray(raw, to + RAW_H);
                e1.intoArray(raw, to + RAW_STEP);
                h1.intoArray(raw, to + RAW_STEP + RAW_H);
                e2.intoArray(raw, to + 2 * RAW_STEP);
                h2.intoArray(raw, to + 2 * RAW_STEP + RAW_H);
                e3.intoArray(raw, to + 3 * RAW_STEP);
                h3.intoArray(raw, to + 3 * RAW_STEP + RAW_H);
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

    /// Two vectors that follow each other share the loads of the tables: two masks, or rows of one. More would not fit
    /// into the registers of processors with short vectors.
    private static void sumTwo(byte[] masks, int from, int quads, byte[] form, int at, byte[] raw, int row) {
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        ByteVector e1 = e0;
        ByteVector h1 = e0;
        for (int slot = 0; slot < quads * QUAD_BYTES; slot += SLOT) {
            ByteVector m0 = table(masks, from + slot);
            ByteVector m1 = table(masks, from + slot + TABLE);
            ByteVector e = table(form, at + slot);
            e0 = e0.add(pick(m0, e));
            e1 = e1.add(pick(m1, e));
            ByteVector h = table(form, at + slot + TABLE);
            h0 = h0.add(pick(m0, h));
            h1 = h1.add(pick(m1, h));
            m0 = shiftRight(m0, 4);
            m1 = shiftRight(m1, 4);
            e = table(form, at + slot + 2 * TABLE);
            e0 = e0.add(pick(m0, e));
            e1 = e1.add(pick(m1, e));
            h = table(form, at + slot + 3 * TABLE);
            h0 = h0.add(pick(m0, h));
            h1 = h1.add(pick(m1, h));
            if ((slot & LAST_SLOT) == LAST_SLOT) {
                int to = slot / QUAD_BYTES * ROWS + row;
                e0.intoArray(raw, to);
                h0.intoArray(raw, to + RAW_H);
                e1.intoArray(raw, to + RAW_STEP);
                h1.intoArray(raw, to + RAW_STEP + RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
                e1 = e0;
                h1 = e0;
            }
        }
    }

    private static void sumOne(byte[] masks, int from, int quads, byte[] form, int at, byte[] raw) {
        ByteVector e0 = ByteVector.zero(Species.TABLE);
        ByteVector h0 = e0;
        for (int slot = 0; slot < quads * QUAD_BYTES; slot += SLOT) {
            ByteVector low = table(masks, from + slot);
            e0 = e0.add(pick(low, table(form, at + slot)));
            h0 = h0.add(pick(low, table(form, at + slot + TABLE)));
            ByteVector high = shiftRight(low, 4);
            e0 = e0.add(pick(high, table(form, at + slot + 2 * TABLE)));
            h0 = h0.add(pick(high, table(form, at + slot + 3 * TABLE)));
            if ((slot & LAST_SLOT) == LAST_SLOT) {
                int to = slot / QUAD_BYTES * ROWS;
                e0.intoArray(raw, to);
                h0.intoArray(raw, to + RAW_H);
                e0 = ByteVector.zero(Species.TABLE);
                h0 = e0;
            }
        }
    }

    /// Adds up the quads of one mask, at `raw[at]`, as shorts.
    static void widen(byte[] raw, int at, int quads, short[] sums, int to) {
        for (int row = 0; row < ROWS; row += RowOrder.BLOCK) {
            widenBlock(raw, at + row, quads, sums, to + row);
        }
    }

    /// The sums of pairs of bytes are taken apart by subtracting those of the odd rows: shorts wrap, and what
    /// was added above bit 15 is gone again.
    private static void widenBlock(byte[] raw, int at, int quads, short[] sums, int to) {
        ShortVector e = ShortVector.zero(Species.SHORTS);
        ShortVector h = e;
        ShortVector eOdd = e;
        ShortVector hOdd = e;
        for (int quad = 0; quad < quads; quad++) {
            ByteVector eBytes = ByteVector.fromArray(Species.BYTES, raw, at + quad * ROWS);
            ByteVector hBytes = ByteVector.fromArray(Species.BYTES, raw, at + quad * ROWS + RAW_H);
            ShortVector eQuad = eBytes.reinterpretAsShorts();
            ShortVector hQuad = hBytes.reinterpretAsShorts();
            e = e.add(eQuad);
            h = h.add(hQuad);
            eOdd = eOdd.add(eQuad.lanewise(LSHR, 8));
            hOdd = hOdd.add(hQuad.lanewise(LSHR, 8));
        }
        e = e.sub(eOdd.lanewise(LSHL, 8));
        h = h.sub(hOdd.lanewise(LSHL, 8));
        short bias = (short) (QUAD_BIAS * quads);
        h.lanewise(LSHL, 5).add(e).sub(bias).intoArray(sums, to);
        hOdd.lanewise(LSHL, 5).add(eOdd).sub(bias).intoArray(sums, to + RowOrder.BLOCK / 2);
    }
}
