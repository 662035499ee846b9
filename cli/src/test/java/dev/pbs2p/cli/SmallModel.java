package dev.pbs2p.cli;

import dev.pbs2p.format.Packing;
import dev.pbs2p.format.Pbs2pWriter;
import dev.pbs2p.model.SharedFiles;
import dev.pbs2p.model.TinyLlama;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.weights.HfDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/// Models that are small enough for every test: random weights, the tokenizer of the bundled model.
final class SmallModel {

    private static final List<String> TOKENIZER = List.of("tokenizer.json", "tokenizer_config.json");
    private static final int VOCABULARY = 4096;

    private SmallModel() {}

    /// A checkpoint directory.
    static Path directory(Path folder) {
        TinyLlama.standard()
                .withSizes(VOCABULARY, 64, 128, 2)
                .withHeads(4, 2, 16)
                .withDtype(DType.BF16)
                .withConfig("bos_token_id", "4094")
                .withConfig("eos_token_id", "4095")
                .write(folder);
        try {
            for (String name : TOKENIZER) {
                Files.copy(SharedFiles.demo().resolve(name), folder.resolve(name));
            }
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A packed file: the directory's embeddings and norms, random 4:8 codes.
    static Path packed(Path directory, Path file) {
        PackedFormat format = new PackedFormat(4, 8, true, 64, 1, false, false);
        try (Checkpoint source = HfDirectory.open(directory)) {
            Pbs2pWriter writer = new Pbs2pWriter().provenance("preset", "random");
            for (String name : TOKENIZER) {
                writer.file(name, source.file(name).orElseThrow());
            }
            writer.file("config.json", source.file("config.json").orElseThrow());
            for (String name : source.names()) {
                Tensor tensor = (Tensor) source.weight(name);
                if (name.contains("_proj")) {
                    writer.packed(name, format, tensor.rows(), tensor.cols());
                } else {
                    writer.dense(name, tensor.dtype(), tensor.shape());
                }
            }
            writer.write(
                    file,
                    name -> name.contains("_proj")
                            ? Packing.pack(codes(
                                    format,
                                    source.weight(name).rows(),
                                    source.weight(name).cols()))
                            : source.weight(name));
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Of each 8 columns in a stride of 8, the first or the last 4 are kept.
    private static Codes codes(PackedFormat format, int rows, int cols) {
        Codes codes = Codes.empty(format, rows, cols);
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < codes.code().length; i++) {
            int slot = i % cols % format.group() / 8;
            codes.code()[i] = (byte) (slot % 8 < 4 ? 1 + random.nextInt(2) : 0);
        }
        for (int i = 0; i < codes.params().length; i++) {
            codes.params()[i] = (byte) random.nextInt(1, 100);
        }
        java.util.Arrays.fill(codes.step(), Float.floatToFloat16(0.002f));
        return codes;
    }
}
