package dev.pbs2p.compress.torch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// A matrix in LibTorch's memory of which some columns change between products, so that a sweep over the columns need
/// not hand over the whole matrix each time. Begins with zeros.
public final class ColumnMatrix implements AutoCloseable {

    private final int rows;
    private final int cols;
    private final Tensor values;

    public ColumnMatrix(int rows, int cols) {
        this.rows = rows;
        this.cols = cols;
        this.values = Native.empty(torch.ScalarType.Float, rows, cols);
        values.retainReference();
        values.zero_();
    }

    /// Replaces columns from `start` on.
    ///
    /// @param columns rows × width
    public void set(int start, float[] columns) {
        try (PointerScope _ = new PointerScope()) {
            int width = columns.length / rows;
            values.narrow(1, start, width).copy_(Native.tensor(columns, rows, width));
        }
    }

    /// The first k columns times a k × width matrix: rows × width.
    public float[] times(float[] right, int k, int width) {
        try (PointerScope _ = new PointerScope()) {
            Native.expect((long) rows * k * width);
            return Native.floats(torch.mm(values.narrow(1, 0, k), Native.tensor(right, k, width)));
        }
    }

    /// This matrix times columns `start` to `end` (exclusive) of a symmetric one: rows × (end - start).
    ///
    /// @param symmetric cols × cols
    public float[] timesColumns(float[] symmetric, int start, int end) {
        try (PointerScope _ = new PointerScope()) {
            int width = end - start;
            Native.expect((long) rows * cols * width);
            // Its columns are its rows, which lie together.
            Tensor right = Native.slice(symmetric, start * cols, width * cols, width, cols);
            return Native.floats(torch.mm(values, right.t()));
        }
    }

    @Override
    public void close() {
        values.releaseReference();
    }
}
