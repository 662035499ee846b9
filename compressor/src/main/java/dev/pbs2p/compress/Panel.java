package dev.pbs2p.compress;

import java.util.Arrays;

/// Some columns of a matrix as separate rows, to multiply from the left.
///
/// Rows are separate arrays because the compiler vectorises a loop over several arrays only where all of them are
/// indexed alike. Every sum is taken in the order of the rows, so that a result does not depend on how rows of the
/// left factor are shared among threads.
final class Panel {

    /// Rows that stay in the cache while they are multiplied with several left rows.
    private static final int BLOCK = 128;

    private final float[][] rows;
    private final int width;

    /// @param rows kept, each of `width` values
    Panel(float[][] rows, int width) {
        this.rows = rows;
        this.width = width;
    }

    /// Rows `from` to `to` and columns `start` to `end` of a matrix with `stride` columns.
    static Panel of(float[] matrix, int stride, int from, int to, int start, int end) {
        float[][] rows = new float[to - from][];
        for (int k = from; k < to; k++) {
            rows[k - from] = Arrays.copyOfRange(matrix, k * stride + start, k * stride + end);
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

    /// out[r] += left row (first + r) times this panel, for every row of `out`; left rows have `stride` columns, of
    /// which the first ones face the panel's rows.
    void multiplyAdd(float[] left, int first, int stride, float[][] out) {
        for (int from = 0; from < rows.length; from += BLOCK) {
            int to = Math.min(rows.length, from + BLOCK);
            int r = 0;
            for (; r + 2 <= out.length; r += 2) {
                addPair(left, (first + r) * stride, stride, from, to, out[r], out[r + 1]);
            }
            if (r < out.length) {
                addOne(left, (first + r) * stride, from, to, out[r]);
            }
        }
    }

    /// out = x times this panel.
    void multiply(float[] x, float[] out) {
        Arrays.fill(out, 0);
        addOne(x, 0, 0, rows.length, out);
    }

    /// target += x · row.
    static void add(float[] target, float[] row, float x, int width) {
        for (int i = 0; i < width; i++) {
            target[i] = Math.fma(x, row[i], target[i]);
        }
    }

    private void addPair(float[] left, int at, int stride, int from, int to, float[] out0, float[] out1) {
        int k = from;
        for (; k + 4 <= to; k += 4) {
            float[] r0 = rows[k];
            float[] r1 = rows[k + 1];
            float[] r2 = rows[k + 2];
            float[] r3 = rows[k + 3];
            int a = at + k;
            int b = at + stride + k;
            add4x2(
                    out0,
                    left[a],
                    left[a + 1],
                    left[a + 2],
                    left[a + 3],
                    out1,
                    left[b],
                    left[b + 1],
                    left[b + 2],
                    left[b + 3],
                    r0,
                    r1,
                    r2,
                    r3,
                    width);
        }
        for (; k < to; k++) {
            add(out0, rows[k], left[at + k], width);
            add(out1, rows[k], left[at + stride + k], width);
        }
    }

    private void addOne(float[] left, int at, int from, int to, float[] out) {
        int k = from;
        for (; k + 4 <= to; k += 4) {
            int a = at + k;
            add4(
                    out,
                    left[a],
                    left[a + 1],
                    left[a + 2],
                    left[a + 3],
                    rows[k],
                    rows[k + 1],
                    rows[k + 2],
                    rows[k + 3],
                    width);
        }
        for (; k < to; k++) {
            add(out, rows[k], left[at + k], width);
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

    /// Two left rows at once: each row of the panel is loaded once for both.
    private static void add4x2(
            float[] out0,
            float x0,
            float x1,
            float x2,
            float x3,
            float[] out1,
            float y0,
            float y1,
            float y2,
            float y3,
            float[] r0,
            float[] r1,
            float[] r2,
            float[] r3,
            int width) {
        for (int i = 0; i < width; i++) {
            float p0 = r0[i];
            float p1 = r1[i];
            float p2 = r2[i];
            float p3 = r3[i];
            out0[i] = Math.fma(x3, p3, Math.fma(x2, p2, Math.fma(x1, p1, Math.fma(x0, p0, out0[i]))));
            out1[i] = Math.fma(y3, p3, Math.fma(y2, p2, Math.fma(y1, p1, Math.fma(y0, p0, out1[i]))));
        }
    }
}
