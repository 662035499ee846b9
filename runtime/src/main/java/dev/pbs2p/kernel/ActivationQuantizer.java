package dev.pbs2p.kernel;

/// How activations become integers before they meet packed weights.
///
/// Each aligned run of [#RUN] columns has scale = max|x| / q_max and q = x / scale rounded to the nearest integer, ties
/// to even, so |q| <= q_max = 127, 63 or 31 for 8, 7 or 6 bits. A run whose largest magnitude is below
/// [Float#MIN_NORMAL] is zero, scale and all; a run that holds a NaN or an infinity has scale NaN, and with it every
/// result it enters.
final class ActivationQuantizer {

    /// Columns that share one scale.
    static final int RUN = 128;

    private final int bits;
    private final float qMax;

    /// @throws IllegalArgumentException unless `bits` is 6, 7 or 8
    ActivationQuantizer(int bits) {
        if (bits < 6 || bits > 8) {
            throw new IllegalArgumentException("activations are quantised to 6, 7 or 8 bits, not " + bits);
        }
        this.bits = bits;
        this.qMax = (1 << (bits - 1)) - 1;
    }

    int bits() {
        return bits;
    }

    /// Runs in a row of `cols` columns; the last one may be short.
    static int runs(int cols) {
        return (cols + RUN - 1) / RUN;
    }

    /// The scale of a run whose largest magnitude is `max`; NaN if that is not finite.
    float scale(float max) {
        if (!(max < Float.POSITIVE_INFINITY)) {
            return Float.NaN;
        }
        return max < Float.MIN_NORMAL ? 0 : max / qMax;
    }

    /// Quantises x[at .. at + cols) into q[0 .. cols) and scales[0 .. runs(cols)).
    void quantize(float[] x, int at, int cols, byte[] q, float[] scales) {
        for (int run = 0; run < runs(cols); run++) {
            int from = run * RUN;
            int to = Math.min(cols, from + RUN);
            float max = 0;
            for (int c = from; c < to; c++) {
                max = Math.max(max, Math.abs(x[at + c]));
            }
            float scale = scale(max);
            scales[run] = scale;
            for (int c = from; c < to; c++) {
                q[c] = scale == 0 ? 0 : (byte) Math.rint(x[at + c] / scale);
            }
        }
    }
}
