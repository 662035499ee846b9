package dev.pbs2p.compress;

import java.util.Arrays;
import java.util.Random;

/// Seeded data that looks like a trained layer's: correlated inputs of uneven size, heavy-tailed weights.
final class Samples {

    private Samples() {}

    static float[] weights(int rows, int cols, long seed) {
        Random random = new Random(seed);
        float[] scale = new float[cols];
        for (int j = 0; j < cols; j++) {
            scale[j] = (float) (0.05 * Math.exp(0.4 * random.nextGaussian()));
        }
        float[] out = new float[rows * cols];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) (scale[i % cols] * random.nextGaussian());
        }
        return out;
    }

    static float[] inputs(int tokens, int cols, long seed) {
        Random random = new Random(seed);
        double[] size = new double[cols];
        for (int j = 0; j < cols; j++) {
            size[j] = Math.exp(0.5 * random.nextGaussian());
        }
        float[] x = new float[tokens * cols];
        for (int t = 0; t < tokens; t++) {
            double shared = random.nextGaussian();
            double last = 0;
            for (int j = 0; j < cols; j++) {
                last = 0.6 * last + random.nextGaussian();
                x[t * cols + j] = (float) (size[j] * (last + 0.5 * shared));
            }
        }
        return x;
    }

    static Hessian hessian(int cols, long seed) {
        return new Hessian(gram(inputs(3 * cols + 8, cols, seed), 3 * cols + 8, cols), cols);
    }

    /// The damped matrix of a Hessian.
    static float[] damped(Hessian hessian) {
        float[] damped = hessian.matrix().clone();
        for (int i = 0; i < damped.length; i += hessian.size() + 1) {
            damped[i] += hessian.damping();
        }
        return damped;
    }

    /// XᵀX
    static float[] gram(float[] x, int tokens, int cols) {
        float[] out = new float[cols * cols];
        double[] sums = new double[cols];
        for (int i = 0; i < cols; i++) {
            Arrays.fill(sums, 0);
            for (int t = 0; t < tokens; t++) {
                double xi = x[t * cols + i];
                for (int j = 0; j < cols; j++) {
                    sums[j] += xi * x[t * cols + j];
                }
            }
            for (int j = 0; j < cols; j++) {
                out[i * cols + j] = (float) sums[j];
            }
        }
        return out;
    }

    /// tr(R·H·Rᵀ), plainly.
    static double squared(float[] r, int rows, int cols, float[] h) {
        double sum = 0;
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < cols; i++) {
                double product = 0;
                for (int j = 0; j < cols; j++) {
                    product += (double) h[i * cols + j] * r[row * cols + j];
                }
                sum += product * r[row * cols + i];
            }
        }
        return sum;
    }

    static float[] difference(float[] a, float[] b) {
        float[] out = new float[a.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = a[i] - b[i];
        }
        return out;
    }
}
