package dev.pbs2p.compress;

import dev.pbs2p.compress.BitAllocation.Candidate;
import dev.pbs2p.compress.torch.InputCapture;
import dev.pbs2p.compress.torch.TorchBackend;
import dev.pbs2p.compress.torch.Tuning;
import dev.pbs2p.generate.Model;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// One run over the blocks of a model, from the first that is not finished to the file.
final class CompressRun {

    private final Model model;
    private final TorchBackend backend;
    private final UsedWeights weights;
    private final CompressOptions options;
    private final BlockPass pass;
    private final WorkDirectory work;
    private final Consumer<CompressEvent> listener;
    private final TuningPlan plan;
    private final long start = System.nanoTime();

    CompressRun(
            Model model,
            TorchBackend backend,
            UsedWeights weights,
            CompressOptions options,
            BlockPass pass,
            WorkDirectory work,
            Consumer<CompressEvent> listener) {
        this.model = model;
        this.backend = backend;
        this.weights = weights;
        this.options = options;
        this.plan = Objects.requireNonNull(options.tuning());
        this.pass = pass;
        this.work = work;
        this.listener = listener;
    }

    CompressReport run(Path output, Map<String, String> settings) throws IOException {
        double[] cosines = options.coarse() && options.bits() == null ? cosines() : new double[0];
        Map<String, Candidate> chosen = options.bits() == null
                ? Map.of()
                : new FormatChoice(model, backend, weights, options, pass, work, listener).choose(options.bits());
        List<FinishedBlock> finished = new ArrayList<>();
        while (finished.size() < model.blocks() && Files.exists(work.block(finished.size()))) {
            finished.add(FinishedBlock.read(work.block(finished.size())));
        }
        int first = finished.size();
        if (first == 0) {
            embed();
        }
        try (ForkJoinPool pool = new ForkJoinPool(options.threads())) {
            long blocksStart = System.nanoTime();
            for (int block = first; block < model.blocks(); block++) {
                FinishedBlock done = block(block, formats(block, cosines, chosen), pool);
                finished.add(done);
                double seconds = (System.nanoTime() - blocksStart) / 1e9;
                double left = seconds / (block + 1 - first) * (model.blocks() - block - 1);
                listener.accept(new CompressEvent.BlockDone(
                        block + 1,
                        model.blocks(),
                        meanError(done.linears()),
                        CompressReport.realBits(linears(finished)),
                        left));
            }
        }
        return finish(output, settings, cosines, chosen, finished);
    }

    /// Seconds that the first block takes.
    double trial() throws IOException {
        embed();
        long begun = System.nanoTime();
        if (options.coarse()) {
            pass.run(0, work.hidden(0)); // as much as measuring the block
        }
        try (ForkJoinPool pool = new ForkJoinPool(options.threads())) {
            block(0, formats(0, new double[model.blocks()], Map.of()), pool);
        }
        return (System.nanoTime() - begun) / 1e9;
    }

    private void embed() throws IOException {
        pass.embed(work.hidden(0));
        if (tunesBlocks()) {
            pass.embed(work.original(0));
        }
    }

    private boolean tunesBlocks() {
        return plan.blockEpochs() > 0;
    }

    private static List<CompressReport.Linear> linears(List<FinishedBlock> blocks) {
        return blocks.stream().flatMap(block -> block.linears().stream()).toList();
    }

    /// The score of every block of the original model.
    private double[] cosines() throws IOException {
        if (work.cosines().isPresent()) {
            return work.cosines().get();
        }
        double[] cosines = new double[model.blocks()];
        pass.embed(work.original(0));
        for (int block = 0; block < cosines.length; block++) {
            LrScore score = new LrScore();
            pass.run(block, work.original(block), work.original(block + 1), score);
            release(block);
            Files.delete(work.original(block));
            cosines[block] = score.mean();
            listener.accept(new CompressEvent.Stage("measuring the blocks", block + 1, cosines.length, ""));
        }
        Files.delete(work.original(cosines.length));
        work.saveCosines(cosines);
        return cosines;
    }

    private Map<String, PackedFormat> formats(int block, double[] cosines, Map<String, Candidate> chosen) {
        Map<String, PackedFormat> formats = new HashMap<>();
        for (String name : model.linears(block)) {
            Candidate own = chosen.get(name);
            formats.put(name, own == null ? format(block, cosines) : own.format());
        }
        return formats;
    }

    private PackedFormat format(int block, double[] cosines) {
        PackedFormat f = options.format();
        int n = options.coarse() ? CoarseToFine.allocate(cosines, f.n(), f.m())[block] : f.n();
        return new PackedFormat(n, f.m(), f.strided(), f.group(), f.segments(), f.symmetric(), f.salient());
    }

    private FinishedBlock block(int block, Map<String, PackedFormat> formats, ForkJoinPool pool) throws IOException {
        Map<String, CompressedLinear> linears = compress(block, formats, pool);
        linears.forEach((name, linear) -> backend.replace(name, linear.codes().toFloats()));
        Tuning.Outcome tuned = null;
        if (tunesBlocks()) {
            Map<String, Codes> codes = new LinkedHashMap<>();
            linears.forEach((name, linear) -> codes.put(name, linear.codes()));
            tuned = new BlockTuning(model, plan.blockEpochs(), options.seed(), pass, listener)
                    .run(block, codes, work.hidden(block), work.original(block + 1));
            tuned.codes().forEach((name, better) -> linears.computeIfPresent(name, (_, old) -> old.with(better)));
        }
        if (block + 1 < model.blocks()) {
            pass.run(block, work.hidden(block), work.hidden(block + 1), (in, out, cols) -> {});
        }
        release(block);
        FinishedBlock done = FinishedBlock.write(work.block(block), linears, weights, tuned);
        Files.delete(work.hidden(block));
        Files.deleteIfExists(work.original(block));
        return done;
    }

    /// The codes of a block's linears, fitted to its inputs; runs the original block too where its output is needed.
    private Map<String, CompressedLinear> compress(int block, Map<String, PackedFormat> formats, ForkJoinPool pool)
            throws IOException {
        Map<String, CompressedLinear> results = new LinkedHashMap<>();
        try (InputCapture capture = new InputCapture(backend)) {
            pass.run(block, work.hidden(block));
            release(block);
            for (InputCapture.Inputs inputs : capture.inputs()) {
                // The mean over windows, twice: the second derivative of the squared output error.
                Hessian hessian = new Hessian(inputs.take(2.0 / pass.windows()), inputs.size());
                for (String name : inputs.layers()) {
                    results.put(
                            name,
                            pool.submit(() -> linear(name, hessian, Objects.requireNonNull(formats.get(name))))
                                    .join());
                }
            }
        }
        if (tunesBlocks()) {
            pass.run(block, work.original(block), work.original(block + 1), (in, out, cols) -> {});
            release(block);
        }
        return results;
    }

    /// A block that is done takes no more memory.
    private void release(int block) {
        backend.release(model.linears(block));
        weights.unload(model.linears(block));
    }

    private CompressedLinear linear(String name, Hessian hessian, PackedFormat format) {
        Tensor weight = (Tensor) weights.weight(name);
        return CompressedLinear.of(
                name,
                weight.toFloats(),
                weight.rows(),
                weight.cols(),
                hessian,
                format,
                options.method().preset());
    }

    private CompressReport finish(
            Path output,
            Map<String, String> settings,
            double[] cosines,
            Map<String, Candidate> chosen,
            List<FinishedBlock> blocks)
            throws IOException {
        List<CompressReport.Linear> linears = linears(blocks).stream()
                .map(linear -> linear.chosen(chosen.get(linear.name())))
                .toList();
        Map<String, String> provenance = new LinkedHashMap<>(settings);
        linears.forEach(linear -> provenance.put("error:" + linear.name(), Double.toString(linear.error())));
        List<Path> files =
                IntStream.range(0, model.blocks()).mapToObj(work::block).toList();
        List<CompressReport.Tuned> tunedBlocks = blocks.stream()
                .map(FinishedBlock::tuning)
                .filter(Objects::nonNull)
                .toList();
        if (!tunedBlocks.isEmpty()) {
            provenance.put(
                    "held-out squared error of the blocks",
                    tunedBlocks.stream()
                            .map(block -> "%.4g to %.4g".formatted(block.before(), block.after()))
                            .collect(Collectors.joining(", ")));
        }
        CompressReport.Tuned tuned = null;
        if (plan.modelEpochs() > 0) {
            tuned = new ModelTuning(model, weights, options, plan.modelEpochs(), pass, work, listener).run(files);
            provenance.put("held-out KL before tuning", Double.toString(tuned.before()));
            provenance.put("held-out KL after tuning", Double.toString(tuned.after()));
            files = List.of(work.tuned());
        }
        PackedOutput.write(output, weights, weights.used(), files, provenance);
        work.delete();
        return new CompressReport(
                options.method().name(),
                options.bits() == null ? options.format().pattern() : "mixed",
                settings.getOrDefault(CompressOptions.CALIBRATION, ""),
                CompressReport.nominalBits(linears),
                CompressReport.realBits(linears),
                Files.size(output),
                linears.stream().mapToLong(CompressReport.Linear::weights).sum(),
                (System.nanoTime() - start) / 1e9,
                Arrays.stream(cosines).boxed().toList(),
                tunedBlocks,
                tuned,
                linears);
    }

    private static double meanError(List<CompressReport.Linear> linears) {
        return linears.stream()
                .mapToDouble(CompressReport.Linear::error)
                .average()
                .orElse(0);
    }
}
