package dev.pbs2p.eval;

import java.util.Arrays;

/// The mean of a per-prediction score over each window.
final class WindowMeans {

    private final double[] means;

    WindowMeans(double... means) {
        this.means = means;
    }

    int windows() {
        return means.length;
    }

    double mean() {
        return Arrays.stream(means).sum() / means.length;
    }

    /// Standard error of the mean, windows taken as independent; NaN for a single window.
    double standardError() {
        double mean = mean();
        double squares = Arrays.stream(means).map(m -> (m - mean) * (m - mean)).sum();
        return Math.sqrt(squares / (means.length - 1) / means.length);
    }
}
