package dev.pbs2p.compress;

/// What compressing a whole model will take, from its first block.
///
/// @param needs memory and disk
/// @param tuning how the model will be tuned; what tuning the whole model takes is not in the time
/// @param blocks of the model
/// @param secondsABlock that the first block took, with all that belongs to a block
public record Trial(Preflight needs, TuningPlan tuning, int blocks, double secondsABlock) {

    /// For all blocks.
    public double seconds() {
        return blocks * secondsABlock;
    }
}
