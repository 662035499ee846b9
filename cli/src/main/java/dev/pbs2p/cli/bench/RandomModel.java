package dev.pbs2p.cli.bench;

import dev.pbs2p.format.Packing;
import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.format.Pbs2pWriter;
import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import tools.jackson.databind.json.JsonMapper;

/// A packed model of random weights, written straight in the packed format: as large and as fast as a compressed model
/// of its shape, and it writes nonsense. Masks, levels and steps are as in a real file, so activations stay finite.
public final class RandomModel {

    /// Different units; each unit of the file is one of them.
    private static final int POOL = 256;

    private static final int MEAN_ALPHA = 64;

    private final Shape shape;
    private final PackedFormat format;
    private final SplittableRandom random = new SplittableRandom(1);
    private final Map<String, int[]> packed = new LinkedHashMap<>();
    private final Map<String, int[]> tables = new LinkedHashMap<>();
    private final Map<String, Integer> norms = new LinkedHashMap<>();
    private final PackedMatrix pool;

    private RandomModel(Shape shape, PackedFormat format) {
        this.shape = shape;
        this.format = format;
        int[] table = {shape.vocabulary(), shape.hidden()};
        tables.put("model.embed_tokens.weight", table);
        tables.put("lm_head.weight", table);
        for (int i = 0; i < shape.layers(); i++) {
            String layer = "model.layers." + i + ".";
            shape.linears().forEach((name, sides) -> packed.put(layer + name + ".weight", sides));
            norms.put(layer + "input_layernorm.weight", shape.hidden());
            norms.put(layer + "post_attention_layernorm.weight", shape.hidden());
        }
        norms.put("model.norm.weight", shape.hidden());
        packed.forEach((name, sides) -> {
            if (sides[0] % SlicedLayout.ROWS != 0 || sides[1] % format.group() != 0) {
                throw new IllegalArgumentException(name + " of " + sides[0] + "x" + sides[1]
                        + " weights is not made of whole units of 64 rows and " + format.group() + " columns");
            }
        });
        this.pool = pool();
    }

    /// Writes the model to `target`, replacing what was there in one step.
    ///
    /// @throws IllegalArgumentException if a linear is not made of whole units
    /// @throws IOException if the file cannot be written
    public static void write(Shape shape, PackedFormat format, Path target) throws IOException {
        new RandomModel(shape, format).write(target);
    }

    /// The model's file in a folder of such files; made there if it is not there yet.
    public static Path cached(Shape shape, PackedFormat format, Path folder) throws IOException {
        Path file = folder.resolve(shape.name() + "-" + format.pattern().replace(':', '-') + "-" + format.segments()
                + (format.symmetric() ? "-symmetric" : "") + "-v" + Pbs2pFile.VERSION + ".pbs2p");
        if (!Files.exists(file)) {
            Files.createDirectories(folder);
            write(shape, format, file);
        }
        return file;
    }

    /// One linear of random weights.
    static PackedMatrix linear(PackedFormat format, int rows, int cols, Arena arena) {
        Shape shape = new Shape("linear", cols, rows, 0, 1, 1, 0, 0);
        long bytes = new SlicedLayout(format, rows, cols).bytes();
        return new RandomModel(shape, format).packed(rows, cols, arena.allocate(bytes, SlicedLayout.ROWS));
    }

    private void write(Path target) throws IOException {
        Pbs2pWriter writer = new Pbs2pWriter()
                .provenance("weights", "random")
                .provenance("shape", shape.name())
                .file("config.json", shape.config().getBytes(StandardCharsets.UTF_8))
                .file("tokenizer.json", tokenizer().getBytes(StandardCharsets.UTF_8));
        tables.forEach((name, sides) -> writer.bytes(name, sides[0], sides[1]));
        packed.forEach((name, sides) -> writer.packed(name, format, sides[0], sides[1]));
        norms.forEach((name, size) -> writer.dense(name, DType.F16, size));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(largest(), SlicedLayout.ROWS);
            writer.write(target, name -> weight(name, memory));
        }
    }

    /// Bytes of the largest weight.
    private long largest() {
        long largest = 2L * shape.hidden(); // a norm
        for (int[] sides : tables.values()) {
            largest = Math.max(largest, sides[0] * (sides[1] + 4L * ByteMatrix.groups(sides[1])));
        }
        for (int[] sides : packed.values()) {
            largest = Math.max(largest, new SlicedLayout(format, sides[0], sides[1]).bytes());
        }
        return largest;
    }

    private Weight weight(String name, MemorySegment memory) {
        int[] sides = packed.get(name);
        if (sides != null) {
            return packed(sides[0], sides[1], memory);
        }
        int[] table = tables.get(name);
        return table == null ? norm(norms.getOrDefault(name, 0), memory) : table(table[0], table[1], memory);
    }

    private PackedMatrix packed(int rows, int cols, MemorySegment memory) {
        SlicedLayout layout = new SlicedLayout(format, rows, cols);
        MemorySegment planes = memory.asSlice(0, layout.planesBytes());
        long unit = layout.group(0).bytes();
        for (long at = 0; at < planes.byteSize(); at += unit) {
            MemorySegment.copy(pool.planes(), random.nextInt(POOL) * unit, planes, at, unit);
        }
        MemorySegment steps = memory.asSlice(planes.byteSize(), layout.stepsBytes());
        double kept = (double) cols * format.n() / format.m();
        float mean = (float) (1 / (MEAN_ALPHA * Math.sqrt(kept))); // outputs as large as inputs
        for (int row = 0; row < rows; row++) {
            float step = mean * (0.5f + (float) random.nextDouble());
            steps.setAtIndex(ValueLayout.JAVA_SHORT, row, Float.floatToFloat16(step));
        }
        return new PackedMatrix(format, rows, cols, planes, steps, MemorySegment.NULL);
    }

    /// Values up to 2⁻⁵ in magnitude.
    private ByteMatrix table(int rows, int cols, MemorySegment memory) {
        MemorySegment levels = memory.asSlice(0, (long) rows * cols);
        for (long i = 0; i < levels.byteSize() / 8; i++) {
            memory.setAtIndex(ValueLayout.JAVA_LONG, i, random.nextLong());
        }
        MemorySegment scales = memory.asSlice(levels.byteSize(), 4L * rows * ByteMatrix.groups(cols));
        for (long i = 0; i < scales.byteSize() / 4; i++) {
            scales.setAtIndex(ValueLayout.JAVA_FLOAT, i, 0x1p-12f);
        }
        return new ByteMatrix(rows, cols, levels, scales);
    }

    private static Tensor norm(int size, MemorySegment memory) {
        for (int i = 0; i < size; i++) {
            memory.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(1));
        }
        return new Tensor(DType.F16, new long[] {size}, memory.asSlice(0, 2L * size));
    }

    /// One row of different units.
    private PackedMatrix pool() {
        Codes codes = Codes.empty(format, SlicedLayout.ROWS, POOL * format.group());
        byte[] code = codes.code();
        for (int from = 0; from < code.length; from += SlicedLayout.LANES * format.m()) {
            for (int lane = 0; lane < SlicedLayout.LANES; lane++) {
                choose(code, from + lane);
            }
        }
        int alphas = format.segments();
        for (int i = 0; i < codes.params().length; i++) {
            boolean alpha = i % format.parameters() < alphas;
            int spread = MEAN_ALPHA / (alpha ? 2 : 8);
            codes.params()[i] = (byte) ((alpha ? MEAN_ALPHA : 0) + random.nextInt(-spread, spread));
        }
        return Packing.pack(codes);
    }

    /// Random codes for N of the M columns of a strided group.
    private void choose(byte[] code, int first) {
        int missing = format.n();
        for (int slot = 0; slot < format.m(); slot++) {
            if (random.nextInt(format.m() - slot) < missing) {
                missing--;
                code[first + slot * SlicedLayout.LANES] = (byte) (1 + random.nextInt(2 * format.segments()));
            }
        }
    }

    /// One word a token.
    private String tokenizer() {
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        for (int i = 0; i < shape.vocabulary(); i++) {
            vocabulary.put("w" + i, i);
        }
        return JsonMapper.shared()
                .writeValueAsString(Map.of(
                        "version", "1.0",
                        "pre_tokenizer", Map.of("type", "Whitespace"),
                        "model", Map.of("type", "WordLevel", "vocab", vocabulary, "unk_token", "w0")));
    }
}
