package dev.pbs2p.compress;

/// Least squares for all levels of a row in one column group at once, codes fixed (algorithm.md section 14, step 4).
///
/// With one indicator φ_l a level (free: the columns that have it; symmetric: ±1 on the two levels of a segment) the
/// change of the levels solves (ΦᵀSΦ + eI) δ = Φᵀ·pull. The ridge e only shortens the step, so that the error never
/// rises, and leaves a level that no column has as it is. Not thread-safe: it holds scratch memory.
final class JointLevels {

    private static final double RIDGE = 1e-3;

    private final Panel metric;
    private final boolean symmetric;
    private final int count;
    private final float[][] sums;
    private final double[][] gram;
    private final double[] change;

    JointLevels(Panel metric, int levelCount, boolean symmetric) {
        this.metric = metric;
        this.symmetric = symmetric;
        count = symmetric ? levelCount / 2 : levelCount;
        sums = new float[count][metric.width()];
        gram = new double[count][count];
        change = new double[count];
    }

    /// Moves the levels of `row`, its values and its pull.
    void refit(RowGroup row) {
        collect(row);
        solve();
        for (int p = 0; p < count; p++) {
            float by = (float) change[p];
            if (symmetric) {
                row.levels[2 * p] -= by;
                row.levels[2 * p + 1] += by;
            } else {
                row.levels[p] += by;
            }
            Panel.add(row.pull, sums[p], -by, row.width);
        }
        row.decode();
    }

    /// Normal equations: `sums` = ΦᵀS, `gram` = ΦᵀSΦ, `change` = Φᵀ·pull.
    private void collect(RowGroup row) {
        for (int p = 0; p < count; p++) {
            java.util.Arrays.fill(sums[p], 0);
            java.util.Arrays.fill(gram[p], 0);
        }
        java.util.Arrays.fill(change, 0);
        for (int j = 0; j < row.width; j++) {
            if (row.code[j] != 0) {
                Panel.add(sums[parameter(row.code[j])], metric.rows()[j], sign(row.code[j]), row.width);
                change[parameter(row.code[j])] += sign(row.code[j]) * row.pull[j];
            }
        }
        for (int j = 0; j < row.width; j++) {
            if (row.code[j] != 0) {
                for (int p = 0; p < count; p++) {
                    gram[p][parameter(row.code[j])] += sign(row.code[j]) * sums[p][j];
                }
            }
        }
    }

    private int parameter(int code) {
        return symmetric ? (code - 1) >> 1 : code - 1;
    }

    private float sign(int code) {
        return symmetric && (code & 1) == 1 ? -1 : 1;
    }

    /// Cholesky, in place: `change` becomes the solution.
    private void solve() {
        double trace = 0;
        for (int p = 0; p < count; p++) {
            trace += gram[p][p];
        }
        double ridge = RIDGE * trace / count + Double.MIN_NORMAL;
        for (int p = 0; p < count; p++) {
            gram[p][p] += ridge;
            for (int q = 0; q <= p; q++) {
                double rest = gram[p][q];
                for (int k = 0; k < q; k++) {
                    rest -= gram[p][k] * gram[q][k];
                }
                // Never below the ridge but for rounding: the matrix is a Gram matrix plus the ridge.
                gram[p][q] = p == q ? Math.sqrt(Math.max(rest, ridge)) : rest / gram[q][q];
            }
        }
        for (int p = 0; p < count; p++) {
            for (int k = 0; k < p; k++) {
                change[p] -= gram[p][k] * change[k];
            }
            change[p] /= gram[p][p];
        }
        for (int p = count - 1; p >= 0; p--) {
            for (int k = p + 1; k < count; k++) {
                change[p] -= gram[k][p] * change[k];
            }
            change[p] /= gram[p][p];
        }
    }
}
