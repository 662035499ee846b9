package dev.pbs2p.compress;

import java.util.stream.IntStream;

/// The coarse stage's score of a block (eq. 9): the cosine between the hidden state that enters and the one that
/// leaves, averaged over tokens. One cosine over all values would let a few tokens with huge values decide.
final class LrScore implements BlockPass.Watch {

    private double sum;
    private long tokens;

    @Override
    public void see(float[] in, float[] out, int cols) {
        int rows = in.length / cols;
        double[] cosines = IntStream.range(0, rows)
                .parallel()
                .mapToDouble(row -> cosine(in, out, row * cols, cols))
                .toArray();
        for (double cosine : cosines) {
            sum += cosine;
        }
        tokens += rows;
    }

    double mean() {
        return sum / tokens;
    }

    private static double cosine(float[] a, float[] b, int at, int cols) {
        double product = 0;
        double squaresA = 0;
        double squaresB = 0;
        for (int i = at; i < at + cols; i++) {
            product += (double) a[i] * b[i];
            squaresA += (double) a[i] * a[i];
            squaresB += (double) b[i] * b[i];
        }
        double norms = Math.sqrt(squaresA * squaresB);
        return norms == 0 ? 1 : product / norms;
    }
}
