package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompensationTest {

    private static final int ROWS = 5;

    /// Replaces the columns `start` to `end` by crude values and compensates; the replacement stays in `weight`.
    private static void replace(Compensation how, float[] weight, int cols, int start, int end, float[] upper) {
        int width = end - start;
        float[] error = new float[ROWS * width];
        for (int i = 0; i < error.length; i++) {
            int at = i / width * cols + start + i % width;
            float crude = Math.copySign(0.04f, weight[at]);
            error[i] = weight[at] - crude;
            weight[at] = crude;
        }
        how.apply(weight, ROWS, cols, start, end, error, upper);
    }

    /// The exact variant leaves the rest of a row where least squares would put it: with the first f columns given,
    /// min over the rest of (w − ŵ)·Hd·(w − ŵ)ᵀ, whose gradient in the rest is ((w − ŵ)·Hd)[rest].
    @ParameterizedTest
    @CsvSource({"40,16,32", "24,8,9", "33,1,32", "50,32,40"})
    void exactCompensationIsTheLeastSquaresUpdate(int cols, int first, int second) {
        Hessian hessian = Samples.hessian(cols, cols);
        float[] original = Samples.weights(ROWS, cols, 4);
        float[] weight = original.clone();
        int start = 0;
        for (int end : new int[] {first, second}) {
            replace(Compensation.EXACT, weight, cols, start, end, hessian.upper());
            assertGradientVanishes(original, weight, cols, end, Samples.damped(hessian));
            start = end;
        }
    }

    private static void assertGradientVanishes(float[] original, float[] weight, int cols, int from, float[] damped) {
        for (int row = 0; row < ROWS; row++) {
            for (int j = from; j < cols; j++) {
                double gradient = 0;
                double size = 0;
                for (int i = 0; i < cols; i++) {
                    int at = row * cols + i;
                    double term = (double) (original[at] - weight[at]) * damped[i * cols + j];
                    gradient += term;
                    size += Math.abs(term);
                }
                // Weights and U are float32 (2^-24), and the condition of the blocks stays below 1e3.
                assertEquals(0, gradient, 1e-4 * size);
            }
        }
    }

    @Test
    void theLineagesCompensationDividesByTheDiagonal() {
        int cols = 20;
        float[] upper = Samples.hessian(cols, 1).upper();
        float[] original = Samples.weights(ROWS, cols, 4);
        float[] weight = original.clone();
        replace(Compensation.BILLM, weight, cols, 0, 8, upper);
        for (int row = 0; row < ROWS; row++) {
            for (int j = 8; j < cols; j++) {
                double expected = original[row * cols + j];
                for (int k = 0; k < 8; k++) {
                    double error = original[row * cols + k] - weight[row * cols + k];
                    expected -= error / upper[k * cols + k] * upper[k * cols + j];
                }
                assertEquals(expected, weight[row * cols + j], 1e-5);
            }
        }
    }

    @Test
    void bothLowerTheErrorAndTheExactOneMore() {
        int cols = 64;
        Hessian hessian = Samples.hessian(cols, 1);
        float[] original = Samples.weights(ROWS, cols, 4);
        double[] errors = new double[2];
        for (Compensation how : Compensation.values()) {
            float[] weight = original.clone();
            replace(how, weight, cols, 0, 32, hessian.upper());
            float[] difference = Samples.difference(original, weight);
            errors[how.ordinal()] = Samples.squared(difference, ROWS, cols, Samples.damped(hessian));
            Arrays.fill(weight, 0);
        }
        float[] untouched = original.clone();
        for (int i = 0; i < untouched.length; i++) {
            untouched[i] = i % cols < 32 ? Math.copySign(0.04f, untouched[i]) : untouched[i];
        }
        double before = Samples.squared(Samples.difference(original, untouched), ROWS, cols, Samples.damped(hessian));
        assertTrue(errors[Compensation.BILLM.ordinal()] < before);
        assertTrue(errors[Compensation.EXACT.ordinal()] < errors[Compensation.BILLM.ordinal()]);
    }

    @Test
    void uncorrelatedInputsNeedNoCompensation() {
        int cols = 12;
        float[] identity = new float[cols * cols];
        for (int i = 0; i < cols; i++) {
            identity[i * (cols + 1)] = 1;
        }
        for (Compensation how : Compensation.values()) {
            float[] weight = Samples.weights(ROWS, cols, 2);
            float[] before = weight.clone();
            replace(how, weight, cols, 0, 4, new Hessian(identity.clone(), cols).upper());
            for (int row = 0; row < ROWS; row++) {
                assertArrayEquals(
                        Arrays.copyOfRange(before, row * cols + 4, (row + 1) * cols),
                        Arrays.copyOfRange(weight, row * cols + 4, (row + 1) * cols));
            }
        }
    }
}
