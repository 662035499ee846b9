package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.Tuning;
import dev.pbs2p.generate.Model;
import dev.pbs2p.tensor.Codes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/// Tunes levels and norms of one block right after its codes: fed by its compressed predecessors, it should give what
/// the original block gives in the original model (algorithm.md section 14, step 7). One block is in memory.
final class BlockTuning {

    private static final double RATE = 0.05;
    private static final int BATCH = 4;

    private final Model model;
    private final int epochs;
    private final long seed;
    private final BlockPass pass;
    private final Consumer<CompressEvent> listener;

    BlockTuning(Model model, int epochs, long seed, BlockPass pass, Consumer<CompressEvent> listener) {
        this.model = model;
        this.epochs = epochs;
        this.seed = seed;
        this.pass = pass;
        this.listener = listener;
    }

    /// Leaves the model's backend with what comes out.
    ///
    /// @param codes of all linears of the block
    /// @param in hidden states that enter it
    /// @param target hidden states that should leave it
    Tuning.Outcome run(int block, Map<String, Codes> codes, Path in, Path target) throws IOException {
        try (HiddenStates inputs = pass.open(in);
                HiddenStates targets = pass.open(target)) {
            Tuning tuning = Tuning.ofBlock(
                    model, block, codes, w -> pass.read(inputs, w, 1), w -> pass.read(targets, w, 1), pass.window());
            TuningSchedule schedule = new TuningSchedule(epochs, RATE, BATCH, seed + block);
            String stage = "tuning block " + (block + 1);
            return tuning.run(
                    pass.windows(),
                    schedule,
                    (step, steps, loss) -> listener.accept(
                            new CompressEvent.Stage(stage, step, steps, "squared error %.4g".formatted(loss))),
                    _ -> {});
        }
    }
}
