package dev.pbs2p.compress;

import java.util.Random;

/// Random problems that look like layers: correlated inputs of very different sizes.
final class Problems {

    private Problems() {}

    /// (2/samples) Σ xᵀx of inputs that share a few directions, as separate rows.
    static float[][] hessian(int size, Random random) {
        int samples = 2 * size + 8;
        int shared = Math.max(1, size / 8);
        double[][] mix = new double[shared][size];
        double[] own = new double[size];
        for (int j = 0; j < size; j++) {
            own[j] = Math.exp(0.5 * random.nextGaussian());
            for (int s = 0; s < shared; s++) {
                mix[s][j] = random.nextGaussian() * own[j] / Math.sqrt(shared);
            }
        }
        double[][] sum = new double[size][size];
        double[] x = new double[size];
        for (int sample = 0; sample < samples; sample++) {
            for (int j = 0; j < size; j++) {
                x[j] = own[j] * random.nextGaussian();
            }
            for (int s = 0; s < shared; s++) {
                double strength = random.nextGaussian();
                for (int j = 0; j < size; j++) {
                    x[j] += strength * mix[s][j];
                }
            }
            for (int i = 0; i < size; i++) {
                for (int j = 0; j < size; j++) {
                    sum[i][j] += 2.0 / samples * x[i] * x[j];
                }
            }
        }
        float[][] out = new float[size][size];
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                out[i][j] = (float) sum[i][j];
            }
        }
        return out;
    }
}
