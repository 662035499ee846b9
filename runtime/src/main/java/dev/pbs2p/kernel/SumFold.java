package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2F;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/// From the sums of a unit's masks to its products: times the factors of its levels ([LevelMaker]) and the
/// scale of the activations. Rows are in [RowOrder].
///
/// The products are integers whose magnitudes add up to less than 2^24 over a run (128 · 127 · 1016 at most):
/// float arithmetic on them is exact in any order.
final class SumFold {

    private static final int ROWS = Masks.ROWS;
    private static final VectorSpecies<Byte> BYTES = Species.BYTES;
    private static final VectorSpecies<Short> SHORTS = Species.SHORTS;
    private static final VectorSpecies<Float> FLOATS = Species.FLOATS;
    private static final int LENGTH = FLOATS.length();

    private SumFold() {}

    /// Adds `count` sums of 64 rows, times their factors, to the floats at `total[at]`.
    static void all(int count, short[] sums, short[] factors, float scale, float[] total, int at) {
        VectorSpecies<Short> shorts = Species.HALF_SHORTS;
        for (int i = 0; i < ROWS; i += LENGTH) {
            FloatVector v = FloatVector.zero(FLOATS);
            for (int k = i; k < count * ROWS; k += ROWS) {
                FloatVector sum =
                        (FloatVector) ShortVector.fromArray(shorts, sums, k).convertShape(S2F, FLOATS, 0);
                FloatVector factor =
                        (FloatVector) ShortVector.fromArray(shorts, factors, k).convertShape(S2F, FLOATS, 0);
                v = sum.fma(factor, v);
            }
            FloatVector before = FloatVector.fromArray(FLOATS, total, at + i);
            v.fma(FloatVector.broadcast(FLOATS, scale), before).intoArray(total, at + i);
        }
    }

    /// The same for the two masks of one segment, with nothing left in memory: sums of single quads at
    /// `raw[from]`, as [SubsetSums] has them, and levels as stored.
    static void oneSegment(
            byte[] raw,
            int from,
            int quads,
            MemorySegment planes,
            long levels,
            boolean symmetric,
            float scale,
            float[] total,
            int to) {
        for (int row = 0; row < ROWS; row += RowOrder.BLOCK) {
            block(raw, from + row, quads, planes, levels + row, symmetric, scale, total, to + row);
        }
    }

    /// One vector of rows; even rows and odd ones stay apart.
    private static void block(
            byte[] raw,
            int from,
            int quads,
            MemorySegment planes,
            long levels,
            boolean symmetric,
            float scale,
            float[] total,
            int to) {
        // Of pairs of bytes, and of odd bytes alone. Less the bias, which is in the pairs once more, 8 bits up.
        short bias = (short) (-SubsetSums.QUAD_BIAS * quads);
        ShortVector odd0 = ShortVector.broadcast(SHORTS, bias);
        ShortVector both0 = ShortVector.broadcast(SHORTS, (short) (bias + (bias << 8)));
        ShortVector odd1 = odd0;
        ShortVector both1 = both0;
        ShortVector bothH0 = ShortVector.zero(SHORTS);
        ShortVector oddH0 = bothH0;
        ShortVector bothH1 = bothH0;
        ShortVector oddH1 = bothH0;
        for (int i = from; i < from + quads * ROWS; i += ROWS) {
            ShortVector e = ByteVector.fromArray(BYTES, raw, i).reinterpretAsShorts();
            both0 = both0.add(e);
            odd0 = odd0.add(e.lanewise(LSHR, 8));
            ShortVector h =
                    ByteVector.fromArray(BYTES, raw, i + SubsetSums.RAW_H).reinterpretAsShorts();
            bothH0 = bothH0.add(h);
            oddH0 = oddH0.add(h.lanewise(LSHR, 8));
            e = ByteVector.fromArray(BYTES, raw, i + SubsetSums.RAW).reinterpretAsShorts();
            both1 = both1.add(e);
            odd1 = odd1.add(e.lanewise(LSHR, 8));
            h = ByteVector.fromArray(BYTES, raw, i + SubsetSums.RAW + SubsetSums.RAW_H)
                    .reinterpretAsShorts();
            bothH1 = bothH1.add(h);
            oddH1 = oddH1.add(h.lanewise(LSHR, 8));
        }
        odd0 = odd0.add(oddH0.lanewise(LSHL, 5));
        odd1 = odd1.add(oddH1.lanewise(LSHL, 5));
        // Shorts wrap: what the odd bytes added above bit 15 is gone again.
        ShortVector even0 = both0.add(bothH0.lanewise(LSHL, 5)).sub(odd0.lanewise(LSHL, 8));
        ShortVector even1 = both1.add(bothH1.lanewise(LSHL, 5)).sub(odd1.lanewise(LSHL, 8));
        ShortVector alphas = ByteVector.fromMemorySegment(BYTES, planes, levels, ByteOrder.LITTLE_ENDIAN)
                .reinterpretAsShorts();
        ShortVector mus = symmetric
                ? ShortVector.zero(SHORTS)
                : ByteVector.fromMemorySegment(BYTES, planes, levels + ROWS, ByteOrder.LITTLE_ENDIAN)
                        .reinterpretAsShorts();
        ShortVector alpha = alphas.lanewise(LSHL, 8).lanewise(ASHR, 8);
        ShortVector low = mus.lanewise(LSHL, 8).lanewise(ASHR, 8).sub(alpha);
        alpha = alpha.add(alpha);
        FloatVector by = FloatVector.broadcast(FLOATS, scale);
        FloatVector v0 = ((FloatVector) even0.convertShape(S2F, FLOATS, 0)).mul(alpha.convertShape(S2F, FLOATS, 0));
        v0 = ((FloatVector) even1.convertShape(S2F, FLOATS, 0)).fma((FloatVector) low.convertShape(S2F, FLOATS, 0), v0);
        v0.fma(by, FloatVector.fromArray(FLOATS, total, to)).intoArray(total, to);
        FloatVector v1 = ((FloatVector) even0.convertShape(S2F, FLOATS, 1)).mul(alpha.convertShape(S2F, FLOATS, 1));
        v1 = ((FloatVector) even1.convertShape(S2F, FLOATS, 1)).fma((FloatVector) low.convertShape(S2F, FLOATS, 1), v1);
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
