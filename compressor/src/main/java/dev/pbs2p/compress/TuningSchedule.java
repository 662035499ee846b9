package dev.pbs2p.compress;

/// How far and how long levels and norms are tuned.
///
/// @param epochs passes over the training windows
/// @param rate learning rate of levels and offsets, relative to the mean distance between the levels of their linear;
///     norms take a third of it (absolute: their gains are near 1)
/// @param batch windows of one step
/// @param seed of the order of the windows
public record TuningSchedule(int epochs, double rate, int batch, long seed) {

    private static final int WARM_UP = 20;

    /// The factor of the rate at step 1, 2, …, `total`: a linear warm-up, then a cosine down to 5 %.
    public double factor(int step, int total) {
        double cosine = 0.5 + 0.5 * Math.cos(Math.PI * step / total);
        return Math.min(1, step / (double) WARM_UP) * (0.05 + 0.95 * cosine);
    }
}
