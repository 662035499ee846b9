package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.Tuning;
import dev.pbs2p.compress.torch.Tunings;
import dev.pbs2p.tensor.Codes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/// Tunes levels and norms of one block right after its codes: fed by its compressed predecessors, it should give what
/// the original block gives in the original model (algorithm.md section 14, step 7). One block is in memory.
final class BlockTuning {

    private static final double RATE = 0.05;

    private final CompressJob job;

    BlockTuning(CompressJob job) {
        this.job = job;
    }

    /// Leaves the model's backend with what comes out.
    ///
    /// @param codes of all linears of the block
    /// @param in hidden states that enter it
    /// @param target hidden states that should leave it
    Tuning.Outcome run(int block, Map<String, Codes> codes, Path in, Path target) throws IOException {
        BlockPass pass = job.pass();
        try (Replicas others = new Replicas(job, Replicas.count(job.options(), codes.values()) - 1);
                HiddenStates inputs = pass.open(in);
                HiddenStates targets = pass.open(target)) {
            Tuning tuning = Tunings.block(
                    others.with(job.model()),
                    block,
                    codes,
                    w -> pass.read(inputs, w, 1),
                    w -> pass.read(targets, w, 1),
                    pass.window());
            TuningSchedule schedule = new TuningSchedule(
                    job.plan().blockEpochs(),
                    RATE,
                    Replicas.BATCH,
                    job.options().seed() + block);
            String stage = "tuning block " + (block + 1);
            return tuning.run(
                    pass.windows(),
                    schedule,
                    (step, steps, loss) -> job.listener()
                            .accept(new CompressEvent.Stage(
                                    stage, step, steps, String.format(Locale.ROOT, "squared error %.4g", loss))),
                    _ -> {});
        }
    }
}
