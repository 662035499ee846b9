package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.InputCapture;
import dev.pbs2p.compress.torch.TorchBackend;
import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.format.Pbs2pWriter;
import dev.pbs2p.generate.Model;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// One run over the blocks of a model, from the first that is not finished to the file.
final class CompressRun {

    private static final String ERROR = "error:";
    private static final String SECONDS = "seconds:";

    private final Model model;
    private final TorchBackend backend;
    private final UsedWeights weights;
    private final CompressOptions options;
    private final BlockPass pass;
    private final WorkDirectory work;
    private final Consumer<CompressEvent> listener;
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
        this.pass = pass;
        this.work = work;
        this.listener = listener;
    }

    CompressReport run(Path output, Map<String, String> settings) throws IOException {
        double[] cosines = options.coarse() ? cosines() : new double[0];
        List<CompressReport.Linear> linears = new ArrayList<>();
        int first = 0;
        for (; first < model.blocks() && Files.exists(work.block(first)); first++) {
            linears.addAll(finished(work.block(first)));
        }
        if (first == 0) {
            pass.embed(work.hidden(0));
        }
        try (ForkJoinPool pool = new ForkJoinPool(options.threads())) {
            long blocksStart = System.nanoTime();
            for (int block = first; block < model.blocks(); block++) {
                List<CompressReport.Linear> done = block(block, format(block, cosines), pool);
                linears.addAll(done);
                double seconds = (System.nanoTime() - blocksStart) / 1e9;
                double left = seconds / (block + 1 - first) * (model.blocks() - block - 1);
                listener.accept(new CompressEvent.BlockDone(
                        block + 1, model.blocks(), meanError(done), CompressReport.realBits(linears), left));
            }
        }
        return finish(output, settings, cosines, linears);
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
            backend.release(model.linears(block));
            Files.delete(work.original(block));
            cosines[block] = score.mean();
            listener.accept(new CompressEvent.Stage("measuring the blocks", block + 1, cosines.length));
        }
        Files.delete(work.original(cosines.length));
        work.saveCosines(cosines);
        return cosines;
    }

    private PackedFormat format(int block, double[] cosines) {
        PackedFormat f = options.format();
        int n = options.coarse() ? CoarseToFine.allocate(cosines, f.n(), f.m())[block] : f.n();
        return new PackedFormat(n, f.m(), f.strided(), f.group(), f.segments(), f.symmetric(), f.salient());
    }

    private List<CompressReport.Linear> block(int block, PackedFormat format, ForkJoinPool pool) throws IOException {
        Map<String, CompressedLinear> results = new LinkedHashMap<>();
        try (InputCapture capture = new InputCapture(backend)) {
            pass.run(block, work.hidden(block));
            backend.release(model.linears(block));
            for (InputCapture.Inputs inputs : capture.inputs()) {
                // The mean over windows, twice: the second derivative of the squared output error.
                Hessian hessian = new Hessian(inputs.sum(2.0 / pass.windows()), inputs.size());
                for (String name : inputs.layers()) {
                    results.put(
                            name,
                            pool.submit(() -> linear(name, hessian, format)).join());
                }
            }
        }
        results.forEach((name, result) -> backend.replace(name, result.dense()));
        if (block + 1 < model.blocks()) {
            pass.run(block, work.hidden(block), work.hidden(block + 1), (in, out, cols) -> {});
        }
        backend.release(model.linears(block));
        save(work.block(block), results);
        Files.delete(work.hidden(block));
        return results.values().stream().map(CompressedLinear::report).toList();
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

    private static void save(Path file, Map<String, CompressedLinear> results) throws IOException {
        Pbs2pWriter writer = new Pbs2pWriter();
        results.forEach((name, result) -> {
            PackedMatrix packed = result.packed();
            writer.packed(name, packed.format(), packed.rows(), packed.cols());
            writer.provenance(ERROR + name, Double.toString(result.report().error()));
            writer.provenance(SECONDS + name, Double.toString(result.report().seconds()));
        });
        writer.write(file, name -> Objects.requireNonNull(results.get(name)).packed());
    }

    private static List<CompressReport.Linear> finished(Path file) {
        try (Pbs2pFile block = Pbs2pFile.open(file)) {
            Map<String, String> notes = block.provenance();
            return notes.keySet().stream()
                    .filter(key -> key.startsWith(ERROR))
                    .map(key -> key.substring(ERROR.length()))
                    .map(name -> CompressedLinear.report(
                            name,
                            (PackedMatrix) block.weight(name),
                            Double.parseDouble(notes.get(ERROR + name)),
                            Double.parseDouble(notes.get(SECONDS + name))))
                    .toList();
        }
    }

    private CompressReport finish(
            Path output, Map<String, String> settings, double[] cosines, List<CompressReport.Linear> linears)
            throws IOException {
        Map<String, String> provenance = new LinkedHashMap<>(settings);
        linears.forEach(linear -> provenance.put(ERROR + linear.name(), Double.toString(linear.error())));
        List<Path> files =
                IntStream.range(0, model.blocks()).mapToObj(work::block).toList();
        CompressReport.Tuned tuned = null;
        if (options.tuneEpochs() > 0) {
            tuned = new ModelTuning(model, weights, options, pass, work, listener).run(files);
            provenance.put("held-out KL before tuning", Double.toString(tuned.before()));
            provenance.put("held-out KL after tuning", Double.toString(tuned.after()));
            files = List.of(work.tuned());
        }
        PackedOutput.write(output, weights, weights.used(), files, provenance);
        work.delete();
        return new CompressReport(
                options.method().name(),
                options.format().pattern(),
                settings.getOrDefault(CompressOptions.CALIBRATION, ""),
                CompressReport.nominalBits(linears),
                CompressReport.realBits(linears),
                Files.size(output),
                linears.stream().mapToLong(CompressReport.Linear::weights).sum(),
                (System.nanoTime() - start) / 1e9,
                Arrays.stream(cosines).boxed().toList(),
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
