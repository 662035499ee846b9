package dev.pbs2p.compress;

import java.util.stream.IntStream;

/// Work over the rows of a matrix, in parallel, in chunks of a fixed number of rows: sums over rows are taken in the
/// order of the chunks, so no result depends on the number of threads.
final class RowChunks {

    private static final int ROWS = 32;

    private RowChunks() {}

    /// Handles the rows `from` (included) to `to` (excluded).
    interface Task {
        void run(int from, int to);
    }

    /// Adds what the rows `from` (included) to `to` (excluded) contribute to `sums`.
    interface Sum {
        void add(int from, int to, double[] sums);
    }

    static void forEach(int rows, Task task) {
        IntStream.range(0, Math.ceilDiv(rows, ROWS))
                .parallel()
                .forEach(i -> task.run(i * ROWS, Math.min(rows, (i + 1) * ROWS)));
    }

    /// The `width` sums over all rows.
    static double[] sum(int rows, int width, Sum task) {
        double[][] partial = new double[Math.ceilDiv(rows, ROWS)][width];
        forEach(rows, (from, to) -> task.add(from, to, partial[from / ROWS]));
        double[] total = new double[width];
        for (double[] sums : partial) {
            for (int i = 0; i < width; i++) {
                total[i] += sums[i];
            }
        }
        return total;
    }
}
