package dev.pbs2p.compress;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import java.util.Random;

/// A layer with correlated inputs, and its relative output error in plain double precision.
final class LayerProblem {

    final int rows;
    final int cols;
    final float[] weight;
    final Hessian hessian;

    private LayerProblem(int rows, int cols, float[] weight, Hessian hessian) {
        this.rows = rows;
        this.cols = cols;
        this.weight = weight;
        this.hessian = hessian;
    }

    static LayerProblem random(int rows, int cols, Random random) {
        float[] weight = new float[rows * cols];
        for (int i = 0; i < weight.length; i++) {
            weight[i] = (float) random.nextGaussian() * 0.02f;
        }
        float[] matrix = new float[cols * cols];
        float[][] separate = Problems.hessian(cols, random);
        for (int i = 0; i < cols; i++) {
            System.arraycopy(separate[i], 0, matrix, i * cols, cols);
        }
        return new LayerProblem(rows, cols, weight, new Hessian(matrix, cols));
    }

    Codes compress(PackedFormat format) {
        return new BestPreset().compress(weight, rows, cols, hessian, format);
    }

    /// tr(R H Rᵀ) / tr(W H Wᵀ).
    double relativeError(float[] value) {
        float[] difference = new float[weight.length];
        for (int i = 0; i < weight.length; i++) {
            difference[i] = weight[i] - value[i];
        }
        return quadratic(difference) / quadratic(weight);
    }

    private double quadratic(float[] x) {
        float[] h = hessian.matrix();
        double sum = 0;
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < cols; i++) {
                double inner = 0;
                for (int j = 0; j < cols; j++) {
                    inner += (double) h[i * cols + j] * x[r * cols + j];
                }
                sum += inner * x[r * cols + i];
            }
        }
        return sum;
    }
}
