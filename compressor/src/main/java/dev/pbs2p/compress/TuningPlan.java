package dev.pbs2p.compress;

/// How long levels and norms are tuned, and against what (algorithm.md section 14, steps 7 and 8).
///
/// @param blockEpochs passes over the windows after the codes of each block, so that the block gives the original
///     block's output; one block is in memory
/// @param modelEpochs passes over the windows at the end, so that the model gives the original's predictions; the
///     whole compressed model is in memory
public record TuningPlan(int blockEpochs, int modelEpochs) {

    /// Nothing is tuned.
    public static final TuningPlan NONE = new TuningPlan(0, 0);

    /// The plan for a model that can be tuned as a whole in memory.
    public static final TuningPlan MODEL = new TuningPlan(1, 2);

    /// The plan for a larger one.
    public static final TuningPlan BLOCK = new TuningPlan(1, 0);

    public TuningPlan {
        if (blockEpochs < 0 || modelEpochs < 0) {
            throw new IllegalArgumentException("tuning takes 0 or more epochs, not " + blockEpochs + " a block and "
                    + modelEpochs + " for the model");
        }
    }

    /// Whether anything moves.
    public boolean any() {
        return blockEpochs + modelEpochs > 0;
    }

    /// For example `block by block (1 epoch), then the whole model (2 epochs)`.
    @Override
    public String toString() {
        String block = blockEpochs > 0 ? "block by block (" + epochs(blockEpochs) + ")" : "";
        String model = modelEpochs > 0 ? "the whole model (" + epochs(modelEpochs) + ")" : "";
        return any() ? block + (block.isEmpty() || model.isEmpty() ? "" : ", then ") + model : "none";
    }

    private static String epochs(int count) {
        return count == 1 ? "1 epoch" : count + " epochs";
    }
}
