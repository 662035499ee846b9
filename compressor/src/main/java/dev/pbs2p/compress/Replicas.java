package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.TorchBackend;
import dev.pbs2p.generate.Model;
import dev.pbs2p.model.Models;
import dev.pbs2p.tensor.Codes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// More models like the one that is compressed, as the original was: they help it to take gradients.
final class Replicas implements AutoCloseable {

    /// Windows of a step of tuning, which the models share out.
    static final int BATCH = 4;

    /// Weights up to which the gradients of two models cost little memory, and the products of one gain little from
    /// several threads.
    private static final long SMALL = 1L << 26;

    private final List<Model> models = new ArrayList<>();

    Replicas(CompressJob job, int count) {
        for (int i = 0; i < count; i++) {
            models.add(Models.open(job.weights(), new TorchBackend(job.options().threads())));
        }
    }

    /// How many models should tune so many weights side by side.
    static int count(CompressOptions options, long weights) {
        return weights <= SMALL ? Math.min(BATCH, options.threads()) : 1;
    }

    /// How many models should tune these codes side by side.
    static int count(CompressOptions options, Collection<Codes> codes) {
        return count(
                options, codes.stream().mapToLong(code -> code.code().length).sum());
    }

    List<Model> models() {
        return models;
    }

    /// These and another one in front.
    List<Model> with(Model first) {
        List<Model> all = new ArrayList<>(models);
        all.addFirst(first);
        return all;
    }

    @Override
    public void close() {
        for (Model model : models) {
            model.close();
            model.backend().close();
        }
    }
}
