package dev.pbs2p.peers;

import dev.pbs2p.cli.bench.Benchmark.Speed;
import dev.pbs2p.cli.bench.Benchmark.Task;
import dev.pbs2p.tensor.Loading;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Measures engines in turn, so that all meet the machine in the same state.
@Command(
        name = "peers",
        mixinStandardHelpOptions = true,
        description = "Measures our engine and others in turn, and prints how many times faster ours is.")
final class Peers implements Runnable {

    @Parameters(paramLabel = "MODEL", description = "A .pbs2p file.")
    @SuppressWarnings("NullAway.Init")
    private Path ours;

    @Parameters(
            index = "1..*",
            paramLabel = "PEER",
            description = "GGUF files for llama.cpp, Hugging Face directories for Jlama.")
    private List<Path> peers = List.of();

    @Option(names = "-p", split = ",", defaultValue = "512", description = "Lengths of prompts (default: 512).")
    private List<Integer> prompts = List.of();

    @Option(names = "-n", split = ",", defaultValue = "64", description = "Tokens to write (default: 64).")
    private List<Integer> writes = List.of();

    @Option(names = "-t", split = ",", defaultValue = "2,1", description = "Numbers of threads (default: 2,1).")
    private List<Integer> threads = List.of();

    @Option(names = "-r", defaultValue = "3", description = "Rounds, after one that does not count (default: 3).")
    private int rounds;

    @Option(names = "--huge-pages", description = "Our weights in huge pages.")
    private boolean hugePages;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    static void main(String[] args) {
        System.exit(new CommandLine(new Peers()).execute(args));
    }

    @Override
    public void run() {
        if (threads.size() > 1 && peers.stream().anyMatch(Files::isDirectory)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Jlama has one number of threads in a process: give -t one, and run once for each");
        }
        List<Task> tasks = Stream.concat(
                        prompts.stream().map(Task::reading), writes.stream().map(Task::writing))
                .toList();
        for (int count : threads) {
            List<Engine> engines = new ArrayList<>();
            try {
                Loading loading = hugePages ? Loading.HUGE_PAGES : Loading.MAPPED;
                engines.add(new Pbs2pEngine(ours, loading, count, tasks));
                peers.forEach(peer -> engines.add(
                        Files.isDirectory(peer) ? new JlamaEngine(peer, count) : new LlamaCppEngine(peer, count)));
                report(count, tasks, engines, measure(engines, tasks));
            } finally {
                engines.forEach(Engine::close);
            }
        }
    }

    /// Tokens a second of each engine, task and round.
    private double[][][] measure(List<Engine> engines, List<Task> tasks) {
        double[][][] found = new double[engines.size()][tasks.size()][rounds];
        for (int round = -1; round < rounds; round++) {
            for (int e = 0; e < engines.size(); e++) {
                for (int t = 0; t < tasks.size(); t++) {
                    double speed = engines.get(e).run(tasks.get(t));
                    if (round >= 0) {
                        found[e][t][round] = speed;
                    }
                }
            }
        }
        return found;
    }

    private static void report(int threads, List<Task> tasks, List<Engine> engines, double[][][] found) {
        PrintStream out = System.out;
        for (int t = 0; t < tasks.size(); t++) {
            Task task = tasks.get(t);
            String what = task.prompt() > 0 ? "read " + task.prompt() : "write " + task.generate();
            double ours = Speed.of(found[0][t]).median();
            out.printf("%n%-44s %10s %8s %12s%n", what + ", threads: " + threads, "tokens/s", "spread", "ours/theirs");
            for (int e = 0; e < engines.size(); e++) {
                Speed speed = Speed.of(found[e][t]);
                out.printf(
                        Locale.ROOT,
                        "%-44s %10.2f %8.2f %12.2f%n",
                        engines.get(e).name(),
                        speed.median(),
                        speed.spread(),
                        ours / speed.median());
            }
        }
    }
}
