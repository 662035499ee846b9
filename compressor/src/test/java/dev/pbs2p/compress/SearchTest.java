package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.PackedFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The searches against their definitions, written out.
class SearchTest {

    private static ScoredBlock block(int rows, int width, int n, int m) {
        PackedFormat format = new PackedFormat(n, m, false, 128, 1, false, false);
        float[] diagonal = new float[width];
        Arrays.fill(diagonal, 1);
        return CoarseToFine.fine(Samples.weights(rows, width, rows), rows, diagonal, NmGroups.of(format, width));
    }

    /// Squared error after `stages` binarisations of what is left.
    private static double error(List<Double> values, int stages) {
        double[] rest = values.stream().mapToDouble(Double::doubleValue).toArray();
        for (int stage = 0; stage < stages; stage++) {
            double mu = DoubleStream.of(rest).average().orElse(0);
            double alpha =
                    DoubleStream.of(rest).map(v -> Math.abs(v - mu)).average().orElse(0);
            rest = DoubleStream.of(rest)
                    .map(v -> v - mu - (v >= mu ? alpha : -alpha))
                    .toArray();
        }
        return DoubleStream.of(rest).map(v -> v * v).sum();
    }

    private static double residualError(ScoredBlock block, boolean[] salient) {
        double sum = 0;
        for (int row = 0; row < block.rows(); row++) {
            List<Double> first = new ArrayList<>();
            List<Double> rest = new ArrayList<>();
            for (int j = 0; j < block.width(); j++) {
                int i = row * block.width() + j;
                if (block.kept(i)) {
                    (salient[j] ? first : rest).add((double) block.score()[i]);
                }
            }
            sum += error(first, 2) + error(rest, 2);
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource({"40,128,4,8", "70,100,2,4", "33,20,8,8"})
    void salientColumnsMinimiseTheErrorOfResidualBinarization(int rows, int width, int n, int m) {
        ScoredBlock block = block(rows, width, n, m);
        double[] sums = new double[width];
        for (int i = 0; i < rows * width; i++) {
            sums[i % width] += block.kept(i) ? block.score()[i] : 0;
        }
        int[] order = IntStream.range(0, width)
                .boxed()
                .sorted((a, b) -> Double.compare(sums[b], sums[a]))
                .mapToInt(Integer::intValue)
                .toArray();
        boolean[] best = new boolean[width];
        double least = Double.POSITIVE_INFINITY;
        boolean[] salient = new boolean[width];
        for (int c = 1; c < Math.min(50, width - 1); c++) {
            salient[order[c - 1]] = true;
            double error = residualError(block, salient);
            if (error < least) {
                least = error;
                best = salient.clone();
            }
        }
        assertArrayEquals(best, SalientSearch.columns(block));
    }

    @Test
    void oneColumnIsSalientAtLeast() {
        for (int width : new int[] {1, 2, 3}) {
            boolean[] salient =
                    SalientSearch.columns(new ScoredBlock(2, width, new float[2 * width], keepAll(2 * width)));
            assertEquals(1, IntStream.range(0, width).filter(j -> salient[j]).count());
            assertTrue(salient[0]);
        }
    }

    private static byte[] keepAll(int size) {
        byte[] step = new byte[size];
        Arrays.fill(step, ScoredBlock.KEPT);
        return step;
    }

    private static double splitError(List<List<Double>> rows, float threshold) {
        double sum = 0;
        for (List<Double> row : rows) {
            sum += error(row.stream().filter(v -> v < threshold).toList(), 1);
            sum += error(row.stream().filter(v -> v >= threshold).toList(), 1);
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource({"40,128,4,8,3", "70,100,2,4,4", "9,20,8,8,2"})
    void thresholdsMinimiseTheErrorOfBothParts(int rows, int width, int n, int m, int segments) {
        ScoredBlock block = block(rows, width, n, m);
        boolean[] salient = new boolean[width];
        salient[width / 2] = true;
        List<List<Double>> left = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            List<Double> scores = new ArrayList<>();
            for (int j = 0; j < width; j++) {
                if (!salient[j] && block.kept(row * width + j)) {
                    scores.add((double) block.score()[row * width + j]);
                }
            }
            left.add(scores);
        }
        TreeSet<Float> expected = new TreeSet<>();
        for (int split = 1; split < segments; split++) {
            double[] all = left.stream()
                    .flatMap(List::stream)
                    .mapToDouble(Double::doubleValue)
                    .sorted()
                    .toArray();
            float best = Float.NaN;
            double least = Double.POSITIVE_INFINITY;
            for (int i = 0; i <= 40; i++) {
                double place = (0.1 + 0.02 * i) * (all.length - 1);
                int below = (int) place;
                float candidate = (float) (all[below] + (all[below + 1] - all[below]) * (place - below));
                double error = splitError(left, candidate);
                if (error < least * (1 - 1e-12)) {
                    least = error;
                    best = candidate;
                }
            }
            float threshold = best;
            left.replaceAll(row -> row.stream().filter(v -> v < threshold).toList());
            expected.add(threshold);
        }
        float[] found = SegmentSearch.thresholds(block, salient, segments);
        assertEquals(segments - 1, found.length);
        int i = 0;
        for (float threshold : expected) {
            assertEquals(threshold, found[i++], 1e-6 * threshold);
        }
    }

    @Test
    void tooFewWeightsAreNotSplit() {
        ScoredBlock block = new ScoredBlock(1, 3, new float[] {1, 2, 3}, keepAll(3));
        assertEquals(0, SegmentSearch.thresholds(block, new boolean[3], 4).length);
        ScoredBlock equal = new ScoredBlock(2, 3, new float[] {1, 1, 1, 1, 1, 1}, keepAll(6));
        assertArrayEquals(new float[] {1}, SegmentSearch.thresholds(equal, new boolean[3], 4));
    }

    @Test
    void aScoreOnAThresholdBelongsToTheUpperSegment() {
        float[] thresholds = {1, 2};
        assertEquals(0, SegmentSearch.segment(thresholds, 0.5f));
        assertEquals(1, SegmentSearch.segment(thresholds, 1));
        assertEquals(2, SegmentSearch.segment(thresholds, 2));
        assertEquals(0, SegmentSearch.segment(new float[0], 7));
    }
}
