package dev.pbs2p.compress;

/// The score of one column group and its N:M mask: what the searches for salient columns and segments look at.
///
/// @param rows rows of the linear
/// @param width columns of the group
/// @param score rows × width, not negative
/// @param step rows × width: [#KEPT], or the step (0, 1, …) of the stepwise pruning that removes the weight
@SuppressWarnings("ArrayRecordComponent")
record ScoredBlock(int rows, int width, float[] score, byte[] step) {

    /// The weight is in no sub-mask.
    static final byte KEPT = -1;

    boolean kept(int index) {
        return step[index] == KEPT;
    }
}
