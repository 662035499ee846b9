package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.util.Arrays;
import java.util.function.IntBinaryOperator;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.ShortVector;

/// Sums of quantised activations whose bits are set in mask planes: some bits of a plane's byte look up the
/// sum of the subset of activations they stand for, a vector of rows at a time. [WideKernel] does so where one
/// instruction looks up 64 bytes, [NibbleKernel] elsewhere.
///
/// Slots go in quads of four. A row's activations are encoded, [#QUAD_BYTES] a quad, and then meet many row
/// units. The sum s of a subset is stored as two bytes e = s mod 32 and h = floor(s / 32) + a bias that makes
/// it positive; the look-ups of a quad add up within a byte.
final class SubsetSums {

    private static final int ROWS = Masks.ROWS;

    /// Slots of a quad.
    static final int QUAD = 4;
    /// Places (slot × lane) of a quad.
    static final int PLACES = 32;

    /// Bytes of a table.
    static final int TABLE = Species.TABLE.length();
    /// Whether a table holds a byte for every row of a unit, and [WideKernel] is at work.
    static final boolean WIDE = TABLE == ROWS;
    /// Bytes of an encoded quad.
    static final int QUAD_BYTES = WIDE ? 2 * WideKernel.PAIR : QUAD * NibbleKernel.SLOT;

    /// Most quads that are summed at once.
    private static final int MOST_QUADS = ActivationQuantizer.RUN / PLACES;
    /// From a mask's sums e, 64 bytes a quad, to its sums h.
    static final int RAW_H = MOST_QUADS * ROWS;
    /// Bytes in which the sums of one mask lie before [#widen].
    static final int RAW = 2 * RAW_H;

    /// What a step of h is worth.
    static final short STEP = 32;
    /// What was added to every h, times that, comes to over the look-ups of one quad: 128 in both kernels.
    static final int QUAD_BIAS = STEP * 128;

    /// For each of four members a vector: -1 where it belongs to the subset of an entry's number.
    static final byte[] SUBSETS = subsets();

    /// Over the look-ups of as many quads as are summed at once.
    static final int BIAS = MOST_QUADS * QUAD_BIAS;

    private SubsetSums() {}

    private static byte[] subsets() {
        byte[] subset = new byte[4 * TABLE];
        for (int i = 0; i < subset.length; i++) {
            subset[i] = (byte) -(((i % TABLE) >> (i / TABLE)) & 1);
        }
        return subset;
    }

    /// For people: what it is and how wide.
    static String description() {
        return (WIDE ? "tables of six activations in " : "tables of four activations in ") + TABLE + "-byte vectors";
    }

    /// Encodes `quads` quads of activations, one signed byte a place in slot order, into `form` from `to` on.
    /// Up to [#TABLE] bytes behind them are read, and ignored.
    static void encode(byte[] q, int from, int quads, byte[] form, int to) {
        if (WIDE) {
            WideKernel.encode(q, from, quads, form, to);
        } else {
            NibbleKernel.encode(q, from, quads, form, to);
        }
    }

    /// Sums masks `first` to `first + count` over `quads` quads of the activations at `form[at]`, into 64
    /// shorts a mask of `masks.sums`, in [RowOrder].
    static void sum(Masks masks, int first, int count, int quads, byte[] form, int at) {
        int end = first + count;
        int together;
        for (int mask = first; mask < end; mask += together) {
            together = quads(masks, mask, end, quads, form, at);
            for (int i = 0; i < together; i++) {
                widen(masks.raw, Masks.raw(i), quads, masks.sums, (mask + i) * ROWS);
            }
        }
    }

    /// Leaves the sums of single quads of mask `mask`, and of some before `end` that lie beside it, in
    /// `masks.raw`: [#RAW] bytes a mask.
    ///
    /// @return how many masks: two if there are two, and four with wide vectors
    static int quads(Masks masks, int mask, int end, int quads, byte[] form, int at) {
        return WIDE
                ? WideKernel.sum(masks, mask, end, quads, form, at)
                : NibbleKernel.sum(masks, mask, end, quads, form, at);
    }

    /// Fills in quads that a short piece does not have: sums of nothing, for the first `count` masks.
    static void pad(byte[] raw, int count, int quads) {
        for (int quad = quads; quad < MOST_QUADS; quad++) {
            for (int mask = 0; mask < count; mask++) {
                int at = Masks.raw(mask) + quad * ROWS;
                Arrays.fill(raw, at, at + ROWS, (byte) 0);
                Arrays.fill(raw, at + RAW_H, at + RAW_H + ROWS, (byte) (QUAD_BIAS / STEP));
            }
        }
    }

    /// For each of four members of a subset a vector: where the activation lies that an entry of a table means
    /// by it.
    ///
    /// @param place of a member (right) in the sixteen entries of that number (left)
    static byte[] members(IntBinaryOperator place) {
        byte[] member = new byte[4 * TABLE];
        for (int i = 0; i < member.length; i++) {
            member[i] = (byte) place.applyAsInt(i % TABLE / 16, i / TABLE);
        }
        return member;
    }

    /// Shifts bytes through their neighbours: the upper bits of the result are garbage.
    static ByteVector shiftRight(ByteVector v, int bits) {
        return v.reinterpretAsInts().lanewise(LSHR, bits).reinterpretAsBytes();
    }

    static ByteVector table(byte[] bytes, int at) {
        return ByteVector.fromArray(Species.TABLE, bytes, at);
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
