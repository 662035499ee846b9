package dev.pbs2p.cli;

import dev.pbs2p.cli.bench.Bandwidth;
import dev.pbs2p.cli.bench.Measurement;
import dev.pbs2p.kernel.Backend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tells what was measured: a table that grows line by line, or one JSON object at the end.
final class BenchReport {

    private final Output output;
    private final List<Bandwidth> bandwidth;
    private final List<Map<String, @Nullable Object>> results = new ArrayList<>();
    private final Map<String, @Nullable Object> facts = new LinkedHashMap<>();

    BenchReport(Output output, List<Bandwidth> bandwidth) {
        this.output = output;
        this.bandwidth = bandwidth;
    }

    /// The model is open on some number of threads.
    ///
    /// @param nanos that opening it took
    void opened(Path file, Backend backend, long nanos) {
        output.err().println(backend.description());
        if (!facts.isEmpty()) {
            return;
        }
        facts.put("model", file.toString());
        facts.put("open_seconds", nanos / 1e9);
        line(String.format(Locale.ROOT, "%s, open after %.2f s", file, nanos / 1e9));
        bandwidth.forEach(one -> line("memory " + one));
        line("");
        line(String.format(
                "%-8s %-12s %10s %8s %12s %10s %8s",
                "threads", "task", "tokens/s", "spread", "MB a token", "limit", "reached"));
    }

    void add(Measurement one) {
        int prompt = one.task().prompt();
        int generate = one.task().generate();
        results.add(Json.object(
                "threads", one.threads(),
                "prompt", prompt,
                "generate", generate,
                "tokens_per_second", one.speed().median(),
                "spread", one.speed().spread(),
                "bytes_per_token", one.bytesPerToken(),
                "limit_tokens_per_second", one.limit(),
                "limit_share", one.limitShare()));
        line(String.format(
                Locale.ROOT,
                "%-8d %-12s %10.2f %8.2f %12.1f %10.1f %7.0f%%",
                one.threads(),
                prompt > 0 ? "read " + prompt : "write " + generate,
                one.speed().median(),
                one.speed().spread(),
                one.bytesPerToken() / 1e6,
                one.limit(),
                100 * one.limitShare()));
    }

    void end() {
        long resident = Machine.residentMemory();
        line("");
        line("resident memory " + Units.bytes(resident) + ", at most " + Units.bytes(Machine.peakResidentMemory()));
        if (output.json()) {
            facts.put(
                    "bandwidth_gb_s",
                    bandwidth.stream()
                            .mapToDouble(Bandwidth::gigabytesPerSecond)
                            .max()
                            .orElseThrow());
            facts.put("bandwidth", bandwidth);
            facts.put("results", results);
            facts.put("resident_bytes", resident);
            Json.print(output.out(), facts);
        }
    }

    private void line(String text) {
        if (!output.json()) {
            output.out().println(text);
            output.out().flush();
        }
    }
}
