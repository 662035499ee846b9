package dev.pbs2p.tensor;

/// A matrix that stores every value.
public sealed interface DenseWeight extends Weight permits Tensor, ByteMatrix {

    /// Widens row `row` to float32 into `out`, from `at` on.
    void row(int row, float[] out, int at);

    /// All values in float32, row by row.
    default float[] toFloats() {
        float[] out = new float[Math.multiplyExact(rows(), cols())];
        for (int row = 0; row < rows(); row++) {
            row(row, out, row * cols());
        }
        return out;
    }
}
