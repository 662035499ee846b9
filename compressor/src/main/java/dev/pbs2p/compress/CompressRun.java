package dev.pbs2p.compress;

import dev.pbs2p.compress.BitAllocation.Candidate;
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
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// One run over the blocks of a model, from the first that is not finished to the file.
final class CompressRun {

    private final CompressJob job;
    private final Model model;
    private final CompressOptions options;
    private final WorkDirectory work;
    private final TuningPlan plan;
    private final long start = System.nanoTime();

    CompressRun(CompressJob job) {
        this.job = job;
        this.model = job.model();
        this.options = job.options();
        this.work = job.work();
        this.plan = job.plan();
    }

    CompressReport run(Path output, Map<String, String> settings) throws IOException {
        double[] cosines = options.coarse() && options.bits() == null ? cosines() : new double[0];
        Map<String, Candidate> chosen =
                options.bits() == null ? Map.of() : new FormatChoice(job).choose(options.bits());
        List<FinishedBlock> finished = new ArrayList<>();
        while (finished.size() < model.blocks() && Files.exists(work.block(finished.size()))) {
            finished.add(FinishedBlock.read(work.block(finished.size())));
        }
        int first = finished.size();
        if (first == 0) {
            embed();
        }
        long blocksStart = System.nanoTime();
        for (int block = first; block < model.blocks(); block++) {
            FinishedBlock done = block(block, formats(block, cosines, chosen));
            job.backend().trim();
            finished.add(done);
            double seconds = (System.nanoTime() - blocksStart) / 1e9;
            double left = seconds / (block + 1 - first) * (model.blocks() - block - 1);
            job.listener()
                    .accept(new CompressEvent.BlockDone(
                            block + 1,
                            model.blocks(),
                            meanError(done.linears()),
                            CompressReport.realBits(linears(finished)),
                            left));
        }
        return finish(output, settings, cosines, chosen, finished);
    }

    /// Seconds that the first block takes.
    double trial() throws IOException {
        embed();
        long begun = System.nanoTime();
        if (options.coarse()) {
            job.pass().run(0, work.hidden(0)); // as much as measuring the block
        }
        block(0, formats(0, new double[model.blocks()], Map.of()));
        return (System.nanoTime() - begun) / 1e9;
    }

    private void embed() throws IOException {
        job.pass().embed(work.hidden(0));
        if (tunesBlocks()) {
            job.pass().embed(work.original(0));
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
        List<LrScore> scores =
                Stream.generate(LrScore::new).limit(model.blocks()).toList();
        job.runOriginal("measuring the blocks", scores::get);
        double[] cosines = scores.stream().mapToDouble(LrScore::mean).toArray();
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

    private FinishedBlock block(int block, Map<String, PackedFormat> formats) throws IOException {
        Map<String, CompressedLinear> linears = compress(block, formats);
        job.backend().trim();
        Tuning.Outcome tuned = null;
        if (tunesBlocks()) {
            Map<String, Codes> codes = new LinkedHashMap<>();
            linears.forEach((name, linear) -> codes.put(name, linear.codes()));
            tuned = new BlockTuning(job).run(block, codes, work.hidden(block), work.original(block + 1));
            tuned.codes().forEach((name, better) -> linears.computeIfPresent(name, (_, old) -> old.with(better)));
        } else {
            linears.forEach(
                    (name, linear) -> job.backend().replace(name, linear.codes().toFloats()));
        }
        if (block + 1 < model.blocks()) {
            job.pass().run(block, work.hidden(block), work.hidden(block + 1));
        }
        job.release(block);
        FinishedBlock done = FinishedBlock.write(work.block(block), linears, job.weights(), tuned);
        Files.delete(work.hidden(block));
        Files.deleteIfExists(work.original(block));
        return done;
    }

    /// The codes of a block's linears, fitted to its inputs; runs the original block too where its output is needed.
    private Map<String, CompressedLinear> compress(int block, Map<String, PackedFormat> formats) throws IOException {
        Map<String, CompressedLinear> results = new LinkedHashMap<>();
        CompressJob.Forward forward = () -> {
            job.pass().run(block, work.hidden(block));
            job.release(block);
        };
        job.forEachLinear(forward, (name, hessian) -> {
            PackedFormat format = Objects.requireNonNull(formats.get(name));
            results.put(name, job.parallel(() -> linear(name, hessian, format)));
        });
        if (tunesBlocks()) {
            job.pass().run(block, work.original(block), work.original(block + 1));
            job.release(block);
        }
        return results;
    }

    private CompressedLinear linear(String name, Hessian hessian, PackedFormat format) {
        Tensor weight = job.original(name);
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
                            .map(block -> String.format(Locale.ROOT, "%.4g to %.4g", block.before(), block.after()))
                            .collect(Collectors.joining(", ")));
        }
        CompressReport.Tuned tuned = null;
        if (plan.modelEpochs() > 0) {
            tuned = new ModelTuning(job).run(files);
            provenance.put("held-out KL before tuning", Double.toString(tuned.before()));
            provenance.put("held-out KL after tuning", Double.toString(tuned.after()));
            files = List.of(work.tuned());
        }
        PackedOutput.write(output, job.weights(), job.weights().used(), files, options, provenance);
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
