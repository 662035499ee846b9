package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.TorchBackend;
import dev.pbs2p.format.FormatException;
import dev.pbs2p.generate.Model;
import dev.pbs2p.model.Models;
import dev.pbs2p.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;

/// Compresses a model: calibrates, then compresses one transformer block after another, each on what the compressed
/// blocks before it give, and writes a `.pbs2p`.
///
/// One block is in memory at a time. What is finished lies in a directory beside the output; a run that was killed
/// continues there and writes the same bytes. Embeddings, norms and head are stored in 16 bits.
public final class Compressor {

    private final Checkpoint source;
    private final CompressOptions options;
    private final Consumer<CompressEvent> listener;

    /// @param source an uncompressed checkpoint
    /// @param listener hears progress, on the calling thread
    public Compressor(Checkpoint source, CompressOptions options, Consumer<CompressEvent> listener) {
        this.source = source;
        this.options = options;
        this.listener = listener;
    }

    /// Makes `output`; the file there, if any, is replaced at the end in one step.
    ///
    /// @throws FormatException if the checkpoint cannot be used, or what lies beside the output is an unfinished
    ///     compression with other settings
    /// @throws IllegalStateException if memory or disk do not suffice
    /// @throws IOException if a file cannot be written
    public CompressReport compress(Calibration calibration, Path output) throws IOException {
        UsedWeights weights = new UsedWeights(source);
        try (TorchBackend backend = new TorchBackend(options.threads());
                Model model = Models.open(weights, backend);
                ForkJoinPool pool = new ForkJoinPool(options.threads())) {
            CompressOptions options = resolved(model, weights);
            plan(model, weights, options, output);
            int window = window(model);
            weights.check();
            Map<String, String> settings = settings(weights, options, calibration, window);
            WorkDirectory work = WorkDirectory.open(WorkDirectory.beside(output), settings);
            int[] ids = windows(model, calibration, work, window);
            settings.put("windows sha256", Digests.ints(ids));
            BlockPass pass = new BlockPass(model, ids, window);
            CompressJob job = new CompressJob(model, backend, weights, options, pass, work, pool, listener);
            return new CompressRun(job).run(output, settings);
        }
    }

    /// Compresses the first block on random tokens and forgets it again, to tell what the whole model will take.
    ///
    /// @param output where the model would be written; files of the trial lie beside it while it runs
    /// @throws FormatException if the checkpoint cannot be used
    /// @throws IllegalStateException if memory or disk do not suffice
    /// @throws IOException if a file cannot be written
    public Trial trial(Path output) throws IOException {
        UsedWeights weights = new UsedWeights(source);
        try (TorchBackend backend = new TorchBackend(options.threads());
                Model model = Models.open(weights, backend);
                ForkJoinPool pool = new ForkJoinPool(options.threads())) {
            CompressOptions options = resolved(model, weights);
            Preflight needs = plan(model, weights, options, output);
            weights.check();
            int window = window(model);
            int[] ids = new SplittableRandom(options.seed())
                    .ints((long) options.windows() * window, 0, model.vocabulary())
                    .toArray();
            WorkDirectory work = WorkDirectory.open(output.resolveSibling(output.getFileName() + ".trial"), Map.of());
            try {
                BlockPass pass = new BlockPass(model, ids, window);
                CompressJob job = new CompressJob(model, backend, weights, options, pass, work, pool, listener);
                return new Trial(needs, job.plan(), model.blocks(), new CompressRun(job).trial());
            } finally {
                work.delete();
            }
        }
    }

    /// The options with the tuning that the machine's memory allows, where the user leaves it open.
    private CompressOptions resolved(Model model, UsedWeights weights) {
        if (options.tuning() != null) {
            return options;
        }
        CompressOptions whole = options.withTuning(TuningPlan.MODEL);
        return needs(model, weights, whole).fits() ? whole : options.withTuning(TuningPlan.BLOCK);
    }

    /// What `options` will need, told to the listener; refused if the machine does not have it.
    private Preflight plan(Model model, UsedWeights weights, CompressOptions options, Path output) throws IOException {
        Preflight needs = needs(model, weights, options);
        needs.check(output);
        listener.accept(new CompressEvent.Planned(needs, Objects.requireNonNull(options.tuning())));
        return needs;
    }

    private Preflight needs(Model model, UsedWeights weights, CompressOptions options) {
        return Preflight.of(model, weights.used(), options, (long) options.windows() * window(model));
    }

    /// Tokens of a window.
    private int window(Model model) {
        return Math.min(options.window(), model.context());
    }

    private static Map<String, String> settings(
            UsedWeights weights, CompressOptions options, Calibration calibration, int window) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("source sha256", Digests.weights(weights.used()));
        settings.putAll(options.describe());
        settings.put("window", "" + window);
        settings.put(
                CompressOptions.CALIBRATION,
                switch (calibration) {
                    case CalibrationText text -> text.describe();
                    case Calibration.Sampled _ -> "written by the model itself";
                });
        return settings;
    }

    private int[] windows(Model model, Calibration calibration, WorkDirectory work, int window) throws IOException {
        if (work.windows().isPresent()) {
            return work.windows().get();
        }
        int count = options.windows();
        int[] ids = switch (calibration) {
            case CalibrationText text -> text.windows(count, window, options.seed());
            case Calibration.Sampled start -> {
                int steps = SelfCalibration.steps(count, window);
                yield SelfCalibration.write(
                        model,
                        start,
                        count,
                        window,
                        options.seed(),
                        done -> listener.accept(new CompressEvent.Stage("writing calibration text", done, steps, "")));
            }
        };
        work.saveWindows(ids);
        return ids;
    }
}
