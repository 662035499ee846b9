package dev.pbs2p.compress;

import java.util.Arrays;

/// A small matrix as separate rows: the compiler vectorises a loop over several arrays only where all of them are
/// indexed alike. Every sum is taken in the order of the rows.
final class Panel {

    private final float[][] rows;
    private final int width;

    /// @param rows kept, each of `width` values
    Panel(float[][] rows, int width) {
        this.rows = rows;
        this.width = width;
    }

    /// Rows and columns `start` to `end` of a matrix with `stride` columns.
    static Panel of(float[] matrix, int stride, int start, int end) {
        float[][] rows = new float[end - start][];
        for (int k = start; k < end; k++) {
            rows[k - start] = Arrays.copyOfRange(matrix, k * stride + start, k * stride + end);
        }
        return new Panel(rows, end - start);
    }

    int width() {
        return width;
    }

    /// The live rows.
    float[][] rows() {
        return rows;
    }

    /// out = x times this panel.
    void multiply(float[] x, float[] out) {
        Arrays.fill(out, 0);
        int k = 0;
        for (; k + 4 <= rows.length; k += 4) {
            add4(out, x[k], x[k + 1], x[k + 2], x[k + 3], rows[k], rows[k + 1], rows[k + 2], rows[k + 3], width);
        }
        for (; k < rows.length; k++) {
            add(out, rows[k], x[k], width);
        }
    }

    /// target += x · row.
    static void add(float[] target, float[] row, float x, int width) {
        for (int i = 0; i < width; i++) {
            target[i] = Math.fma(x, row[i], target[i]);
        }
    }

    private static void add4(
            float[] out,
            float x0,
            float x1,
            float x2,
            float x3,
            float[] r0,
            float[] r1,
            float[] r2,
            float[] r3,
            int width) {
        for (int i = 0; i < width; i++) {
            out[i] = Math.fma(x3, r3[i], Math.fma(x2, r2[i], Math.fma(x1, r1[i], Math.fma(x0, r0[i], out[i]))));
        }
    }
}
