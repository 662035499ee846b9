package dev.pbs2p.cli;

import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.weights.Checkpoints;
import dev.pbs2p.weights.StoredTensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Shows what a model holds and what it costs.
@Command(
        name = "inspect",
        description =
                "Shows what a model holds: each tensor; of a packed file nominal and real bits, and how it was made.")
final class InspectCommand implements Callable<Integer> {

    private static final String ROW = "%-50s %-11s %-6s %8s %7s %7s%n";

    /// How the compressor notes a linear's relative output error in the provenance.
    private static final String ERROR = "error:";

    @Parameters(paramLabel = "MODEL", converter = ModelPath.class, description = ModelPath.DESCRIPTION)
    @SuppressWarnings("NullAway.Init")
    private Path path;

    @Mixin
    private final Output output = new Output();

    @Override
    public Integer call() {
        long start = System.nanoTime();
        try (Checkpoint checkpoint = Checkpoints.open(path)) {
            PrintWriter out = output.out();
            if (checkpoint instanceof Pbs2pFile packed) {
                show(packed, out, start);
            } else if (output.json()) {
                CheckpointTable.printJson(out, checkpoint);
            } else {
                CheckpointTable.print(out, checkpoint);
            }
            out.flush();
        }
        return 0;
    }

    private void show(Pbs2pFile file, PrintWriter out, long start) {
        file.verify();
        Map<String, PackedMatrix> linears = PackedSize.linears(file);
        PackedSize size = PackedSize.of(linears.values());
        double fileBits = 8.0 * file.bytes() / (size.weights() + dense(file));
        if (output.json()) {
            double seconds = (System.nanoTime() - start) / 1e9;
            Json.print(out, object(file, linears, size, fileBits, seconds));
        } else {
            table(out, file);
            totals(out, file, size, fileBits);
        }
    }

    /// Parameters that are not packed: embeddings, norms, head.
    private static long dense(Pbs2pFile file) {
        return file.names().stream()
                .filter(name -> !(file.weight(name) instanceof PackedMatrix))
                .mapToLong(name -> StoredTensor.of(file, name).size())
                .sum();
    }

    private static Map<String, @Nullable Object> object(
            Pbs2pFile file, Map<String, PackedMatrix> linears, PackedSize size, double fileBits, double seconds) {
        List<Map<String, @Nullable Object>> tensors = new ArrayList<>();
        linears.forEach((name, linear) -> tensors.add(Json.object(
                "name", name,
                "rows", linear.rows(),
                "cols", linear.cols(),
                "pattern", linear.format().pattern(),
                "segments", linear.format().segments(),
                "salient_columns", linear.salientColumns(),
                "nominal_bits", linear.nominalBits(),
                "real_bits", linear.realBits(),
                "bytes", linear.bytes())));
        return Json.object(
                "nominal_bits", size.nominalBits(),
                "real_bits", size.realBits(),
                "bytes", file.bytes(),
                "weights", size.weights(),
                "seconds", seconds,
                "pattern", size.pattern(),
                "file_bits", fileBits,
                "provenance", file.provenance(),
                "tensors", tensors);
    }

    private static void table(PrintWriter out, Pbs2pFile file) {
        out.printf(Locale.ROOT, ROW, "tensor", "shape", "stored", "nominal", "real", "error");
        TreeSet<String> names = new TreeSet<>(new NaturalOrder());
        names.addAll(file.names());
        Map<String, String> provenance = file.provenance();
        for (String name : names) {
            String error = provenance.get(ERROR + name);
            row(out, file, name, error == null ? "" : number(Double.parseDouble(error)));
        }
    }

    private static void row(PrintWriter out, Pbs2pFile file, String name, String error) {
        StoredTensor stored = StoredTensor.of(file, name);
        String shape = stored.shape().stream().map(String::valueOf).collect(Collectors.joining("x"));
        String nominal = file.weight(name) instanceof PackedMatrix packed ? number(packed.nominalBits()) : "";
        double real = 8.0 * stored.bytes() / stored.size();
        out.printf(Locale.ROOT, ROW, name, shape, stored.type(), nominal, number(real), error);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private static void totals(PrintWriter out, Pbs2pFile file, PackedSize size, double fileBits) {
        out.println();
        out.printf(
                Locale.ROOT,
                "packed linears   %d weights, %s: %.3f nominal bits (eq. 11), %.3f real bits a weight%n",
                size.weights(),
                size.pattern(),
                size.nominalBits(),
                size.realBits());
        out.printf(
                Locale.ROOT,
                "whole file       %d bytes, %.3f bits a parameter (embeddings, norms, tokenizer included)%n",
                file.bytes(),
                fileBits);
        file.provenance().forEach((key, value) -> {
            if (!key.startsWith(ERROR)) {
                out.printf(Locale.ROOT, "%-16s %s%n", key, value);
            }
        });
    }
}
