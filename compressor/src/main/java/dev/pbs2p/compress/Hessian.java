package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.Linalg;
import org.jspecify.annotations.Nullable;

/// H = (2/samples) Σ XᵀX over a linear layer's inputs X (algorithm.md section 1), its damping and the factor of its
/// inverse (section 2). Arrays are row-major, size × size.
///
/// A column that was never seen to differ from 0 is *dead*: its diagonal is set to 1, and its weights may be anything.
public final class Hessian {

    /// Share of the mean diagonal that is added to the diagonal.
    public static final double PERCDAMP = 0.01;

    private static final int ATTEMPTS = 7;

    private final int size;
    private final float[] matrix;
    private final boolean[] dead;
    private double percdamp = PERCDAMP;
    private float @Nullable [] upper;

    /// @param matrix size × size, symmetric; kept, and changed on the diagonal of dead columns
    /// @throws IllegalArgumentException if the length is not size², or a value on the diagonal is negative, NaN or
    ///     infinite
    public Hessian(float[] matrix, int size) {
        if (matrix.length != (long) size * size) {
            throw new IllegalArgumentException(
                    "a Hessian of " + size + " columns needs " + (long) size * size + " values, not " + matrix.length);
        }
        this.size = size;
        this.matrix = matrix;
        this.dead = new boolean[size];
        for (int i = 0; i < size; i++) {
            float diagonal = matrix[i * size + i];
            if (!(diagonal >= 0 && diagonal < Float.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("the inputs of a layer give a Hessian with " + diagonal
                        + " on its diagonal (column " + i + "): the hidden states are not finite");
            }
            dead[i] = diagonal == 0;
            if (dead[i]) {
                matrix[i * size + i] = 1;
            }
        }
    }

    /// Number of columns (inputs of the layer).
    public int size() {
        return size;
    }

    /// The live undamped matrix; 1 on the diagonal of dead columns.
    public float[] matrix() {
        return matrix;
    }

    /// The live flags of columns whose inputs were always 0.
    public boolean[] dead() {
        return dead;
    }

    /// The upper triangular factor U of the damped matrix's inverse: Hd⁻¹ = UᵀU. Computed once; live, not to be
    /// changed.
    ///
    /// If Hd is not numerically positive definite, ten times the damping is tried, up to six times.
    ///
    /// @throws ArithmeticException if that does not help
    public synchronized float[] upper() {
        if (upper != null) {
            return upper;
        }
        for (int attempt = 1; ; attempt++) {
            try {
                float[] factor = Linalg.upperFactor(matrix, size, percdamp);
                upper = factor;
                return factor;
            } catch (ArithmeticException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                percdamp *= 10;
            }
        }
    }

    /// What makes Hd of the matrix when it is added to the diagonal: the share of its mean that [#upper()] needed.
    public float damping() {
        upper();
        double mean = 0;
        for (int i = 0; i < size; i++) {
            mean += (double) matrix[i * size + i] / size;
        }
        return (float) (percdamp * mean);
    }

    /// A new array with rows and columns `st` to `ed` (exclusive) of the undamped matrix.
    public float[] block(int st, int ed) {
        int width = ed - st;
        float[] block = new float[width * width];
        for (int i = 0; i < width; i++) {
            System.arraycopy(matrix, (st + i) * size + st, block, i * width, width);
        }
        return block;
    }
}
