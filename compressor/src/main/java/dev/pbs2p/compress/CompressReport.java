package dev.pbs2p.compress;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a compression made; plain values, ready for JSON.
///
/// @param pattern N:M asked for; `mixed` if bits were
/// @param nominalBits bits a weight as the paper counts them (eq. 11)
/// @param realBits bits a weight of the compressed linears, everything counted
/// @param bytes size of the file
/// @param weights number of weights in the compressed linears
/// @param seconds time of this run
/// @param lr mean cosine between what enters and what leaves each block; empty without the coarse stage
/// @param blockTuning what tuning gained in each block: mean squared error of its output on held-out windows; empty
///     without it
/// @param tuning what tuning of the whole model gained: mean KL divergence from the original on held-out windows;
///     absent without it
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
        List<Tuned> blockTuning,
        @Nullable Tuned tuning,
        List<Linear> linears) {

    public CompressReport {
        lr = List.copyOf(lr);
        blockTuning = List.copyOf(blockTuning);
        linears = List.copyOf(linears);
    }

    /// A loss on held-out calibration windows before and after a stage of tuning.
    public record Tuned(double before, double after) {}

    /// One linear.
    ///
    /// @param pattern its own N:M
    /// @param format its own format in words
    /// @param rSalient share of salient columns
    /// @param error relative output error ‖WX − ŴX‖² / ‖WX‖² on the calibration inputs
    /// @param bytes in the file
    /// @param seconds that compressing it took
    /// @param damage why it has this format under a budget of bits: how much the predictions diverge (KL) when this
    ///     linear alone is compressed like that; absent without a budget
    public record Linear(
            String name,
            int rows,
            int cols,
            String pattern,
            String format,
            double rSalient,
            double error,
            double nominalBits,
            double realBits,
            long bytes,
            double seconds,
            @Nullable Double damage) {

        long weights() {
            return (long) rows * cols;
        }

        /// With the damage of the candidate that it was chosen as, if any.
        Linear chosen(BitAllocation.@Nullable Candidate candidate) {
            return candidate == null
                    ? this
                    : new Linear(
                            name,
                            rows,
                            cols,
                            pattern,
                            format,
                            rSalient,
                            error,
                            nominalBits,
                            realBits,
                            bytes,
                            seconds,
                            candidate.damage());
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
