package dev.pbs2p.compress;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a compression made; plain values, ready for JSON.
///
/// @param pattern N:M asked for
/// @param nominalBits bits a weight as the paper counts them (eq. 11)
/// @param realBits bits a weight of the compressed linears, everything counted
/// @param bytes size of the file
/// @param weights number of weights in the compressed linears
/// @param seconds time of this run
/// @param lr mean cosine between what enters and what leaves each block; empty without the coarse stage
/// @param tuning what tuning gained; absent without it
/// @param linears every compressed linear, its error before tuning
public record CompressReport(
        String preset,
        String pattern,
        String calibration,
        double nominalBits,
        double realBits,
        long bytes,
        long weights,
        double seconds,
        List<Double> lr,
        @Nullable Tuned tuning,
        List<Linear> linears) {

    public CompressReport {
        lr = List.copyOf(lr);
        linears = List.copyOf(linears);
    }

    /// Mean KL divergence from the original on held-out calibration windows.
    ///
    /// @param before with the codes alone
    /// @param after with tuned levels and norms
    public record Tuned(double before, double after) {}

    /// One linear.
    ///
    /// @param pattern its own N:M
    /// @param rSalient share of salient columns
    /// @param error relative output error ‖WX − ŴX‖² / ‖WX‖² on the calibration inputs
    /// @param bytes in the file
    /// @param seconds that compressing it took
    public record Linear(
            String name,
            int rows,
            int cols,
            String pattern,
            double rSalient,
            double error,
            double nominalBits,
            double realBits,
            long bytes,
            double seconds) {

        long weights() {
            return (long) rows * cols;
        }
    }

    static double realBits(List<Linear> linears) {
        long bytes = linears.stream().mapToLong(Linear::bytes).sum();
        return 8.0 * bytes / linears.stream().mapToLong(Linear::weights).sum();
    }

    static double nominalBits(List<Linear> linears) {
        double bits = linears.stream()
                .mapToDouble(linear -> linear.nominalBits() * linear.weights())
                .sum();
        return bits / linears.stream().mapToLong(Linear::weights).sum();
    }
}
