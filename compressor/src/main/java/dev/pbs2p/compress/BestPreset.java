package dev.pbs2p.compress;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;

/// The tuned family of algorithm.md section 14, steps 1 to 6: every row has, in each column group, a small codebook of
/// levels and an exact zero, and mask, codes and levels are all sought to lower the error of the output.
///
/// First pass, column group by column group from left to right: start, code descent, swaps and joint levels against
/// what later columns cannot repair, then exact compensation by the later columns. After it, sweeps over all columns
/// against the whole damped Hessian and the original weights; the last one rounds the levels to what is stored.
public final class BestPreset implements Preset {

    /// The preset; it has no settings.
    public BestPreset() {}

    /// @throws IllegalArgumentException if the format has salient columns, which this family does not use
    @Override
    public Codes compress(float[] weight, int rows, int cols, Hessian hessian, PackedFormat format) {
        if (format.salient()) {
            throw new IllegalArgumentException("the best preset makes no salient columns: ask for a format without");
        }
        if (hessian.size() != cols) {
            throw new IllegalArgumentException(
                    "a matrix of " + cols + " columns needs a Hessian of that size, not " + hessian.size());
        }
        return new CodeSearch(weight, Codes.empty(format, rows, cols), hessian).run();
    }
}
