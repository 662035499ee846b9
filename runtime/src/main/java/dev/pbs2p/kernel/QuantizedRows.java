package dev.pbs2p.kernel;

import dev.pbs2p.tensor.PackedMatrix;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/// Some rows of a matrix, quantised, in one [SlotOrder]: one signed byte a place.
///
/// With salient columns every row is held twice: without them, and they alone.
final class QuantizedRows {

    private static final int RUN = ActivationQuantizer.RUN;
    /// Adding 1.5 · 2^23 rounds a small float to an integer, ties to even, and leaves it in the low bits.
    private static final float ROUND = 0x1.8p23f;

    private final ActivationQuantizer quantizer;

    private @Nullable SlotOrder order;
    private @Nullable PackedMatrix salientOf;
    /// Whether totals are asked for: by weights that are all kept.
    private boolean totalled;
    private int places;
    private int pieces;

    /// rows × runs
    private float[] scales = new float[0];
    /// rows × places, and what [SubsetSums#encode] may read beyond
    private byte[] values = new byte[0];
    private byte[] salientValues = new byte[0];
    /// Sums of all activations of a piece: rows × pieces.
    private short[] totals = new short[0];
    private short[] salientTotals = new short[0];

    QuantizedRows(ActivationQuantizer quantizer) {
        this.quantizer = quantizer;
    }

    /// One thread's buffers of one run.
    static final class Scratch {
        private final float[] x = new float[RUN];
        private final byte[] q = new byte[RUN + Species.FEW_BYTES.length()];
        private final byte[] ordered = new byte[RUN];
        private final byte[] salient = new byte[RUN];
    }

    /// Makes room for `rows` rows for a matrix.
    void prepare(int rows, SlotOrder wanted, PackedMatrix matrix) {
        order = wanted;
        salientOf = matrix.format().salient() ? matrix : null;
        totalled = matrix.format().dense();
        places = wanted.places();
        pieces = wanted.pieces();
        if (scales.length < rows * runs()) {
            scales = new float[rows * runs()];
        }
        if (values.length < rows * places + SubsetSums.TABLE) {
            values = new byte[rows * places + SubsetSums.TABLE];
        }
        if (totals.length < rows * pieces) {
            totals = new short[rows * pieces];
        }
        if (salientOf != null && (salientValues.length < values.length || salientTotals.length < totals.length)) {
            salientValues = new byte[values.length];
            salientTotals = new short[totals.length];
        }
    }

    int runs() {
        return (places + RUN - 1) / RUN;
    }

    /// Quantises run `run` of row `row` from `x[at]` on, the row's first value.
    void quantize(int row, int run, float[] x, int at, Scratch scratch) {
        SlotOrder by = order;
        if (by == null) {
            throw new IllegalStateException("nothing is prepared");
        }
        int first = run * RUN;
        int cols = Math.clamp(by.cols() - first, 0, RUN);
        float[] in = x;
        int from = at + first;
        if (cols < RUN) {
            in = scratch.x;
            System.arraycopy(x, from, in, 0, cols);
            Arrays.fill(in, cols, RUN, 0);
            from = 0;
        }
        float scale = quantizer.scale(max(in, from));
        scales[row * runs() + run] = scale;
        quantize(in, from, scale, scratch.q);
        int here = Math.min(RUN, places - first);
        byte[] q = scratch.q;
        if (by.m() != 0) {
            for (int place = 0; place < here; place++) {
                int column = by.column(first + place) - first;
                scratch.ordered[place] = column < cols ? q[column] : 0;
            }
            q = scratch.ordered;
        }
        PackedMatrix marked = salientOf;
        if (marked != null) {
            for (int place = 0; place < here; place++) {
                int column = by.column(first + place);
                boolean salient = column < by.cols() && marked.isSalient(column);
                scratch.salient[place] = salient ? q[place] : 0;
                q[place] = salient ? 0 : q[place];
            }
            keep(row, first, here, by.piece(), scratch.salient, salientValues, salientTotals);
        }
        keep(row, first, here, by.piece(), q, values, totals);
    }

    private void keep(int row, int first, int here, int piece, byte[] q, byte[] out, short[] sums) {
        System.arraycopy(q, 0, out, row * places + first, here);
        if (!totalled) {
            return;
        }
        for (int from = 0; from < here; from += piece) {
            int sum = 0;
            for (int i = from; i < Math.min(from + piece, here); i++) {
                sum += q[i];
            }
            sums[row * pieces + (first + from) / piece] = (short) sum;
        }
    }

    private static float max(float[] x, int at) {
        FloatVector max = FloatVector.zero(Species.FLOATS);
        for (int i = at; i < at + RUN; i += Species.FLOATS.length()) {
            max = max.max(FloatVector.fromArray(Species.FLOATS, x, i).abs());
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    private static void quantize(float[] x, int at, float scale, byte[] q) {
        float by = scale == 0 ? Float.POSITIVE_INFINITY : scale;
        for (int i = 0; i < RUN; i += Species.FLOATS.length()) {
            FloatVector rounded =
                    FloatVector.fromArray(Species.FLOATS, x, at + i).div(by).add(ROUND);
            ((ByteVector) rounded.reinterpretAsInts().convertShape(VectorOperators.I2B, Species.FEW_BYTES, 0))
                    .intoArray(q, i);
        }
    }

    float scale(int row, int run) {
        return scales[row * runs() + run];
    }

    byte[] values() {
        return values;
    }

    byte[] salientValues() {
        return salientValues;
    }

    /// Where row `row` begins in the values.
    int at(int row) {
        return row * places;
    }

    /// Sum of the activations of a piece, in magnitude at most 128 · 127.
    short total(int row, int piece) {
        return totals[row * pieces + piece];
    }

    short salientTotal(int row, int piece) {
        return salientTotals[row * pieces + piece];
    }
}
