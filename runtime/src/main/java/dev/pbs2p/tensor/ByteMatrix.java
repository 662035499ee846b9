package dev.pbs2p.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A table of vocabulary size (embeddings, head) in 8 bits: value(row, col) = level(row, col) · scale(row, col / 128).
///
/// @param rows outputs
/// @param cols inputs
/// @param levels one signed byte a value, row-major
/// @param scales one float32 for each [#GROUP] columns of a row, the last of which may be fewer: rows × groups
public record ByteMatrix(int rows, int cols, MemorySegment levels, MemorySegment scales) implements DenseWeight {

    /// Columns that share a scale.
    public static final int GROUP = 128;

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final int MOST = 127;

    /// @throws IllegalArgumentException if a part does not have the bytes it needs
    public ByteMatrix {
        if (levels.byteSize() != (long) rows * cols || scales.byteSize() != 4L * rows * groups(cols)) {
            throw new IllegalArgumentException("an 8-bit matrix of " + rows + "x" + cols + " has " + levels.byteSize()
                    + " bytes of levels and " + scales.byteSize() + " of scales, not " + (long) rows * cols + " and "
                    + 4L * rows * groups(cols));
        }
    }

    /// Groups of a row.
    public static int groups(int cols) {
        return Math.ceilDiv(cols, GROUP);
    }

    /// Rounds a matrix of finite values to the nearest levels; the largest magnitude of a group becomes 127 of its
    /// scale.
    public static ByteMatrix of(Tensor values) {
        int rows = values.rows();
        int cols = values.cols();
        MemorySegment levels = Arena.ofAuto().allocate((long) rows * cols, 64);
        MemorySegment scales = Arena.ofAuto().allocate(4L * rows * groups(cols), 64);
        float[] x = new float[cols];
        for (int row = 0; row < rows; row++) {
            values.row(row, x, 0);
            for (int g = 0; g < groups(cols); g++) {
                float scale = round(x, g * GROUP, Math.min(cols, (g + 1) * GROUP), levels, (long) row * cols);
                scales.set(FLOAT, 4L * ((long) row * groups(cols) + g), scale);
            }
        }
        return new ByteMatrix(rows, cols, levels, scales);
    }

    /// Writes the levels of one group of the row that begins at `to`; returns its scale.
    private static float round(float[] x, int first, int end, MemorySegment levels, long to) {
        float max = 0;
        for (int i = first; i < end; i++) {
            max = Math.max(max, Math.abs(x[i]));
        }
        float scale = max / MOST;
        for (int i = first; i < end && scale > 0; i++) {
            int level = Math.clamp((long) Math.rint(x[i] / scale), -MOST, MOST);
            levels.set(ValueLayout.JAVA_BYTE, to + i, (byte) level);
        }
        return scale;
    }

    /// The scale of group `group` of a row.
    public float scale(int row, int group) {
        return scales.get(FLOAT, 4L * ((long) row * groups(cols) + group));
    }

    /// One value.
    public float get(int row, int col) {
        return levels.get(ValueLayout.JAVA_BYTE, (long) row * cols + col) * scale(row, col / GROUP);
    }

    /// Bytes on disk.
    public long bytes() {
        return levels.byteSize() + scales.byteSize();
    }

    @Override
    public void row(int row, float[] out, int at) {
        byte[] level = new byte[cols]; // to read one by one from a segment is slow until it is compiled
        MemorySegment.copy(levels, ValueLayout.JAVA_BYTE, (long) row * cols, level, 0, cols);
        for (int g = 0; g < groups(cols); g++) {
            float scale = scale(row, g);
            for (int col = g * GROUP; col < Math.min(cols, (g + 1) * GROUP); col++) {
                out[at + col] = level[col] * scale;
            }
        }
    }
}
