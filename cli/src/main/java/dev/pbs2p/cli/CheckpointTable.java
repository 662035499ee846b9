package dev.pbs2p.cli;

import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.weights.StoredTensor;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Shows what a checkpoint holds that is not packed: a directory or a GGUF file.
final class CheckpointTable {

    private static final String ROW = "%-50s %-14s %-6s %14s%n";

    private CheckpointTable() {}

    static void print(PrintWriter out, Checkpoint checkpoint) {
        out.printf(Locale.ROOT, ROW, "tensor", "shape", "stored", "bytes");
        long bytes = 0;
        long weights = 0;
        for (String name : names(checkpoint)) {
            StoredTensor tensor = StoredTensor.of(checkpoint, name);
            String shape = tensor.shape().stream().map(String::valueOf).collect(Collectors.joining("x"));
            out.printf(Locale.ROOT, ROW, name, shape, tensor.type(), tensor.bytes());
            bytes += tensor.bytes();
            weights += tensor.size();
        }
        out.printf(
                Locale.ROOT,
                "%n%d parameters, %d bytes, %.3f bits a parameter%n",
                weights,
                bytes,
                8.0 * bytes / weights);
    }

    static void printJson(PrintWriter out, Checkpoint checkpoint) {
        long bytes = 0;
        long weights = 0;
        List<Map<String, @Nullable Object>> tensors = new ArrayList<>();
        for (String name : names(checkpoint)) {
            StoredTensor tensor = StoredTensor.of(checkpoint, name);
            tensors.add(Json.object(
                    "name", name, "shape", tensor.shape(), "stored", tensor.type(), "bytes", tensor.bytes()));
            bytes += tensor.bytes();
            weights += tensor.size();
        }
        Json.print(out, Json.object("weights", weights, "bytes", bytes, "tensors", tensors));
    }

    private static Set<String> names(Checkpoint checkpoint) {
        Set<String> names = new TreeSet<>(new NaturalOrder());
        names.addAll(checkpoint.names());
        return names;
    }
}
