package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.Tuning;
import dev.pbs2p.compress.torch.Tunings;
import dev.pbs2p.format.Packing;
import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.format.Pbs2pWriter;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// The last stage: tunes levels and norms of the whole compressed model against the original's predictions on
/// the calibration windows (algorithm.md section 14, step 8). The compressed model is in memory; of the
/// original, what leaves its last block lies in a file.
final class ModelTuning {

    private static final double RATE = 0.03;

    private final CompressJob job;
    private final WorkDirectory work;

    ModelTuning(CompressJob job) {
        this.job = job;
        this.work = job.work();
    }

    /// Writes [WorkDirectory#tuned()], unless it is there already.
    ///
    /// @param blocks files of the finished blocks
    CompressReport.Tuned run(List<Path> blocks) throws IOException {
        if (Files.exists(work.tuned())) {
            try (Pbs2pFile done = Pbs2pFile.open(work.tuned())) {
                return Objects.requireNonNull(FinishedBlock.tuned(done));
            }
        }
        BlockPass pass = job.pass();
        Path outputs = outputs();
        Map<String, Codes> codes = codes(blocks);
        int count = Replicas.count(job.options(), codes.values());
        try (Replicas others = new Replicas(job, count - 1);
                Replicas originals = new Replicas(job, count);
                HiddenStates states = pass.open(outputs)) {
            Tuning tuning = Tunings.model(
                    others.with(job.model()),
                    originals.models(),
                    codes,
                    pass.ids(),
                    w -> pass.read(states, w, 1),
                    pass.window());
            Optional<byte[]> saved = work.tuning();
            if (saved.isPresent()) {
                tuning.state().restore(new ByteArrayInputStream(saved.get()));
            }
            Tuning.Outcome outcome = tuning.run(
                    pass.windows(),
                    new TuningSchedule(
                            job.plan().modelEpochs(),
                            RATE,
                            Replicas.BATCH,
                            job.options().seed()),
                    (step, steps, loss) -> job.listener()
                            .accept(new CompressEvent.Stage(
                                    "tuning the model",
                                    step,
                                    steps,
                                    String.format(Locale.ROOT, "KL divergence %.4f", loss))),
                    this::save);
            write(outcome);
            return new CompressReport.Tuned(outcome.before(), outcome.after());
        }
    }

    /// What leaves the original's last block. An earlier stage has left the file; if none did, no block was tuned, and
    /// the model is still the original.
    private Path outputs() throws IOException {
        Path outputs = work.original(job.model().blocks());
        if (!Files.exists(outputs)) {
            job.runOriginal("running the original", _ -> (_, _, _) -> {});
        }
        return outputs;
    }

    /// The codes of the finished blocks; their tuned norms go to the backend.
    private Map<String, Codes> codes(List<Path> blocks) {
        Map<String, Codes> codes = new LinkedHashMap<>();
        for (Path path : blocks) {
            try (Pbs2pFile block = Pbs2pFile.open(path)) {
                for (String name : block.names()) {
                    if (block.weight(name) instanceof PackedMatrix packed) {
                        codes.put(name, Packing.unpack(packed));
                    } else if (block.weight(name) instanceof Tensor norm) {
                        job.backend().replace(name, norm.toFloats());
                    }
                }
            }
        }
        return codes;
    }

    private void save(TuningState state) {
        try {
            work.saveTuning(state.save());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(Tuning.Outcome outcome) throws IOException {
        Map<String, Weight> tuned = new LinkedHashMap<>();
        Pbs2pWriter writer = new Pbs2pWriter();
        FinishedBlock.note(writer, outcome);
        outcome.codes().forEach((name, value) -> {
            tuned.put(name, Packing.pack(value));
            writer.packed(name, value.format(), value.rows(), value.cols());
        });
        FinishedBlock.norms(writer, outcome, job.weights(), tuned);
        writer.write(work.tuned(), name -> Objects.requireNonNull(tuned.get(name)));
    }
}
