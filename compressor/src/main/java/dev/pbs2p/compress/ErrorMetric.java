package dev.pbs2p.compress;

import java.util.Arrays;

/// The norm ‖e‖²_S = e·S·eᵀ in which a column group's errors are measured; S is its slice of the undamped Hessian.
///
/// One instance serves one thread.
final class ErrorMetric {

    private static final double EPSILON = 1e-10;
    private static final double NEGLIGIBLE = 1e-6;
    private static final int MAX_BASIS = 3;

    private final float[] s;
    private final int width;
    private final double scale;
    private final double[] row;
    private final double[][] gram = new double[MAX_BASIS][MAX_BASIS];
    private final double[] target = new double[MAX_BASIS];

    /// @param s width × width
    ErrorMetric(float[] s, int width) {
        this.s = s;
        this.width = width;
        row = new double[width];
        double trace = 0;
        for (int i = 0; i < width; i++) {
            trace += s[i * width + i];
        }
        scale = trace / width;
    }

    /// Minimises ‖w − Σ_p θ_p·φ_p‖²_S over a row group by alternating over θ, in order, `rounds` times (eq. 7, 8 for
    /// the basis of ones and signs: the double sums of the paper are taken once, not in every round).
    ///
    /// @param theta the levels: start and result
    /// @return false, and `theta` is of no use, if some basis vector meets only negligible columns of S
    boolean alternate(BinaryGroup group, double[][] basis, double[] theta, int rounds) {
        normalEquations(group, basis);
        int q = basis.length;
        for (int p = 0; p < q; p++) {
            if (!(gram[p][p] > NEGLIGIBLE * scale)) {
                return false;
            }
        }
        double epsilon = EPSILON * scale;
        for (int round = 0; round < rounds; round++) {
            for (int p = 0; p < q; p++) {
                double rest = target[p];
                for (int o = 0; o < q; o++) {
                    rest -= o == p ? 0 : gram[p][o] * theta[o];
                }
                theta[p] = rest / (gram[p][p] + epsilon);
            }
        }
        return true;
    }

    /// gram = Φᵀ·S·Φ and target = Φᵀ·S·w.
    private void normalEquations(BinaryGroup group, double[][] basis) {
        int n = group.size();
        int q = basis.length;
        for (int p = 0; p < q; p++) {
            target[p] = 0;
            Arrays.fill(gram[p], 0);
        }
        for (int i = 0; i < n; i++) {
            int at = group.column[i] * width;
            for (int j = 0; j < n; j++) {
                row[j] = s[at + group.column[j]];
            }
            double sw = dot(row, group.weight, n);
            for (int o = 0; o < q; o++) {
                double sPhi = dot(row, basis[o], n);
                for (int p = 0; p < q; p++) {
                    gram[p][o] += basis[p][i] * sPhi;
                }
                target[o] += basis[o][i] * sw;
            }
        }
    }

    /// Four sums at once, because one would wait for each addition.
    private static double dot(double[] a, double[] b, int n) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i + 4 <= n; i += 4) {
            s0 += a[i] * b[i];
            s1 += a[i + 1] * b[i + 1];
            s2 += a[i + 2] * b[i + 2];
            s3 += a[i + 3] * b[i + 3];
        }
        for (; i < n; i++) {
            s0 += a[i] * b[i];
        }
        return (s0 + s1) + (s2 + s3);
    }
}
