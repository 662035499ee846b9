package dev.pbs2p.cli;

import dev.pbs2p.cli.bench.Bandwidth;
import dev.pbs2p.cli.bench.KernelSpeed;
import dev.pbs2p.compress.torch.LibTorch;
import dev.pbs2p.compress.torch.TorchBackend;
import dev.pbs2p.cuda.CudaStatus;
import dev.pbs2p.cuda.DriverProbe;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import dev.pbs2p.kernel.SelfTest;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Says what this machine has, which kernels run on it and why, and whether they compute what they should.
@Command(
        name = "doctor",
        description = "Shows what this machine has and which kernels run and why, and tests them on it.")
final class DoctorCommand implements Callable<Integer> {

    @Option(names = "--torch", description = "Load LibTorch too, which takes some seconds.")
    private boolean torch;

    @Mixin
    private final Output output = new Output();

    private final Map<String, @Nullable Object> facts = new LinkedHashMap<>();

    @Override
    public Integer call() throws IOException {
        add("jdk", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        add("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        int threads = Runtime.getRuntime().availableProcessors();
        add("processor", Machine.processor() + ", " + Backends.threads(threads));
        boolean healthy = kernels();
        add("libtorch", libTorch(threads));
        add("cuda", cuda());
        memory();
        List<Integer> counts = Stream.of(1, threads).distinct().toList();
        speed(counts);
        bandwidth(counts);
        facts.put("healthy", healthy);
        if (output.json()) {
            Json.print(output.out(), facts);
        }
        return healthy ? 0 : 1;
    }

    /// Which kernels run and why, and whether each computes what the scalar definition does.
    private boolean kernels() {
        try (Backend backend = Backends.open("auto", Backends.Settings.defaults())) {
            add("kernels", backend.description());
            if (!backend.name().equals("vector")) {
                return true;
            }
        }
        List<SelfTest.Result> results = SelfTest.run();
        facts.put("self_test", results);
        List<SelfTest.Result> failed =
                results.stream().filter(result -> !result.passed()).toList();
        failed.forEach(result -> print("self-test", result.kernel() + " FAILED: " + result.detail()));
        print("self-test", results.size() - failed.size() + " of " + results.size() + " kernels right");
        return failed.isEmpty();
    }

    private String libTorch(int threads) {
        if (!LibTorch.present()) {
            return "not on the class path for " + LibTorch.platform() + "; compress needs it";
        }
        if (!torch) {
            return "present for " + LibTorch.platform() + ", not loaded (--torch loads it)";
        }
        try (TorchBackend backend = new TorchBackend(threads)) {
            return backend.description();
        } catch (LinkageError e) {
            return "cannot be loaded: " + e.getMessage();
        }
    }

    private static String cuda() {
        CudaStatus status = DriverProbe.probe();
        return status.sentence();
    }

    private void memory() throws IOException {
        facts.put("memory_bytes", Machine.memory());
        facts.put("memory_available_bytes", Machine.availableMemory());
        facts.put("heap_limit_bytes", Runtime.getRuntime().maxMemory());
        long disk = Files.getFileStore(Path.of("").toAbsolutePath()).getUsableSpace();
        facts.put("disk_free_bytes", disk);
        print(
                "memory",
                Units.bytes(Machine.memory()) + ", " + Units.bytes(Machine.availableMemory())
                        + " available; Java heap up to "
                        + Units.bytes(Runtime.getRuntime().maxMemory()));
        print("disk", Units.bytes(disk) + " free here");
    }

    /// What the vector kernels reach here, where they can run.
    private void speed(List<Integer> threads) {
        if (Backends.options().stream()
                .noneMatch(option ->
                        option.name().equals("vector") && option.obstacle().isEmpty())) {
            return;
        }
        List<KernelSpeed> measured = KernelSpeed.measure(threads);
        Map<String, @Nullable Object> byThreads = new LinkedHashMap<>();
        measured.forEach(one -> byThreads.put(String.valueOf(one.threads()), one.gigaweightsPerSecond()));
        facts.put("kernel_gigaweights_s", byThreads);
        print(
                "speed",
                "packed 8:16 weights: "
                        + measured.stream().map(KernelSpeed::toString).collect(Collectors.joining(", ")));
    }

    private void bandwidth(List<Integer> threads) {
        List<Bandwidth> measured = Bandwidth.measure(threads);
        Map<String, @Nullable Object> byThreads = new LinkedHashMap<>();
        for (Bandwidth one : measured) {
            byThreads.put(one.threads() + (one.hugePages() ? " huge" : ""), one.gigabytesPerSecond());
        }
        facts.put("bandwidth_gb_s", byThreads);
        measured.forEach(one -> print("bandwidth", one.toString()));
    }

    private void add(String name, String text) {
        facts.put(name, text);
        print(name, text);
    }

    private void print(String name, String text) {
        if (!output.json()) {
            PrintWriter out = output.out();
            out.printf(Locale.ROOT, "%-12s %s%n", name, text);
            out.flush();
        }
    }
}
