package dev.pbs2p.compress;

import java.util.Comparator;
import java.util.stream.IntStream;

/// The structural search for salient columns: those of a column group, shared by its rows, that are binarised twice.
///
/// Columns are ordered by their summed score. The first c are salient, where c (below 50) minimises the squared error
/// of the score matrix after residual binarisation of both parts, row by row, over the kept weights. At least one
/// column is salient.
final class SalientSearch {

    private static final int LIMIT = 50;

    private SalientSearch() {}

    /// One flag a column.
    static boolean[] columns(ScoredBlock block) {
        int width = block.width();
        int[] order = byScore(block);
        int limit = Math.min(LIMIT, width - 1);
        double[] errors = RowChunks.sum(block.rows(), Math.max(limit, 2), (from, to, sums) -> {
            RowSplit split = new RowSplit(width);
            for (int row = from; row < to; row++) {
                split.gather(block, row, order);
                split.addErrors(limit, sums);
            }
        });
        int count = 1;
        for (int c = 2; c < limit; c++) {
            if (errors[c] < errors[count]) {
                count = c;
            }
        }
        boolean[] salient = new boolean[width];
        for (int i = 0; i < count; i++) {
            salient[order[i]] = true;
        }
        return salient;
    }

    private static int[] byScore(ScoredBlock block) {
        int width = block.width();
        double[] sums = RowChunks.sum(block.rows(), width, (from, to, columnSums) -> {
            for (int i = from * width; i < to * width; i++) {
                if (block.kept(i)) {
                    columnSums[i % width] += block.score()[i];
                }
            }
        });
        // The sort is stable: of equal columns the left one comes first.
        return IntStream.range(0, width)
                .boxed()
                .sorted(Comparator.comparingDouble(j -> -sums[j]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /// The kept scores of one row, the likeliest salient columns first.
    private static final class RowSplit {
        private final double[] values;
        private final int[] place;
        private final double[] residual;
        private int size;

        RowSplit(int width) {
            values = new double[width];
            place = new int[width];
            residual = new double[width];
        }

        void gather(ScoredBlock block, int row, int[] order) {
            size = 0;
            for (int p = 0; p < order.length; p++) {
                int i = row * order.length + order[p];
                if (block.kept(i)) {
                    values[size] = block.score()[i];
                    place[size++] = p;
                }
            }
        }

        /// Adds the error of c salient columns to `sums[c]`, for c from 1 below `limit`.
        void addErrors(int limit, double[] sums) {
            int salient = 0;
            double error = Double.NaN;
            for (int c = 1; c < limit; c++) {
                int before = salient;
                while (salient < size && place[salient] < c) {
                    salient++;
                }
                if (salient != before || c == 1) {
                    error = twoStageError(0, salient) + twoStageError(salient, size);
                }
                sums[c] += error;
            }
        }

        /// Squared error of residual binarisation, twice (mean, mean magnitude, sign).
        private double twoStageError(int from, int to) {
            System.arraycopy(values, from, residual, 0, to - from);
            binarise(to - from);
            binarise(to - from);
            double sum = 0;
            for (int i = 0; i < to - from; i++) {
                sum += residual[i] * residual[i];
            }
            return sum;
        }

        private void binarise(int n) {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += residual[i];
            }
            double mu = sum / n;
            double magnitude = 0;
            for (int i = 0; i < n; i++) {
                residual[i] -= mu;
                magnitude += Math.abs(residual[i]);
            }
            double alpha = magnitude / n;
            for (int i = 0; i < n; i++) {
                residual[i] -= residual[i] >= 0 ? alpha : -alpha;
            }
        }
    }
}
