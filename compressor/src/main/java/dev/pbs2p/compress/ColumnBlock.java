package dev.pbs2p.compress;

/// What the first pass needs to know about one column group of U, the factor of the inverse Hessian (Hd⁻¹ = UᵀU).
final class ColumnBlock {

    /// S = (U_bbᵀ U_bb)⁻¹: the error in this group that columns to the right cannot repair.
    final Panel metric;
    /// U_bb⁻¹, upper triangular: turns the error of a row into what is taken from the columns to the right.
    final Panel inverse;
    /// 1 / diag(U)².
    final float[] importance;

    private ColumnBlock(Panel metric, Panel inverse, float[] importance) {
        this.metric = metric;
        this.inverse = inverse;
        this.importance = importance;
    }

    /// The group of columns `start` to `end` of the d × d factor.
    static ColumnBlock of(float[] upper, int d, int start, int end) {
        int width = end - start;
        double[][] inverse = inverse(upper, d, start, width);
        float[][] metric = new float[width][width];
        float[][] single = new float[width][width];
        float[] importance = new float[width];
        for (int i = 0; i < width; i++) {
            importance[i] = (float) (inverse[i][i] * inverse[i][i]);
            for (int j = 0; j < width; j++) {
                single[i][j] = (float) inverse[i][j];
                double sum = 0;
                for (int k = Math.max(i, j); k < width; k++) {
                    sum += inverse[i][k] * inverse[j][k];
                }
                metric[i][j] = (float) sum;
            }
        }
        return new ColumnBlock(new Panel(metric, width), new Panel(single, width), importance);
    }

    /// Back substitution: row i of U⁻¹ from the rows below it.
    private static double[][] inverse(float[] upper, int d, int start, int width) {
        double[][] inverse = new double[width][width];
        for (int i = width - 1; i >= 0; i--) {
            int at = (start + i) * d + start;
            double[] row = inverse[i];
            row[i] = 1;
            for (int k = i + 1; k < width; k++) {
                double factor = upper[at + k];
                for (int j = k; j < width; j++) {
                    row[j] -= factor * inverse[k][j];
                }
            }
            for (int j = i; j < width; j++) {
                row[j] /= upper[at + i];
            }
        }
        return inverse;
    }
}
