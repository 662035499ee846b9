package dev.pbs2p.format;

import dev.pbs2p.format.SafetensorsWriter.Declared;
import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Writes a `.pbs2p` (read by [Pbs2pFile]): declare what it will hold, then [#write] asks for one weight after another,
/// so that only one has to be in memory.
public final class Pbs2pWriter {

    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, byte[]> files = new LinkedHashMap<>();
    private final Map<String, PackedEntry> packed = new LinkedHashMap<>();
    private final Map<String, List<Declared>> dense = new LinkedHashMap<>();
    private final List<String> order = new ArrayList<>();

    public Pbs2pWriter() {
        metadata.put(Pbs2pFile.FORMAT_KEY, Pbs2pFile.FORMAT);
        metadata.put(Pbs2pFile.VERSION_KEY, String.valueOf(Pbs2pFile.VERSION));
    }

    /// Notes how the file was made; any key, any text.
    public Pbs2pWriter provenance(String key, String value) {
        metadata.put(Pbs2pFile.PROVENANCE + key, value);
        return this;
    }

    /// Adds a side file (`config.json`, `tokenizer.json`, …).
    public Pbs2pWriter file(String name, byte[] content) {
        files.put(name, content.clone());
        return this;
    }

    /// Declares a packed linear.
    public Pbs2pWriter packed(String name, PackedFormat format, int rows, int cols) {
        PackedEntry entry = new PackedEntry(format, rows, cols);
        metadata.put(Pbs2pFile.PACKED + name, entry.text());
        packed.put(name, entry);
        order.add(name);
        return this;
    }

    /// Declares a dense tensor, stored as it is.
    public Pbs2pWriter dense(String name, DType dtype, long... shape) {
        dense.put(name, List.of(Declared.of(name, dtype, shape)));
        order.add(name);
        return this;
    }

    /// Declares a table in 8 bits.
    public Pbs2pWriter bytes(String name, int rows, int cols) {
        dense.put(name, bytesTensors(name, rows, cols));
        order.add(name);
        return this;
    }

    /// Writes the file: asks `weights` for each declared weight once, in the order of declaration. `target` is replaced
    /// in one step at the end; if anything fails, it stays as it was.
    ///
    /// @throws IllegalArgumentException if a name is declared twice or reserved, or a weight is not as declared
    /// @throws IOException if the file cannot be written
    public void write(Path target, Function<String, Weight> weights) throws IOException {
        try (SafetensorsWriter writer = new SafetensorsWriter(target, metadata, tensors())) {
            Map<String, Integer> checksums = new HashMap<>();
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                String name = Pbs2pFile.FILES + file.getKey();
                checksums.put(name, writer.write(name, MemorySegment.ofArray(file.getValue())));
            }
            for (String name : order) {
                for (Map.Entry<String, MemorySegment> part :
                        parts(name, weights.apply(name)).entrySet()) {
                    checksums.put(part.getKey(), writer.write(part.getKey(), part.getValue()));
                }
            }
            List<String> names = writer.names().stream()
                    .filter(name -> !name.equals(Pbs2pFile.CHECKSUMS))
                    .toList();
            byte[] table = Checksums.table(writer.header(), names, checksums);
            writer.write(Pbs2pFile.CHECKSUMS, MemorySegment.ofArray(table));
            writer.commit();
        }
    }

    private List<Declared> tensors() {
        List<Declared> tensors = new ArrayList<>();
        for (String name : order) {
            PackedEntry entry = packed.get(name);
            if (entry != null) {
                tensors.addAll(entry.tensors(name));
            }
            tensors.addAll(dense.getOrDefault(name, List.of()));
            if (name.startsWith(Pbs2pFile.FILES) || (entry != null && dense.containsKey(name))) {
                throw new IllegalArgumentException(
                        "the weight " + name + " is declared twice, or its name is reserved");
            }
        }
        files.forEach((name, content) -> tensors.add(Declared.of(Pbs2pFile.FILES + name, DType.U8, content.length)));
        tensors.add(Declared.of(Pbs2pFile.CHECKSUMS, DType.U8, tensors.size() + 1, 4));
        return tensors;
    }

    private Map<String, MemorySegment> parts(String name, Weight weight) {
        Map<String, MemorySegment> parts = new LinkedHashMap<>();
        switch (weight) {
            case Tensor tensor -> {
                checkDense(name, List.of(Declared.of(name, tensor.dtype(), tensor.shape())));
                parts.put(name, tensor.data());
            }
            case ByteMatrix bytes -> {
                checkDense(name, bytesTensors(name, bytes.rows(), bytes.cols()));
                parts.put(name, bytes.levels());
                parts.put(name + Pbs2pFile.SCALES, bytes.scales());
            }
            case PackedMatrix matrix -> {
                PackedEntry declared = packed.get(name);
                PackedEntry given = new PackedEntry(matrix.format(), matrix.rows(), matrix.cols());
                if (!given.equals(declared)) {
                    throw new IllegalArgumentException(
                            "the weight " + name + " is " + given + ", but declared was " + declared);
                }
                parts.put(name + PackedEntry.PLANES, matrix.planes());
                parts.put(name + PackedEntry.STEPS, matrix.steps());
                if (matrix.format().salient()) {
                    parts.put(name + PackedEntry.SALIENT, matrix.salient());
                }
            }
        }
        return parts;
    }

    private void checkDense(String name, List<Declared> given) {
        List<Declared> declared = dense.get(name);
        if (!given.equals(declared)) {
            throw new IllegalArgumentException("the weight is " + given + ", but declared was " + declared);
        }
    }

    /// The tensors that hold a table in 8 bits.
    static List<Declared> bytesTensors(String name, int rows, int cols) {
        return List.of(
                Declared.of(name, DType.I8, rows, cols),
                Declared.of(name + Pbs2pFile.SCALES, DType.F32, rows, ByteMatrix.groups(cols)));
    }
}
