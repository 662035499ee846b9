package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StepwisePruningTest {

    private static final byte KEPT = ScoredBlock.KEPT;

    private static float[] identity(int n) {
        float[] s = new float[n * n];
        for (int i = 0; i < n; i++) {
            s[i * (n + 1)] = 1;
        }
        return s;
    }

    private static StepwisePruning spbo(float[] s, int width, boolean symmetric) {
        return new StepwisePruning(new ErrorMetric(s, width), width, symmetric);
    }

    private static BinaryGroup group(double... weights) {
        BinaryGroup group = new BinaryGroup(weights.length);
        for (int i = 0; i < weights.length; i++) {
            group.add(i, weights[i], KEPT);
        }
        return group;
    }

    private static double squared(BinaryGroup group, StepwisePruning.Levels levels) {
        double sum = 0;
        for (int i = 0; i < group.size(); i++) {
            double e = group.weight[i] - levels.mu() - levels.alpha() * group.sign[i];
            sum += e * e;
        }
        return sum;
    }

    /// Derivative of ‖w − μ − αb‖²_S / −2 along φ, and its scale |φ|·|S|·|w|.
    private static double[] gradient(BinaryGroup group, float[] s, int width, double[] residual, double[] phi) {
        double sum = 0;
        double size = 0;
        for (int i = 0; i < group.size(); i++) {
            for (int j = 0; j < group.size(); j++) {
                double sij = s[group.column[i] * width + group.column[j]];
                sum += phi[i] * sij * residual[j];
                size += Math.abs(sij * group.weight[j]);
            }
        }
        return new double[] {sum, size};
    }

    @Test
    void theLastWeightOfASegmentIsPrunedToo() {
        BinaryGroup group = new BinaryGroup(2);
        group.add(0, 1, (byte) 0);
        group.add(1, 2, (byte) 2);
        StepwisePruning.Levels levels = spbo(identity(2), 2, false).fit(group, 3);
        assertEquals(0, group.size());
        assertEquals(0, levels.alpha());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 8, 40, 128})
    void gradientsVanishAtTheSolution(int width) {
        float[] s = Samples.hessian(width, width).matrix();
        float[] w = Samples.weights(20, width, 7);
        double[] ones = new double[width];
        Arrays.fill(ones, 1);
        for (int row = 0; row < 20; row++) {
            BinaryGroup group = new BinaryGroup(width);
            for (int j = 0; j < width; j++) {
                group.add(j, w[row * width + j], KEPT);
            }
            StepwisePruning.Levels plain = spbo(s, width, false).fit(group, 0);
            double[] theta = {plain.mu(), plain.alpha()};
            // To convergence; the algorithm itself stops after 15 rounds.
            new ErrorMetric(s, width).alternate(group, new double[][] {ones, group.sign}, theta, 2000);
            for (double[] phi : new double[][] {ones, group.sign}) {
                double[] residual = new double[width];
                for (int j = 0; j < width; j++) {
                    residual[j] = group.weight[j] - theta[0] - theta[1] * group.sign[j];
                }
                double[] g = gradient(group, s, width, residual, phi);
                // What epsilon (1e-10 of the mean diagonal) and double sums leave; one sign for all weights
                // determines only mu + alpha or mu - alpha, and converges as well.
                assertEquals(0, g[0], 1e-8 * g[1]);
            }
            // 15 rounds are enough for stored precision: 8 bits of the largest weight.
            if (Arrays.stream(group.sign).distinct().count() == 2) {
                assertEquals(theta[0], plain.mu(), group.maxMagnitude() / 127);
                assertEquals(theta[1], plain.alpha(), group.maxMagnitude() / 127);
            }
        }
    }

    /// All sign patterns of up to 9 weights: the alternation ends where no weight prefers the other level, never
    /// above the plain binarisation (mean, mean magnitude), never below the optimum, and mostly at it.
    @Test
    void isALocalOptimumOverSignsAndLevels() {
        Random random = new Random(5);
        int optimal = 0;
        int cases = 300;
        for (int c = 0; c < cases; c++) {
            int n = 2 + random.nextInt(8);
            double[] w = random.doubles(n, -1, 1).toArray();
            BinaryGroup group = group(w);
            StepwisePruning.Levels levels = spbo(identity(n), n, false).fit(group, 0);
            double error = squared(group, levels);
            for (int i = 0; i < n; i++) {
                double distance = Math.abs(w[i] - levels.mu() - levels.alpha() * group.sign[i]);
                double other = Math.abs(w[i] - levels.mu() + levels.alpha() * group.sign[i]);
                assertTrue(distance <= other + 1e-3);
            }
            double best = bestOfAllSigns(w);
            assertTrue(error >= best - 1e-12);
            assertTrue(error <= plainError(w) + 1e-12);
            optimal += error <= best * 1.0001 + 1e-9 ? 1 : 0;
        }
        assertTrue(optimal > 0.7 * cases, optimal + " of " + cases);
    }

    private static double bestOfAllSigns(double[] w) {
        double best = Double.POSITIVE_INFINITY;
        for (int pattern = 0; pattern < 1 << w.length; pattern++) {
            double[] sum = new double[2];
            double[] squares = new double[2];
            int[] count = new int[2];
            for (int i = 0; i < w.length; i++) {
                int side = pattern >> i & 1;
                sum[side] += w[i];
                squares[side] += w[i] * w[i];
                count[side]++;
            }
            double error = 0;
            for (int side = 0; side < 2; side++) {
                error += count[side] == 0 ? 0 : squares[side] - sum[side] * sum[side] / count[side];
            }
            best = Math.min(best, error);
        }
        return best;
    }

    private static double plainError(double[] w) {
        double mu = Arrays.stream(w).average().orElseThrow();
        double alpha = Arrays.stream(w).map(v -> Math.abs(v - mu)).average().orElseThrow();
        return Arrays.stream(w)
                .map(v -> v - mu - (v >= mu ? alpha : -alpha))
                .map(e -> e * e)
                .sum();
    }

    @Test
    void prunedWeightsDoNotCount() {
        BinaryGroup group = new BinaryGroup(6);
        double[] w = {1, 9, -1, 0.1, 1, -1};
        byte[] step = {KEPT, 0, KEPT, 2, KEPT, KEPT};
        for (int i = 0; i < 6; i++) {
            group.add(i, w[i], step[i]);
        }
        StepwisePruning.Levels levels = spbo(identity(6), 6, false).fit(group, 3);
        assertEquals(4, group.size());
        assertEquals(0, levels.mu(), 1e-6);
        assertEquals(1, levels.alpha(), 1e-6);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void degenerateGroupsHaveFiniteLevels(boolean symmetric) {
        StepwisePruning spbo = spbo(Samples.hessian(4, 3).matrix(), 4, symmetric);
        assertEquals(new StepwisePruning.Levels(0, 0), spbo.fit(new BinaryGroup(4), 4));
        double[][] cases = {
            {-0.3}, {0}, {0.2, 0.2}, {-0.5, -0.5, -0.5}, {0, 0, 0, 0}, {1e-30, 2e-30}, {1e20, -1e20, 3e20}
        };
        for (double[] w : cases) {
            BinaryGroup group = group(w);
            StepwisePruning.Levels levels = spbo.fit(group, 0);
            assertTrue(levels.alpha() >= 0);
            double largest = group.maxMagnitude();
            assertTrue(Math.abs(levels.mu()) + levels.alpha() <= 4 * largest, Arrays.toString(w) + levels);
            if (Arrays.stream(w).distinct().count() == 1) {
                assertEquals(0, squared(group, levels), 1e-6 * largest * largest, Arrays.toString(w) + levels);
            }
        }
    }

    @Test
    void aMetricThatSeesNothingLeavesThePlainLevels() {
        float[] s = identity(6);
        s[0] = 0;
        s[7] = 0;
        BinaryGroup group = new BinaryGroup(6);
        group.add(0, 1, KEPT);
        group.add(1, 3, KEPT);
        assertEquals(new StepwisePruning.Levels(2, 1), spbo(s, 6, false).fit(group, 0));
    }

    @Test
    void levelsOutOfAllProportionAreRejected() {
        // The second column nearly repeats the first, negated: any mu + 1e4 fits almost as well.
        float[] s = {1, -0.99999f, -0.99999f, 1};
        BinaryGroup group = group(1, 0.9);
        StepwisePruning.Levels levels = spbo(s, 2, false).fit(group, 0);
        assertTrue(Math.abs(levels.mu()) + levels.alpha() <= 4, levels.toString());
    }

    @Test
    void symmetricLevelsMinimiseTheErrorForTheSignsOfTheWeights() {
        int width = 32;
        float[] s = Samples.hessian(width, 2).matrix();
        float[] w = Samples.weights(1, width, 3);
        BinaryGroup group = new BinaryGroup(width);
        for (int j = 0; j < width; j++) {
            group.add(j, w[j], KEPT);
        }
        StepwisePruning.Levels levels = spbo(s, width, true).fit(group, 0);
        assertEquals(0, levels.mu());
        double[] residual = new double[width];
        for (int j = 0; j < width; j++) {
            assertEquals(w[j] >= 0 ? 1 : -1, group.sign[j]);
            residual[j] = w[j] - levels.alpha() * group.sign[j];
        }
        double[] g = gradient(group, s, width, residual, group.sign);
        assertEquals(0, g[0], 1e-8 * g[1]);
    }

    @Test
    void aNegativeAlphaTurnsTheSigns() {
        // Both columns see one input in opposite directions, so the norm prefers levels of the wrong sign.
        float[] s = {1, 0.9f, 0.9f, 1};
        BinaryGroup group = group(1, -2);
        StepwisePruning.Levels levels = spbo(s, 2, true).fit(group, 0);
        assertTrue(levels.alpha() >= 0);
        double error = 0;
        double negated = 0;
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < 2; j++) {
                double a = levels.alpha();
                error += s[2 * i + j] * (group.weight[i] - a * group.sign[i]) * (group.weight[j] - a * group.sign[j]);
                negated += s[2 * i + j] * (group.weight[i] + a * group.sign[i]) * (group.weight[j] + a * group.sign[j]);
            }
        }
        assertTrue(error <= negated);
    }
}
