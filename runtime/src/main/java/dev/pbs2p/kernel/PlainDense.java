package dev.pbs2p.kernel;

/// Activations times dense weights in plain Java on one thread: the sums of [ScalarBackend#dense], four at a time, for
/// each addition to a sum waits for the one before.
final class PlainDense {

    private static final int TOGETHER = 4;

    private float[] rows = new float[0]; // TOGETHER of them
    private final double[] sums = new double[TOGETHER];

    /// out = x · Wᵀ + bias.
    void multiply(HostMatrix x, DenseLinear w, HostMatrix out) {
        int cols = w.inputs();
        if (rows.length < TOGETHER * cols) {
            rows = new float[TOGETHER * cols];
        }
        for (int first = 0; first < w.outputs(); first += TOGETHER) {
            int count = Math.min(TOGETHER, w.outputs() - first);
            for (int i = 0; i < count; i++) {
                w.weight().row(first + i, rows, i * cols);
            }
            for (int r = 0; r < x.rows(); r++) {
                sum(x.data, r * cols, cols);
                for (int i = 0; i < count; i++) {
                    out.data[r * w.outputs() + first + i] =
                            ScalarBackend.withBias((float) sums[i], w.bias(), first + i);
                }
            }
        }
    }

    private void sum(float[] x, int from, int cols) {
        double first = 0;
        double second = 0;
        double third = 0;
        double fourth = 0;
        for (int c = 0; c < cols; c++) {
            double value = x[from + c];
            first += value * rows[c];
            second += value * rows[cols + c];
            third += value * rows[2 * cols + c];
            fourth += value * rows[3 * cols + c];
        }
        sums[0] = first;
        sums[1] = second;
        sums[2] = third;
        sums[3] = fourth;
    }
}
