package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.Linalg;

/// How the error of a finished column group is passed on to the columns after it.
///
/// With Hd⁻¹ = UᵀU, the remaining columns lose X·U[group, rest], where X has to be chosen.
public enum Compensation {
    /// X = E / diag(U): what the published lineage of the method (BiLLM) does.
    BILLM,
    /// X·U[group, group] = E: the correction that is optimal for the group's error E (optimal brain compression).
    EXACT;

    /// Changes the columns of `weight` from `end` on.
    ///
    /// @param weight rows × cols
    /// @param error rows × (end - start): the weights of the group minus what replaces them; overwritten
    /// @param upper U, cols × cols
    void apply(float[] weight, int rows, int cols, int start, int end, float[] error, float[] upper) {
        int width = end - start;
        float[] factor;
        if (this == EXACT) {
            factor = Linalg.solveUpper(error, rows, diagonalBlock(upper, cols, start, end), width);
        } else {
            for (int i = 0; i < error.length; i++) {
                int column = start + i % width;
                error[i] /= upper[column * cols + column];
            }
            factor = error;
        }
        Linalg.subtractProduct(weight, rows, cols, end, factor, width, upper, start, cols);
    }

    private static float[] diagonalBlock(float[] upper, int cols, int start, int end) {
        int width = end - start;
        float[] block = new float[width * width];
        for (int i = 0; i < width; i++) {
            System.arraycopy(upper, (start + i) * cols + start, block, i * width, width);
        }
        return block;
    }
}
