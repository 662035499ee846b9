package dev.pbs2p.compress;

/// One row's weights of one column group while their codes are sought: w is approximated by q, measured by
/// (w - q) S (w - q)ᵀ.
///
/// Arrays are live and are kept consistent by every step: `value[j]` is `levels[code[j] - 1]`, or 0 where `code[j]`
/// is 0 (pruned), and `pull` is (w - q) S. The weights themselves are not needed.
final class RowGroup {

    final int width;
    /// 0 pruned, else 1 + index of the level, as in [dev.pbs2p.tensor.Codes].
    final byte[] code;

    final float[] value;
    /// (w - q) S: half the negative gradient of the error by q.
    final float[] pull;
    /// mu - alpha and mu + alpha of every segment in turn.
    final float[] levels;

    RowGroup(int width, int levelCount) {
        this.width = width;
        code = new byte[width];
        value = new float[width];
        pull = new float[width];
        levels = new float[levelCount];
    }

    /// Sets every value from its code.
    void decode() {
        for (int j = 0; j < width; j++) {
            value[j] = code[j] == 0 ? 0 : levels[code[j] - 1];
        }
    }

    /// The index of the level nearest to `target`, the lower one of two equally near.
    int nearest(float target) {
        int best = 0;
        float distance = Math.abs(target - levels[0]);
        for (int l = 1; l < levels.length; l++) {
            float other = Math.abs(target - levels[l]);
            if (other < distance) {
                best = l;
                distance = other;
            }
        }
        return best;
    }
}
