package dev.pbs2p.cli;

import dev.pbs2p.cli.bench.Bandwidth;
import dev.pbs2p.cli.bench.Benchmark;
import dev.pbs2p.cli.bench.Benchmark.Speed;
import dev.pbs2p.cli.bench.Benchmark.Task;
import dev.pbs2p.cli.bench.Measurement;
import dev.pbs2p.cli.bench.Traffic;
import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import dev.pbs2p.model.Models;
import dev.pbs2p.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Measures how fast a model runs on this machine.
@Command(
        name = "bench",
        description = "Measures how fast a model, or random weights in the shape of one, reads and writes tokens here,"
                + " beside the limit that memory sets.")
final class BenchCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", arity = "0..1", converter = ModelPath.class, description = ModelPath.DESCRIPTION)
    private @Nullable Path path;

    @Mixin
    private final ShapeOptions shape = new ShapeOptions();

    @Option(
            names = "-p",
            paramLabel = "TOKENS",
            split = ",",
            defaultValue = "128,512",
            description = "Lengths of prompts to read (default: 128,512).")
    private List<Integer> prompts = List.of();

    @Option(
            names = "-n",
            paramLabel = "TOKENS",
            split = ",",
            defaultValue = "64",
            description = "Numbers of tokens to write (default: 64).")
    private List<Integer> writes = List.of();

    @Option(
            names = "-t",
            paramLabel = "THREADS",
            split = ",",
            description = "Numbers of threads (default: 1, and one a core).")
    private @Nullable List<Integer> threads;

    @Option(
            names = "-r",
            paramLabel = "N",
            defaultValue = "5",
            description = "Repetitions of each measurement, after one that does not count (default: 5).")
    private int repetitions;

    @Mixin
    private final BackendOptions backend = new BackendOptions();

    @Mixin
    private final Output output = new Output();

    @Override
    public Integer call() throws IOException {
        if (repetitions < 1) {
            throw new IllegalArgumentException("-r needs at least 1 repetition, not " + repetitions);
        }
        List<Task> tasks = Stream.concat(
                        prompts.stream().map(Task::reading), writes.stream().map(Task::writing))
                .toList();
        List<Integer> counts = threads == null ? defaultThreads() : threads;
        Path file = file();
        long start = System.nanoTime();
        try (Checkpoint checkpoint = backend.checkpoint(file)) {
            long mapped = System.nanoTime() - start;
            List<Bandwidth> bandwidth = Bandwidth.measure(counts);
            BenchReport report = new BenchReport(output, bandwidth);
            for (int count : counts) {
                start = System.nanoTime();
                try (Backend kernels = backend.open(count);
                        Model model = Models.open(checkpoint, kernels);
                        Benchmark benchmark = new Benchmark(model, tasks)) {
                    report.opened(file, kernels, mapped + System.nanoTime() - start);
                    double gigabytes = Bandwidth.of(bandwidth, count, backend.hugePages());
                    for (Task task : tasks) {
                        Speed speed = speed(benchmark, task);
                        report.add(Measurement.of(count, task, speed, Traffic.of(checkpoint), gigabytes));
                    }
                }
            }
            report.end();
        }
        return 0;
    }

    private Speed speed(Benchmark benchmark, Task task) {
        benchmark.run(task); // so that the compiler has seen it
        return Speed.of(DoubleStream.generate(() -> benchmark.run(task))
                .limit(repetitions)
                .toArray());
    }

    private Path file() throws IOException {
        if (path != null && shape.given()) {
            throw new IllegalArgumentException("give a MODEL or the --shape of one, not both");
        }
        return path == null ? shape.file() : path;
    }

    private static List<Integer> defaultThreads() {
        return Stream.of(1, Backends.Settings.defaults().threads()).distinct().toList();
    }
}
