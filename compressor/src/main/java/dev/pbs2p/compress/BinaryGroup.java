package dev.pbs2p.compress;

/// The weights of one row that are binarised together, gathered from their columns.
final class BinaryGroup {

    /// Columns, counted from the beginning of the column group.
    final int[] column;

    final double[] weight;
    /// Signs of the first and (salient columns) the second binarisation, +1 or -1.
    final double[] sign;

    final double[] sign2;
    private final byte[] step;
    private int size;

    BinaryGroup(int width) {
        column = new int[width];
        weight = new double[width];
        sign = new double[width];
        sign2 = new double[width];
        step = new byte[width];
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    /// @param step the pruning step that removes the weight, or [ScoredBlock#KEPT]
    void add(int column, double weight, byte step) {
        this.column[size] = column;
        this.weight[size] = weight;
        this.step[size++] = step;
    }

    /// Drops the weights of one pruning step (eq. 5, 6).
    void prune(int k) {
        int end = 0;
        for (int i = 0; i < size; i++) {
            if (step[i] != k) {
                column[end] = column[i];
                weight[end] = weight[i];
                sign[end] = sign[i];
                step[end++] = step[i];
            }
        }
        size = end;
    }

    double mean() {
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += weight[i];
        }
        return size == 0 ? 0 : sum / size;
    }

    double maxMagnitude() {
        double max = 0;
        for (int i = 0; i < size; i++) {
            max = Math.max(max, Math.abs(weight[i]));
        }
        return max;
    }

    /// Whether the first signs are all the same.
    boolean oneSign() {
        for (int i = 1; i < size; i++) {
            if (sign[i] != sign[0]) {
                return false;
            }
        }
        return true;
    }

    void negate(double[] signs) {
        for (int i = 0; i < size; i++) {
            signs[i] = -signs[i];
        }
    }
}
