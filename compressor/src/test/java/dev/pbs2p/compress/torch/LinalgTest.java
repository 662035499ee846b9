package dev.pbs2p.compress.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// LibTorch against plain loops. A float32 dot product of k terms is off by at most about k · 2⁻²⁴ · Σ|terms|; with
/// standard normal terms Σ|terms| is below 2k, and rounding errors cancel like a random walk, so k · 2⁻²² is ample.
final class LinalgTest {

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,5,2", "17,64,33", "130,129,7"})
    void multiplyEqualsLoops(int n, int k, int m) {
        float[] a = random(n * k, 1);
        float[] b = random(k * m, 2);
        assertArrayEquals(product(a, n, k, b, m), Linalg.multiply(a, n, k, b, m), tolerance(k));
    }

    @ParameterizedTest
    @CsvSource({"1,4,1,1,0", "5,40,16,16,0", "33,70,48,20,7", "3,9,9,2,1"})
    void subtractProductChangesOnlyLaterColumns(int rows, int cols, int from, int inner, int uRow) {
        float[] w = random(rows * cols, 3);
        float[] err = random(rows * inner, 4);
        float[] u = random(cols * cols, 5);
        float[] expected = w.clone();
        for (int r = 0; r < rows; r++) {
            for (int c = from; c < cols; c++) {
                double sum = 0;
                for (int i = 0; i < inner; i++) {
                    sum += (double) err[r * inner + i] * u[(uRow + i) * cols + c];
                }
                expected[r * cols + c] -= (float) sum;
            }
        }
        Linalg.subtractProduct(w, rows, cols, from, err, inner, u, uRow, cols);
        assertArrayEquals(expected, w, tolerance(inner));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 16, 65, 130})
    void upperFactorGivesTheInverse(int d) {
        float[] h = gram(random(2 * d * d, 6), 2 * d, d);
        double damping = 0.01 * meanDiagonal(h, d);
        float[] u = Linalg.upperFactor(h, d, 0.01);
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < i; j++) {
                assertEquals(0f, u[i * d + j], "below the diagonal");
            }
        }
        // U·Hd·Uᵀ = I, because Hd⁻¹ = UᵀU.
        double[] left = new double[d * d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                for (int k = 0; k < d; k++) {
                    left[i * d + j] += u[i * d + k] * (h[k * d + j] + (k == j ? damping : 0));
                }
            }
        }
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                double sum = 0;
                for (int k = 0; k < d; k++) {
                    sum += left[i * d + k] * u[j * d + k];
                }
                // U is rounded to float32: 2⁻²⁴ a term, times the condition number (below 1e3 here).
                assertEquals(i == j ? 1 : 0, sum, 1e-4);
            }
        }
    }

    @Test
    void upperFactorRefusesAnIndefiniteMatrix() {
        assertThrows(ArithmeticException.class, () -> Linalg.upperFactor(new float[] {1, 2, 2, 1}, 2, 0.01));
        assertThrows(
                ArithmeticException.class, () -> Linalg.upperFactor(new float[] {1, Float.NaN, Float.NaN, 1}, 2, 0));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "7,16", "40,33"})
    void solveUpperInvertsTheProduct(int rows, int b) {
        float[] u = random(b * b, 7);
        for (int i = 0; i < b; i++) {
            for (int j = 0; j < i; j++) {
                u[i * b + j] = 0;
            }
            u[i * b + i] = b + 1;
        }
        float[] x = random(rows * b, 8);
        assertArrayEquals(x, Linalg.solveUpper(product(x, rows, b, u, b), rows, u, b), tolerance(b));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "5,3", "20,65"})
    void quadraticIsTheSquaredOutputError(int rows, int d) {
        int samples = 2 * d;
        float[] x = random(samples * d, 9);
        float[] r = random(rows * d, 10);
        double expected = 0;
        for (int row = 0; row < rows; row++) {
            for (int s = 0; s < samples; s++) {
                double y = 0;
                for (int c = 0; c < d; c++) {
                    y += (double) r[row * d + c] * x[s * d + c];
                }
                expected += y * y;
            }
        }
        assertEquals(expected, Linalg.quadratic(r, rows, d, gram(x, samples, d)), 1e-5 * expected);
    }

    static float[] random(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /// XᵀX of samples × d values.
    static float[] gram(float[] x, int samples, int d) {
        float[] h = new float[d * d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                double sum = 0;
                for (int s = 0; s < samples; s++) {
                    sum += (double) x[s * d + i] * x[s * d + j];
                }
                h[i * d + j] = (float) sum;
            }
        }
        return h;
    }

    private static float[] product(float[] a, int n, int k, float[] b, int m) {
        float[] out = new float[n * m];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < m; j++) {
                double sum = 0;
                for (int l = 0; l < k; l++) {
                    sum += (double) a[i * k + l] * b[l * m + j];
                }
                out[i * m + j] = (float) sum;
            }
        }
        return out;
    }

    private static double meanDiagonal(float[] h, int d) {
        double sum = 0;
        for (int i = 0; i < d; i++) {
            sum += h[i * d + i];
        }
        return sum / d;
    }

    private static float tolerance(int k) {
        return (k + 4) * 0x1p-22f;
    }
}
