package dev.pbs2p.model;

import dev.pbs2p.format.SafetensorsWriter;
import dev.pbs2p.format.SafetensorsWriter.Declared;
import dev.pbs2p.tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Writes a checkpoint of random weights in the shapes of LLaMA-2 7B or TinyLlama 1.1B, of as many blocks as wanted,
/// tensor by tensor, so that what a model of that size costs can be measured without having one. A tool to be run by
/// hand:
///
/// ```
/// java -cp models/target/test-classes:models/target/classes:runtime/target/classes dev.pbs2p.model.LargeLlama \
///     FOLDER llama-7b 4 path/to/llama-2/tokenizer.model
/// ```
final class LargeLlama {

    private static final int SHARD_BLOCKS = 2;

    private LargeLlama() {}

    static void main(String[] args) throws IOException {
        if (args.length != 4) {
            throw new IllegalArgumentException(
                    "expected FOLDER, llama-7b or tinyllama-1.1b, BLOCKS and TOKENIZER, not " + List.of(args));
        }
        Path folder = Path.of(args[0]);
        write(folder, shape(args[1], Integer.parseInt(args[2])));
        Path tokenizer = Path.of(args[3]);
        Files.copy(tokenizer, folder.resolve(tokenizer.getFileName()), StandardCopyOption.REPLACE_EXISTING);
    }

    private static TinyLlama shape(String name, int blocks) {
        TinyLlama shape = switch (name) {
            case "llama-7b" ->
                new TinyLlama(32_000, 4096, 11_008, blocks, 32, 32, 128, false, false, DType.BF16, 1, 7, Map.of());
            case "tinyllama-1.1b" ->
                new TinyLlama(32_000, 2048, 5632, blocks, 32, 4, 64, false, false, DType.BF16, 1, 7, Map.of());
            default -> throw new IllegalArgumentException("no shape " + name + ": llama-7b or tinyllama-1.1b");
        };
        return shape.withConfig("max_position_embeddings", "2048")
                .withConfig("model_type", "\"llama\"")
                .withConfig("hidden_act", "\"silu\"");
    }

    /// BF16, two blocks a file.
    private static void write(Path folder, TinyLlama shape) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), shape.configJson());
        Map<String, Map<String, int[]>> shards = new LinkedHashMap<>();
        shape.shapes()
                .forEach((name, dims) -> shards.computeIfAbsent(file(name), _ -> new LinkedHashMap<>())
                        .put(name, dims));
        List<String> index = new ArrayList<>();
        for (Map.Entry<String, Map<String, int[]>> shard : shards.entrySet()) {
            writeShard(folder.resolve(shard.getKey()), shard.getValue());
            shard.getValue().keySet().forEach(name -> index.add("\"" + name + "\": \"" + shard.getKey() + "\""));
        }
        Files.writeString(
                folder.resolve("model.safetensors.index.json"),
                "{\"metadata\": {}, \"weight_map\": {" + String.join(",\n", index) + "}}");
    }

    private static String file(String name) {
        String[] parts = name.split("\\.");
        return parts[1].equals("layers")
                ? "model-" + Integer.parseInt(parts[2]) / SHARD_BLOCKS + ".safetensors"
                : "model-ends.safetensors";
    }

    private static void writeShard(Path file, Map<String, int[]> shapes) throws IOException {
        List<Declared> tensors = new ArrayList<>();
        shapes.forEach((name, dims) -> {
            long[] shape = dims.length == 1 ? new long[] {dims[0]} : new long[] {dims[0], dims[1]};
            tensors.add(Declared.of(name, DType.BF16, shape));
        });
        try (SafetensorsWriter writer = new SafetensorsWriter(file, Map.of("format", "pt"), tensors)) {
            for (Map.Entry<String, int[]> tensor : shapes.entrySet()) {
                try (Arena arena = Arena.ofConfined()) {
                    writer.write(tensor.getKey(), values(tensor.getKey(), tensor.getValue(), arena));
                }
            }
            writer.commit();
        }
    }

    /// As those of [TinyLlama]: gains near 1, matrices that keep the size of their input.
    private static MemorySegment values(String name, int[] dims, Arena arena) {
        SplittableRandom random = new SplittableRandom(name.hashCode());
        boolean gain = dims.length == 1;
        double spread = gain ? 0.1 : name.contains("embed") ? 1 : 1 / Math.sqrt(dims[1]);
        long count = (long) dims[0] * (gain ? 1 : dims[1]);
        MemorySegment out = arena.allocate(2 * count);
        for (long i = 0; i < count; i++) {
            float value = (float) ((gain ? 1 : 0) + spread * random.nextGaussian());
            out.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
        }
        return out;
    }
}
