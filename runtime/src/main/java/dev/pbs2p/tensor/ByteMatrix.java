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
        for (int row = 0; row < rows; row++) {
            for (int g = 0; g < groups(cols); g++) {
                long first = (long) row * cols + (long) g * GROUP;
                long end = first + Math.min(GROUP, cols - g * GROUP);
                scales.set(FLOAT, 4L * ((long) row * groups(cols) + g), round(values, first, end, levels));
            }
        }
        return new ByteMatrix(rows, cols, levels, scales);
    }

    /// Writes the levels of one group; returns its scale.
    private static float round(Tensor values, long first, long end, MemorySegment levels) {
        float max = 0;
        for (long i = first; i < end; i++) {
            max = Math.max(max, Math.abs(values.get(i)));
        }
        float scale = max / MOST;
        for (long i = first; i < end && scale > 0; i++) {
            int level = Math.clamp((long) Math.rint(values.get(i) / scale), -MOST, MOST);
            levels.set(ValueLayout.JAVA_BYTE, i, (byte) level);
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
        for (int col = 0; col < cols; col++) {
            out[at + col] = get(row, col);
        }
    }
}
