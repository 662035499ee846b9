package dev.pbs2p.compress;

import java.util.Arrays;

/// The search for split points: thresholds on the score, shared by the rows of a column group, that divide its kept,
/// non-salient weights into segments with levels of their own.
///
/// Greedy: the first split is the best of 41 quantiles between 10 % and 90 % of all scores, by the squared error of
/// the scores after binarisation of both parts, row by row; then the lower part is split in the same way.
final class SegmentSearch {

    private static final int CANDIDATES = 41;

    private final int width;
    /// The scores of each row, ascending; the part still to be split is the first `size[row]` of them.
    private final float[] sorted;

    private final int[] size;

    private SegmentSearch(ScoredBlock block, boolean[] salient) {
        width = block.width();
        sorted = new float[block.rows() * width];
        size = new int[block.rows()];
        RowChunks.forEach(size.length, (from, to) -> {
            for (int row = from; row < to; row++) {
                int at = row * width;
                int end = at;
                for (int j = 0; j < width; j++) {
                    if (!salient[j] && block.kept(at + j)) {
                        sorted[end++] = block.score()[at + j];
                    }
                }
                Arrays.sort(sorted, at, end);
                size[row] = end - at;
            }
        });
    }

    /// At most `segments` - 1 thresholds, ascending; a weight is in segment i if i of them are not above its score.
    /// There are fewer where fewer than four weights are left to be split.
    static float[] thresholds(ScoredBlock block, boolean[] salient, int segments) {
        SegmentSearch search = new SegmentSearch(block, salient);
        float[] found = new float[segments - 1];
        int count = 0;
        while (count < found.length) {
            float[] all = search.remaining();
            if (all.length < 4) {
                break;
            }
            found[count++] = search.split(quantiles(all));
        }
        float[] out = Arrays.copyOf(found, count);
        Arrays.sort(out);
        return out;
    }

    /// The segment of a score.
    static int segment(float[] thresholds, float score) {
        int segment = 0;
        while (segment < thresholds.length && score >= thresholds[segment]) {
            segment++;
        }
        return segment;
    }

    private float[] remaining() {
        float[] all = new float[Arrays.stream(size).sum()];
        int end = 0;
        for (int row = 0; row < size.length; row++) {
            System.arraycopy(sorted, row * width, all, end, size[row]);
            end += size[row];
        }
        Arrays.parallelSort(all);
        return all;
    }

    /// Different quantiles from 10 % to 90 %, linearly interpolated.
    private static float[] quantiles(float[] ascending) {
        float[] out = new float[CANDIDATES];
        int count = 0;
        for (int i = 0; i < CANDIDATES; i++) {
            double place = (0.1 + 0.8 * i / (CANDIDATES - 1)) * (ascending.length - 1);
            int below = (int) place;
            double low = ascending[below];
            double high = ascending[Math.min(below + 1, ascending.length - 1)];
            float value = (float) (low + (high - low) * (place - below));
            if (count == 0 || value > out[count - 1]) {
                out[count++] = value;
            }
        }
        return Arrays.copyOf(out, count);
    }

    /// Finds the best candidate and goes on with the scores below it.
    private float split(float[] candidates) {
        double[] errors = RowChunks.sum(size.length, candidates.length, (from, to, sums) -> {
            PrefixSums prefix = new PrefixSums(width);
            for (int row = from; row < to; row++) {
                prefix.gather(sorted, row * width, size[row]);
                prefix.addErrors(candidates, sums);
            }
        });
        int best = 0;
        for (int i = 1; i < errors.length; i++) {
            if (errors[i] < errors[best]) {
                best = i;
            }
        }
        for (int row = 0; row < size.length; row++) {
            while (size[row] > 0 && sorted[row * width + size[row] - 1] >= candidates[best]) {
                size[row]--;
            }
        }
        return candidates[best];
    }

    /// Sums over the first i of one row's ascending scores: the error of any interval of scores from two of them.
    private static final class PrefixSums {
        private final double[] value;
        private final double[] sum;
        private final double[] squares;
        private int size;

        PrefixSums(int width) {
            value = new double[width];
            sum = new double[width + 1];
            squares = new double[width + 1];
        }

        void gather(float[] ascending, int at, int count) {
            size = count;
            for (int i = 0; i < count; i++) {
                double v = ascending[at + i];
                value[i] = v;
                sum[i + 1] = sum[i] + v;
                squares[i + 1] = squares[i] + v * v;
            }
        }

        void addErrors(float[] candidates, double[] sums) {
            int low = 0;
            double error = error(0, 0) + error(0, size);
            for (int c = 0; c < candidates.length; c++) {
                int before = low;
                while (low < size && value[low] < candidates[c]) {
                    low++;
                }
                if (low != before) {
                    error = error(0, low) + error(low, size);
                }
                sums[c] += error;
            }
        }

        /// Squared error of binarisation: Σ(v − μ)² − n·α² with μ the mean and α the mean of |v − μ|.
        private double error(int from, int to) {
            int n = to - from;
            if (n < 2) {
                return 0;
            }
            double mu = (sum[to] - sum[from]) / n;
            int place = Arrays.binarySearch(value, from, to, mu);
            int above = place >= 0 ? place : -place - 1;
            double magnitude = sum[to] - 2 * sum[above] + sum[from] + (2 * above - from - to) * mu;
            double squared = squares[to] - squares[from] - n * mu * mu - magnitude * magnitude / n;
            return Math.max(0, squared);
        }
    }
}
