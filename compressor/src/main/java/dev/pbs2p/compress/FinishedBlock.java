package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.Tuning;
import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.format.Pbs2pWriter;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A block that is compressed and, if asked for, tuned: a file of packed linears and tuned norms.
///
/// @param linears in the order in which they were compressed
/// @param tuning squared error of the block's output before and after; absent if it was not tuned
record FinishedBlock(List<CompressReport.Linear> linears, CompressReport.@Nullable Tuned tuning) {

    private static final String ERROR = "error:";
    private static final String SECONDS = "seconds:";
    private static final String BEFORE = "before";
    private static final String AFTER = "after";

    /// Writes the file.
    ///
    /// @param weights of the original, for the shapes of the norms
    /// @param tuned absent if the block was not tuned
    static FinishedBlock write(
            Path file, Map<String, CompressedLinear> linears, UsedWeights weights, Tuning.@Nullable Outcome tuned)
            throws IOException {
        Pbs2pWriter writer = new Pbs2pWriter();
        Map<String, Weight> content = new LinkedHashMap<>();
        linears.forEach((name, linear) -> {
            PackedMatrix packed = linear.packed();
            content.put(name, packed);
            writer.packed(name, packed.format(), packed.rows(), packed.cols());
            writer.provenance(ERROR + name, Double.toString(linear.report().error()));
            writer.provenance(SECONDS + name, Double.toString(linear.report().seconds()));
        });
        if (tuned != null) {
            note(writer, tuned);
            norms(writer, tuned, weights, content);
        }
        writer.write(file, name -> Objects.requireNonNull(content.get(name)));
        List<CompressReport.Linear> reports =
                linears.values().stream().map(CompressedLinear::report).toList();
        return new FinishedBlock(
                reports, tuned == null ? null : new CompressReport.Tuned(tuned.before(), tuned.after()));
    }

    /// Notes what tuning gained, as [#tuned] reads it.
    static void note(Pbs2pWriter writer, Tuning.Outcome tuned) {
        writer.provenance(BEFORE, Double.toString(tuned.before()));
        writer.provenance(AFTER, Double.toString(tuned.after()));
    }

    /// Declares the tuned norms, and adds them to `content`.
    static void norms(Pbs2pWriter writer, Tuning.Outcome tuned, UsedWeights weights, Map<String, Weight> content) {
        tuned.vectors().forEach((name, values) -> {
            Tensor vector = PackedOutput.half(values, ((Tensor) weights.weight(name)).shape());
            content.put(name, vector);
            writer.dense(name, vector.dtype(), vector.shape());
        });
    }

    /// What tuning gained, as a file notes it.
    static CompressReport.@Nullable Tuned tuned(Pbs2pFile file) {
        String before = file.provenance().get(BEFORE);
        String after = file.provenance().get(AFTER);
        return before == null || after == null
                ? null
                : new CompressReport.Tuned(Double.parseDouble(before), Double.parseDouble(after));
    }

    /// Reads the report of a file.
    static FinishedBlock read(Path path) {
        try (Pbs2pFile file = Pbs2pFile.open(path)) {
            Map<String, String> notes = file.provenance();
            List<CompressReport.Linear> linears = notes.keySet().stream()
                    .filter(key -> key.startsWith(ERROR))
                    .map(key -> key.substring(ERROR.length()))
                    .map(name -> CompressedLinear.report(
                            name,
                            (PackedMatrix) file.weight(name),
                            Double.parseDouble(notes.get(ERROR + name)),
                            Double.parseDouble(notes.get(SECONDS + name))))
                    .toList();
            return new FinishedBlock(linears, tuned(file));
        }
    }
}
