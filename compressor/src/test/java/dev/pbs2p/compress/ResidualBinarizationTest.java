package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResidualBinarizationTest {

    private static ResidualBinarization twice(float[] s, int width, boolean symmetric) {
        return new ResidualBinarization(new ErrorMetric(s, width), width, symmetric);
    }

    private static BinaryGroup group(double... weights) {
        BinaryGroup group = new BinaryGroup(weights.length);
        for (int i = 0; i < weights.length; i++) {
            group.add(i, weights[i], ScoredBlock.KEPT);
        }
        return group;
    }

    private static double[] residual(BinaryGroup group, ResidualBinarization.Levels levels) {
        double[] out = new double[group.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = group.weight[i] - levels.mu() - levels.alpha1() * group.sign[i] - levels.alpha2() * group.sign2[i];
        }
        return out;
    }

    @Test
    void fourLevelsAreFoundExactly() {
        double[] w = new double[16];
        for (int i = 0; i < 16; i++) {
            w[i] = 0.1 + (i % 2 == 0 ? 1 : -1) + (i / 2 % 2 == 0 ? 0.3 : -0.3);
        }
        BinaryGroup group = group(w);
        ResidualBinarization.Levels levels =
                twice(Samples.hessian(16, 1).matrix(), 16, false).fit(group);
        assertEquals(0.1, levels.mu(), 1e-6);
        assertEquals(1, levels.alpha1(), 1e-6);
        assertEquals(0.3, levels.alpha2(), 1e-6);
        for (double r : residual(group, levels)) {
            assertEquals(0, r, 1e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isNoWorseThanBeforeTheRefinement(boolean symmetric) {
        Random random = new Random(9);
        int n = 12;
        float[] s = new float[n * n];
        for (int i = 0; i < n; i++) {
            s[i * (n + 1)] = 1;
        }
        for (int c = 0; c < 100; c++) {
            double[] w = random.doubles(n, -1, 1).toArray();
            BinaryGroup group = group(w);
            ResidualBinarization.Levels levels = twice(s, n, symmetric).fit(group);
            double[] rest = w.clone();
            for (int stage = 0; stage < 2; stage++) {
                double mu = symmetric ? 0 : Arrays.stream(rest).average().orElseThrow();
                double[] centred = Arrays.stream(rest).map(v -> v - mu).toArray();
                double alpha = Arrays.stream(centred).map(Math::abs).average().orElseThrow();
                rest = Arrays.stream(centred)
                        .map(v -> v - (v >= 0 ? alpha : -alpha))
                        .toArray();
            }
            double before = Arrays.stream(rest).map(v -> v * v).sum();
            double after =
                    Arrays.stream(residual(group, levels)).map(v -> v * v).sum();
            assertTrue(after <= before + 1e-12);
            assertTrue(levels.alpha1() >= 0 && levels.alpha2() >= 0);
            assertTrue(!symmetric || levels.mu() == 0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void degenerateGroupsHaveFiniteLevels(boolean symmetric) {
        ResidualBinarization twice = twice(Samples.hessian(4, 3).matrix(), 4, symmetric);
        assertEquals(new ResidualBinarization.Levels(0, 0, 0), twice.fit(new BinaryGroup(4)));
        for (double[] w : new double[][] {{-0.3}, {0}, {0.2, 0.2}, {0, 0, 0}, {1e-30, 2e-30}, {1e20, -1e20}}) {
            BinaryGroup group = group(w);
            ResidualBinarization.Levels levels = twice.fit(group);
            double largest = group.maxMagnitude();
            double size = Math.abs(levels.mu()) + levels.alpha1() + levels.alpha2();
            assertTrue(size <= 6 * largest, Arrays.toString(w) + levels);
            double[] residual = residual(group, levels);
            assertTrue(Arrays.stream(residual).allMatch(r -> Math.abs(r) <= largest));
            if (w.length == 1) {
                assertEquals(0, residual[0], 1e-12);
            }
        }
    }
}
