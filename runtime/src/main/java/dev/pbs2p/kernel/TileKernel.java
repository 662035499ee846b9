package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.EQ;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Many rows of activations at once: the weights of a unit are made from its masks as floats, place by place, and
/// meet all rows in multiply-adds. Both factors are small integers and sums stay below 2^24, so floats are exact
/// here, and the results those of [SubsetSums].
///
/// One instance a thread.
final class TileKernel {

    /// Rows of a batch that meet a unit together.
    static final int TILE = 128;

    /// Fewer rows do not pay for the making of the weights.
    private static final int LEAST_ROWS = 32;

    private static final int ROWS = SlicedLayout.ROWS;
    private static final int RUN = ActivationQuantizer.RUN;
    private static final int LANES = SlicedLayout.LANES;

    private static final VectorSpecies<Byte> BYTES = Species.BYTES;
    private static final VectorSpecies<Short> SHORTS = Species.SHORTS;
    private static final VectorSpecies<Float> FLOATS = Species.FLOATS;
    private static final int LENGTH = FLOATS.length();

    /// Integer weights, then the same as floats: places × 64, each in its [RowOrder].
    private final short[] levels = new short[RUN * ROWS];
    private final float[] weights = new float[RUN * ROWS];
    private int places;

    /// Activations: rows × places of a group.
    private float[] x = new float[0];
    private int stride;

    /// Whether it is faster than [SubsetSums]. Where vectors are wide, [BatchKernel] is.
    static boolean takes(int rows) {
        return rows >= LEAST_ROWS && !SubsetSums.WIDE;
    }

    /// Takes over `pieces` pieces of the activations from `first` on, of rows 0 to before `rows`.
    void activations(QuantizedRows quantized, int rows, SlotOrder order, PackedFormat format, int first, int pieces) {
        stride = pieces * order.piece();
        if (x.length < rows * stride) {
            x = new float[rows * stride];
        }
        int here = Math.min(stride, order.places() - first * order.piece());
        for (int row = 0; row < rows; row++) {
            int from = quantized.at(row) + first * order.piece();
            byte[] values = quantized.values();
            for (int i = 0; i < here; i++) {
                x[row * stride + i] = values[from + i];
            }
            if (format.salient()) {
                byte[] salientValues = quantized.salientValues();
                for (int i = 0; i < here; i++) {
                    x[row * stride + i] += salientValues[from + i];
                }
            }
        }
    }

    /// Makes the weights of a piece from its masks and the factors of [LevelMaker].
    void weights(PackedMatrix matrix, SlotOrder order, int piece, Masks masks, short[] factors) {
        PackedFormat format = matrix.format();
        int ordinary = MaskRules.ordinary(format);
        int all = MaskRules.counted(format);
        places = order.quads(piece) * SubsetSums.PLACES;
        for (int place = 0; place < places; place++) {
            int column = order.column(piece * order.piece() + place);
            boolean marked = format.salient() && column < order.cols() && matrix.isSalient(column);
            int lowest = !format.dense() ? -1 : marked ? all + 1 : all;
            level(masks.planes, place, marked ? ordinary : 0, marked ? all : ordinary, factors, lowest);
        }
        for (int i = 0; i < places * ROWS; i += 2 * LENGTH) {
            IntVector pairs = ShortVector.fromArray(SHORTS, levels, i).reinterpretAsInts();
            SumFold.low(pairs).intoArray(weights, i);
            SumFold.high(pairs).intoArray(weights, i + LENGTH);
        }
    }

    /// Adds up the factors of the masks `from` to before `to` that have a place's bit.
    ///
    /// @param lowest the factor that all have, or -1
    private void level(byte[] planes, int place, int from, int to, short[] factors, int lowest) {
        int at = place / LANES * Masks.SLOT;
        short evenBit = (short) (1 << (place % LANES));
        short oddBit = (short) (1 << (LANES + place % LANES));
        for (int row = 0; row < ROWS; row += RowOrder.BLOCK) {
            ShortVector even = ShortVector.zero(SHORTS);
            ShortVector odd = even;
            if (lowest >= 0) {
                even = ShortVector.fromArray(SHORTS, factors, lowest * ROWS + row);
                odd = ShortVector.fromArray(SHORTS, factors, lowest * ROWS + row + RowOrder.BLOCK / 2);
            }
            for (int mask = from; mask < to; mask++) {
                ShortVector bits = ByteVector.fromArray(BYTES, planes, Masks.first(mask) + at + row)
                        .reinterpretAsShorts();
                VectorMask<Short> inEven = bits.and(evenBit).compare(EQ, evenBit);
                VectorMask<Short> inOdd = bits.and(oddBit).compare(EQ, oddBit);
                even = even.add(ShortVector.fromArray(SHORTS, factors, mask * ROWS + row), inEven);
                odd = odd.add(ShortVector.fromArray(SHORTS, factors, mask * ROWS + row + RowOrder.BLOCK / 2), inOdd);
            }
            even.intoArray(levels, place * ROWS + row);
            odd.intoArray(levels, place * ROWS + row + RowOrder.BLOCK / 2);
        }
    }

    /// Adds the products of row `row` with the piece whose activations begin at `from` to 64 floats at `total[to]`.
    void multiply(int row, int from, float scale, float[] total, int to) {
        for (int i = 0; i < ROWS; i += 4 * LENGTH) {
            one(weights, i, x, row * stride + from, places, scale, total, to + i);
        }
    }

    /// The same for rows `row` and `row + 1`, which share the loads of the weights; the second one's sums follow.
    void multiply(int row, int from, float scale, float nextScale, float[] total, int to) {
        for (int i = 0; i < ROWS; i += 4 * LENGTH) {
            int a = row * stride + from;
            two(weights, i, x, a, a + stride, places, scale, nextScale, total, to + i);
        }
    }

    private static void one(float[] weights, int at, float[] x, int a, int places, float scale, float[] total, int to) {
        FloatVector v0 = FloatVector.zero(FLOATS);
        FloatVector v1 = v0;
        FloatVector v2 = v0;
        FloatVector v3 = v0;
        for (int place = 0; place < places; place++) {
            FloatVector by = FloatVector.broadcast(FLOATS, x[a + place]);
            v0 = FloatVector.fromArray(FLOATS, weights, at + place * ROWS).fma(by, v0);
            v1 = FloatVector.fromArray(FLOATS, weights, at + place * ROWS + LENGTH)
                    .fma(by, v1);
            v2 = FloatVector.fromArray(FLOATS, weights, at + place * ROWS + 2 * LENGTH)
                    .fma(by, v2);
            v3 = FloatVector.fromArray(FLOATS, weights, at + place * ROWS + 3 * LENGTH)
                    .fma(by, v3);
        }
        FloatVector s = FloatVector.broadcast(FLOATS, scale);
        v0.fma(s, FloatVector.fromArray(FLOATS, total, to)).intoArray(total, to);
        v1.fma(s, FloatVector.fromArray(FLOATS, total, to + LENGTH)).intoArray(total, to + LENGTH);
        v2.fma(s, FloatVector.fromArray(FLOATS, total, to + 2 * LENGTH)).intoArray(total, to + 2 * LENGTH);
        v3.fma(s, FloatVector.fromArray(FLOATS, total, to + 3 * LENGTH)).intoArray(total, to + 3 * LENGTH);
    }

    private static void two(
            float[] weights,
            int at,
            float[] x,
            int a,
            int b,
            int places,
            float scale,
            float nextScale,
            float[] total,
            int to) {
        FloatVector v0 = FloatVector.zero(FLOATS);
        FloatVector v1 = v0;
        FloatVector v2 = v0;
        FloatVector v3 = v0;
        FloatVector u0 = v0;
        FloatVector u1 = v0;
        FloatVector u2 = v0;
        FloatVector u3 = v0;
        for (int place = 0; place < places; place++) {
            FloatVector by = FloatVector.broadcast(FLOATS, x[a + place]);
            FloatVector next = FloatVector.broadcast(FLOATS, x[b + place]);
            FloatVector w = FloatVector.fromArray(FLOATS, weights, at + place * ROWS);
            v0 = w.fma(by, v0);
            u0 = w.fma(next, u0);
            w = FloatVector.fromArray(FLOATS, weights, at + place * ROWS + LENGTH);
            v1 = w.fma(by, v1);
            u1 = w.fma(next, u1);
            w = FloatVector.fromArray(FLOATS, weights, at + place * ROWS + 2 * LENGTH);
            v2 = w.fma(by, v2);
            u2 = w.fma(next, u2);
            w = FloatVector.fromArray(FLOATS, weights, at + place * ROWS + 3 * LENGTH);
            v3 = w.fma(by, v3);
            u3 = w.fma(next, u3);
        }
        FloatVector s = FloatVector.broadcast(FLOATS, scale);
        v0.fma(s, FloatVector.fromArray(FLOATS, total, to)).intoArray(total, to);
        v1.fma(s, FloatVector.fromArray(FLOATS, total, to + LENGTH)).intoArray(total, to + LENGTH);
        v2.fma(s, FloatVector.fromArray(FLOATS, total, to + 2 * LENGTH)).intoArray(total, to + 2 * LENGTH);
        v3.fma(s, FloatVector.fromArray(FLOATS, total, to + 3 * LENGTH)).intoArray(total, to + 3 * LENGTH);
        s = FloatVector.broadcast(FLOATS, nextScale);
        to += ROWS;
        u0.fma(s, FloatVector.fromArray(FLOATS, total, to)).intoArray(total, to);
        u1.fma(s, FloatVector.fromArray(FLOATS, total, to + LENGTH)).intoArray(total, to + LENGTH);
        u2.fma(s, FloatVector.fromArray(FLOATS, total, to + 2 * LENGTH)).intoArray(total, to + 2 * LENGTH);
        u3.fma(s, FloatVector.fromArray(FLOATS, total, to + 3 * LENGTH)).intoArray(total, to + 3 * LENGTH);
    }
}
