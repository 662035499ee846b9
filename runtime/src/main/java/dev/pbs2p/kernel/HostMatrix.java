package dev.pbs2p.kernel;

/// A matrix in an array of the Java heap, row-major.
final class HostMatrix implements Matrix {

    final float[] data;
    private final int rows;
    private final int cols;

    HostMatrix(int rows, int cols, float[] data) {
        if (data.length < Math.multiplyExact(rows, cols)) {
            throw new IllegalArgumentException(
                    "a " + rows + "x" + cols + " matrix needs " + rows * cols + " values, not " + data.length);
        }
        this.rows = rows;
        this.cols = cols;
        this.data = data;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int cols() {
        return cols;
    }

    @Override
    public String toString() {
        return rows + "x" + cols;
    }
}
