package dev.pbs2p.compress;

import java.util.Arrays;

/// The kept weights of one row in the salient columns of a group, binarised twice: μ ± α1 ± α2.
///
/// Residual binarisation gives the start; 15 rounds of plain alternation over μ, α1, α2 and the signs follow, then 15
/// rounds over μ, α1 and α2 in the norm of S with fixed signs. One instance serves one thread.
final class ResidualBinarization {

    /// Levels that exceed the largest weight by this factor come from an ill-conditioned S.
    private static final double LARGEST = 6;

    private final ErrorMetric metric;
    private final boolean symmetric;
    private final double[] ones;

    /// @param symmetric whether μ = 0
    ResidualBinarization(ErrorMetric metric, int width, boolean symmetric) {
        this.metric = metric;
        this.symmetric = symmetric;
        ones = new double[width];
        Arrays.fill(ones, 1);
    }

    /// A row's levels in the salient columns: μ ± α1 ± α2, with α1, α2 ≥ 0.
    record Levels(double mu, double alpha1, double alpha2) {}

    /// @param group the kept weights; afterwards with both signs
    Levels fit(BinaryGroup group) {
        if (group.size() == 0) {
            return new Levels(0, 0, 0);
        }
        Levels levels = start(group);
        if (group.size() > 1) {
            levels = weighted(group, alternate(group, levels));
        }
        if (levels.alpha1 < 0) {
            group.negate(group.sign);
        }
        if (levels.alpha2 < 0) {
            group.negate(group.sign2);
        }
        return new Levels(levels.mu, Math.abs(levels.alpha1), Math.abs(levels.alpha2));
    }

    private Levels start(BinaryGroup group) {
        int n = group.size();
        double[] rest = Arrays.copyOf(group.weight, n);
        double mu1 = center(rest);
        double alpha1 = binarise(rest, group.sign);
        double mu2 = center(rest);
        double alpha2 = binarise(rest, group.sign2);
        return new Levels(mu1 + mu2, alpha1, alpha2);
    }

    private double center(double[] values) {
        double mu = symmetric ? 0 : Arrays.stream(values).sum() / values.length;
        for (int i = 0; i < values.length; i++) {
            values[i] -= mu;
        }
        return mu;
    }

    /// Leaves the residual in `values`.
    private static double binarise(double[] values, double[] sign) {
        double alpha = 0;
        for (double v : values) {
            alpha += Math.abs(v) / values.length;
        }
        for (int i = 0; i < values.length; i++) {
            sign[i] = values[i] >= 0 ? 1 : -1;
            values[i] -= alpha * sign[i];
        }
        return alpha;
    }

    private Levels alternate(BinaryGroup group, Levels levels) {
        for (int round = 0; round < StepwisePruning.ROUNDS; round++) {
            levels = leastSquares(group, levels);
            nearest(group, levels);
        }
        return levels;
    }

    /// μ, α1 and α2 in turn by least squares, signs fixed.
    private Levels leastSquares(BinaryGroup group, Levels levels) {
        int n = group.size();
        double signs1 = 0;
        double signs2 = 0;
        double both = 0;
        double signed1 = 0;
        double signed2 = 0;
        for (int i = 0; i < n; i++) {
            signs1 += group.sign[i];
            signs2 += group.sign2[i];
            both += group.sign[i] * group.sign2[i];
            signed1 += group.sign[i] * group.weight[i];
            signed2 += group.sign2[i] * group.weight[i];
        }
        double mu = symmetric ? 0 : group.mean() - (levels.alpha1 * signs1 + levels.alpha2 * signs2) / n;
        double alpha1 = (signed1 - mu * signs1 - levels.alpha2 * both) / n;
        double alpha2 = (signed2 - mu * signs2 - alpha1 * both) / n;
        return new Levels(mu, alpha1, alpha2);
    }

    /// Both signs of every weight from the nearest of the four levels.
    private static void nearest(BinaryGroup group, Levels levels) {
        for (int i = 0; i < group.size(); i++) {
            double z = group.weight[i] - levels.mu;
            double best = Double.POSITIVE_INFINITY;
            for (int code = 0; code < 4; code++) {
                double b1 = code >> 1 == 1 ? 1 : -1;
                double b2 = (code & 1) == 1 ? 1 : -1;
                double distance = Math.abs(z - b1 * levels.alpha1 - b2 * levels.alpha2);
                if (distance < best) {
                    best = distance;
                    group.sign[i] = b1;
                    group.sign2[i] = b2;
                }
            }
        }
    }

    /// Falls back to the plain levels where S cannot tell.
    private Levels weighted(BinaryGroup group, Levels plain) {
        double[] theta = symmetric
                ? new double[] {plain.alpha1, plain.alpha2}
                : new double[] {plain.mu, plain.alpha1, plain.alpha2};
        double[][] basis =
                symmetric ? new double[][] {group.sign, group.sign2} : new double[][] {ones, group.sign, group.sign2};
        if (!metric.alternate(group, basis, theta, StepwisePruning.ROUNDS)) {
            return plain;
        }
        double size = 0;
        for (double level : theta) {
            size += Math.abs(level);
        }
        // Written so that NaN falls back as well.
        if (!(size <= LARGEST * group.maxMagnitude())) {
            return plain;
        }
        return new Levels(symmetric ? 0 : theta[0], theta[theta.length - 2], theta[theta.length - 1]);
    }
}
