package dev.pbs2p.compress;

/// Rounding of levels to what a file stores: a signed byte for alpha and for mu of every segment, in units of one
/// float16 step a row.
final class LevelRounding {

    private static final int LARGEST = 127;

    private LevelRounding() {}

    /// The float16 step with which parameters up to `largest` in magnitude are stored.
    static short step(float largest) {
        short step = Float.floatToFloat16(largest / LARGEST);
        return step == 0 ? (short) 1 : step;
    }

    /// The largest magnitude among the parameters of `levels`.
    static float largest(float[] levels, int from, int to, boolean symmetric) {
        float largest = 0;
        for (int l = from; l < to; l += 2) {
            largest = Math.max(largest, Math.abs(levels[l + 1] - levels[l]) / 2);
            if (!symmetric) {
                largest = Math.max(largest, Math.abs(levels[l + 1] + levels[l]) / 2);
            }
        }
        return largest;
    }

    /// Rounds `levels` in place and stores their parameters at `at` in the order of [dev.pbs2p.tensor.Codes].
    static void round(float[] levels, short step, boolean symmetric, byte[] params, int at) {
        float unit = Float.float16ToFloat(step);
        int segments = levels.length / 2;
        for (int s = 0; s < segments; s++) {
            float low = levels[2 * s];
            float high = levels[2 * s + 1];
            int alpha = parameter((high - low) / 2, unit);
            int mu = symmetric ? 0 : parameter((high + low) / 2, unit);
            params[at + s] = (byte) alpha;
            if (!symmetric) {
                params[at + segments + s] = (byte) mu;
            }
            levels[2 * s] = (mu - alpha) * unit;
            levels[2 * s + 1] = (mu + alpha) * unit;
        }
    }

    private static int parameter(float value, float unit) {
        return Math.clamp(Math.round(value / unit), -LARGEST, LARGEST);
    }
}
