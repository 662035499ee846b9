package dev.pbs2p.compress;

import dev.pbs2p.compress.BitAllocation.Candidate;
import dev.pbs2p.compress.torch.Predictions;
import dev.pbs2p.generate.Model;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// The coarse stage of preset `best`: shares a budget of real bits among the linears of a model.
///
/// Each linear is compressed alone in every one of [CandidateFormats], and the damage measured: the mean KL divergence
/// of the model's predictions from the original's on a few windows. [BitAllocation] then chooses. The original model is
/// in memory as a whole.
final class FormatChoice {

    /// Windows whose inputs the codes of this stage are fitted to.
    private static final int FITTED = 64;

    /// Windows on which damage is measured.
    private static final int PROBES = 2;

    private static final double SLIGHTLY_LESS = 0.999;

    /// What rounding makes of a divergence that is none.
    private static final double NO_DAMAGE = 1e-9;

    private final CompressJob job;
    private final Model model;
    private final WorkDirectory work;

    FormatChoice(CompressJob job) {
        this.job = job.first(FITTED);
        this.model = job.model();
        this.work = job.work();
    }

    /// The candidate of every linear.
    ///
    /// @param bits real bits a weight that all of them may take together
    /// @throws IllegalArgumentException if the smallest candidates take more
    Map<String, Candidate> choose(double bits) throws IOException {
        List<String> names = new ArrayList<>();
        List<List<Candidate>> candidates = new ArrayList<>();
        long count = 0;
        measure();
        for (int block = 0; block < model.blocks(); block++) {
            double[] damages = work.damages(block).orElseThrow();
            int at = 0;
            for (String name : model.linears(block)) {
                List<Candidate> own = new ArrayList<>();
                for (PackedFormat format : CandidateFormats.all()) {
                    own.add(new Candidate(format, bytes(name, format), damages[at++]));
                }
                names.add(name);
                candidates.add(falling(own));
                count += job.original(name).size();
            }
        }
        List<Candidate> chosen = BitAllocation.choose(candidates, (long) (count * bits / 8));
        Map<String, Candidate> byName = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            byName.put(names.get(i), chosen.get(i));
        }
        return byName;
    }

    /// Candidates ascending in size, with damages that fall: where a larger one measured worse, that was noise, and a
    /// budget is there to be used.
    static List<Candidate> falling(List<Candidate> candidates) {
        List<Candidate> out = new ArrayList<>();
        double damage = Double.POSITIVE_INFINITY;
        for (Candidate candidate : candidates.stream()
                .sorted(Comparator.comparingLong(Candidate::bytes))
                .toList()) {
            damage = Math.min(Math.max(candidate.damage(), NO_DAMAGE), damage * SLIGHTLY_LESS);
            out.add(new Candidate(candidate.format(), candidate.bytes(), damage));
        }
        return out;
    }

    private long bytes(String name, PackedFormat format) {
        Tensor weight = job.original(name);
        return CandidateFormats.bytes(format, weight.rows(), weight.cols());
    }

    /// Sees to it that the damages of all blocks are in the work directory.
    private void measure() throws IOException {
        int first = 0;
        while (first < model.blocks() && work.damages(first).isPresent()) {
            first++;
        }
        if (first == model.blocks()) {
            return;
        }
        if (first == 0) {
            job.pass().embed(work.original(0));
        }
        int probes = Math.min(PROBES, job.pass().windows());
        int[] ids = Arrays.copyOf(job.pass().ids(), probes * job.pass().window());
        try (Predictions predictions = new Predictions(model, ids, probes)) {
            for (int block = 0; block < model.blocks(); block++) {
                if (block >= first) {
                    work.saveDamages(block, damages(block, probes, predictions));
                    Files.delete(work.original(block));
                }
                job.release(block); // from now on only the blocks after it are run
            }
        }
    }

    /// Linear by linear, candidate by candidate.
    private double[] damages(int block, int probes, Predictions predictions) throws IOException {
        List<String> linears = model.linears(block);
        int count = CandidateFormats.all().size();
        double[] damages = new double[linears.size() * count];
        float[] entering;
        try (HiddenStates in = job.pass().open(work.original(block))) {
            entering = job.pass().read(in, 0, probes);
        }
        AtomicInteger done = new AtomicInteger(block * linears.size());
        job.forEachLinear(
                () -> job.pass().run(block, work.original(block), work.original(block + 1)), (name, hessian) -> {
                    int at = count * linears.indexOf(name);
                    for (int c = 0; c < count; c++) {
                        PackedFormat format = CandidateFormats.all().get(c);
                        job.backend().replace(name, job.parallel(() -> compressed(name, hessian, format)));
                        damages[at + c] = predictions.divergence(model, block, entering);
                    }
                    job.backend().release(List.of(name));
                    job.listener()
                            .accept(new CompressEvent.Stage(
                                    "measuring how sensitive the linears are",
                                    done.incrementAndGet(),
                                    model.blocks() * linears.size(),
                                    ""));
                });
        return damages;
    }

    private float[] compressed(String name, Hessian hessian, PackedFormat format) {
        Tensor weight = job.original(name);
        return job.options()
                .method()
                .preset()
                .compress(weight.toFloats(), weight.rows(), weight.cols(), hessian, format)
                .toFloats();
    }
}
