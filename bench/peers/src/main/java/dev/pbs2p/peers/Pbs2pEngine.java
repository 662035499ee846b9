package dev.pbs2p.peers;

import dev.pbs2p.cli.bench.Benchmark;
import dev.pbs2p.cli.bench.Benchmark.Task;
import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import dev.pbs2p.model.Models;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Loading;
import dev.pbs2p.weights.Checkpoints;
import java.nio.file.Path;
import java.util.List;

/// Ours.
final class Pbs2pEngine implements Engine {

    private final Checkpoint checkpoint;
    private final Backend backend;
    private final Model model;
    private final Benchmark benchmark;
    private final String name;

    Pbs2pEngine(Path file, Loading loading, int threads, List<Task> tasks) {
        this.checkpoint = Checkpoints.open(file);
        checkpoint.load(loading);
        this.backend = Backends.open("auto", new Backends.Settings(threads, 8));
        this.model = Models.open(checkpoint, backend);
        this.benchmark = new Benchmark(model, tasks);
        this.name = "pbs2p " + file.getFileName() + (loading == Loading.HUGE_PAGES ? ", huge pages" : "");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public double run(Task task) {
        return benchmark.run(task);
    }

    @Override
    public void close() {
        benchmark.close();
        model.close();
        backend.close();
        checkpoint.close();
    }
}
