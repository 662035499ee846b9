package dev.pbs2p.compress;

/// What a [Compressor] is doing, told while it does it, on the calling thread.
public sealed interface CompressEvent {

    /// Before anything is computed: what it will need, and how it will be tuned.
    record Planned(Preflight needs, TuningPlan tuning) implements CompressEvent {}

    /// Part of a stage before or between the blocks is done.
    ///
    /// @param stage what is being done, for people
    /// @param detail how it goes, for people; may be empty
    record Stage(String stage, int done, int total, String detail) implements CompressEvent {}

    /// A transformer block is compressed and safe on disk.
    ///
    /// @param done blocks done so far, this one included
    /// @param error mean relative output error of its linears
    /// @param realBits real bits a weight of all linears so far
    /// @param secondsLeft estimate for the blocks that are left
    record BlockDone(int done, int blocks, double error, double realBits, double secondsLeft)
            implements CompressEvent {}
}
