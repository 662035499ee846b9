package dev.pbs2p.compress;

import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.format.Pbs2pWriter;
import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Puts the finished blocks and everything that stays as it is into one `.pbs2p`.
final class PackedOutput {

    /// What a model's directory may hold beside its weights, and a packed model carries.
    private static final List<String> FILES = List.of(
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "chat_template.jinja");

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private PackedOutput() {}

    /// @param options say which weights are stored in 8 bits
    /// @param weights of the source, by name, in the order in which they are written
    /// @param blocks files of finished blocks
    /// @param provenance how the model was made
    static void write(
            Path output,
            Checkpoint source,
            Map<String, Weight> weights,
            List<Path> blocks,
            CompressOptions options,
            Map<String, String> provenance)
            throws IOException {
        Map<String, Pbs2pFile> blockOf = new HashMap<>();
        List<Pbs2pFile> files = blocks.stream().map(Pbs2pFile::open).toList();
        try {
            files.forEach(file -> file.names().forEach(name -> blockOf.put(name, file)));
            Pbs2pWriter writer = new Pbs2pWriter();
            provenance.forEach(writer::provenance);
            for (String file : FILES) {
                source.file(file).ifPresent(content -> writer.file(file, content));
            }
            if (source.file("tokenizer.json").isEmpty()) { // with it, the other one is not needed
                source.file("tokenizer.model").ifPresent(content -> writer.file("tokenizer.model", content));
            }
            weights.forEach((name, weight) -> declare(writer, name, weight, blockOf.get(name), options));
            writer.write(output, name -> {
                Pbs2pFile block = blockOf.get(name);
                if (block != null) {
                    return block.weight(name);
                }
                Tensor tensor = (Tensor) source.weight(name);
                return options.inBytes(name) ? ByteMatrix.of(tensor) : half(tensor);
            });
        } finally {
            files.forEach(Pbs2pFile::close);
        }
    }

    private static void declare(
            Pbs2pWriter writer, String name, Weight weight, @Nullable Pbs2pFile block, CompressOptions options) {
        if (block != null && block.weight(name) instanceof PackedMatrix packed) {
            writer.packed(name, packed.format(), packed.rows(), packed.cols());
        } else if (block != null && block.weight(name) instanceof Tensor tuned) {
            writer.dense(name, tuned.dtype(), tuned.shape());
        } else if (options.inBytes(name)) {
            writer.bytes(name, weight.rows(), weight.cols());
        } else if (weight instanceof Tensor tensor) {
            writer.dense(name, halfType(tensor), tensor.shape());
        }
    }

    /// Float16, unless some value is too large for it; 16-bit types stay what they are.
    private static DType halfType(Tensor tensor) {
        if (tensor.dtype().bytes() == 2) {
            return tensor.dtype();
        }
        boolean fits = LongStream.range(0, tensor.size())
                .parallel()
                .allMatch(i ->
                        Math.abs(Float.float16ToFloat(Float.floatToFloat16(tensor.get(i)))) < Float.POSITIVE_INFINITY);
        return fits ? DType.F16 : DType.BF16;
    }

    private static Tensor half(Tensor tensor) {
        DType type = halfType(tensor);
        if (type == tensor.dtype()) {
            return tensor;
        }
        MemorySegment bytes = Arena.ofAuto().allocate(2 * tensor.size(), 64);
        for (long i = 0; i < tensor.size(); i++) {
            float value = tensor.get(i);
            bytes.set(SHORT, 2 * i, type == DType.F16 ? Float.floatToFloat16(value) : toBfloat16(value));
        }
        return new Tensor(type, tensor.shape(), bytes);
    }

    /// Values as a float16 tensor.
    static Tensor half(float[] values, long[] shape) {
        short[] bits = new short[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToFloat16(values[i]);
        }
        return new Tensor(DType.F16, shape, MemorySegment.ofArray(bits));
    }

    /// Rounds to nearest, ties to even.
    static short toBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }
}
