package dev.pbs2p.compress;

import java.util.Arrays;

/// Stepwise pruning with binarisation optimisation (SPBO, Algorithm 1): the two levels μ ± α and the signs of the
/// weights of one row in one segment, pruned sub-mask by sub-mask.
///
/// After each step: 15 rounds of plain alternation over μ, α and the signs, then 15 rounds over μ and α in the norm of
/// S with fixed signs (eq. 7, 8, over the kept weights alone). Algorithm 1 never changes the signs, which makes its
/// steps a no-op; the alternation over signs is what the supplementary's text and its printed example describe.
/// One instance serves one thread.
final class StepwisePruning {

    static final int ROUNDS = 15;

    /// Levels that exceed the largest weight by this factor come from an ill-conditioned S.
    private static final double LARGEST = 4;

    private final ErrorMetric metric;
    private final boolean symmetric;
    private final double[] ones;

    /// @param symmetric whether μ = 0
    StepwisePruning(ErrorMetric metric, int width, boolean symmetric) {
        this.metric = metric;
        this.symmetric = symmetric;
        ones = new double[width];
        Arrays.fill(ones, 1);
    }

    /// A row's levels in a segment: μ − α and μ + α, with α ≥ 0.
    record Levels(double mu, double alpha) {}

    /// @param group all weights of the segment; afterwards only the kept ones, with their signs
    /// @param steps how many sub-masks there are
    Levels fit(BinaryGroup group, int steps) {
        Levels levels = start(group);
        for (int k = 0; k < Math.max(steps, 1); k++) {
            group.prune(k);
            if (group.size() > 1) {
                // One sign for all weights is a fixed point of the alternation, however far they lie apart.
                Levels before = group.oneSign() ? start(group) : levels;
                levels = weighted(group, alternate(group, before));
            }
        }
        if (group.size() < 2) {
            return few(group);
        }
        if (levels.alpha < 0) {
            group.negate(group.sign);
            return new Levels(levels.mu, -levels.alpha);
        }
        return levels;
    }

    /// binary(W) of Algorithm 1: mean, mean magnitude, sign.
    private Levels start(BinaryGroup group) {
        double mu = symmetric ? 0 : group.mean();
        double magnitude = 0;
        for (int i = 0; i < group.size(); i++) {
            magnitude += Math.abs(group.weight[i] - mu);
        }
        setSigns(group, mu);
        return new Levels(mu, group.size() == 0 ? 0 : magnitude / group.size());
    }

    /// No weight needs no level, and one weight can have its own.
    private Levels few(BinaryGroup group) {
        if (group.size() == 0) {
            return new Levels(0, 0);
        }
        double mu = symmetric ? 0 : group.weight[0];
        setSigns(group, mu);
        return new Levels(mu, Math.abs(group.weight[0] - mu));
    }

    private Levels alternate(BinaryGroup group, Levels levels) {
        double mu = levels.mu;
        double alpha = levels.alpha;
        int n = group.size();
        double mean = group.mean();
        for (int round = 0; round < ROUNDS; round++) {
            double signs = 0;
            double signed = 0;
            for (int i = 0; i < n; i++) {
                signs += group.sign[i];
                signed += group.sign[i] * group.weight[i];
            }
            mu = symmetric ? 0 : mean - alpha * signs / n;
            alpha = (signed - mu * signs) / n;
            setSigns(group, mu);
        }
        return new Levels(mu, alpha);
    }

    /// Falls back to the plain levels where S cannot tell.
    private Levels weighted(BinaryGroup group, Levels plain) {
        double[] theta = symmetric ? new double[] {plain.alpha} : new double[] {plain.mu, plain.alpha};
        double[][] basis = symmetric ? new double[][] {group.sign} : new double[][] {ones, group.sign};
        boolean solved = metric.alternate(group, basis, theta, ROUNDS);
        double mu = symmetric ? 0 : theta[0];
        double alpha = theta[theta.length - 1];
        // Written so that NaN falls back as well.
        boolean sound = solved && Math.abs(mu) + Math.abs(alpha) <= LARGEST * group.maxMagnitude();
        return sound ? new Levels(mu, alpha) : plain;
    }

    /// sign(0) is +1.
    private static void setSigns(BinaryGroup group, double mu) {
        for (int i = 0; i < group.size(); i++) {
            group.sign[i] = group.weight[i] >= mu ? 1 : -1;
        }
    }
}
