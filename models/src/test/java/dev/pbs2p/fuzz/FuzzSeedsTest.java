package dev.pbs2p.fuzz;

import dev.pbs2p.data.TextsTest;
import dev.pbs2p.model.SharedFiles;
import dev.pbs2p.model.TinyLlama;
import dev.pbs2p.tokenizer.SideFiles;
import dev.pbs2p.weights.GgufWriter;
import dev.pbs2p.weights.TorchWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs every fuzz target on good files and on some damaged ones, and keeps the good ones for the fuzzer in
/// `target/fuzz`.
class FuzzSeedsTest {

    private static final int DAMAGED = 200;

    @TempDir
    Path folder;

    private static void run(String target, Consumer<byte[]> fuzz, List<byte[]> seeds) throws IOException {
        Path corpus = Files.createDirectories(Path.of("target/fuzz", target));
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < seeds.size(); i++) {
            byte[] seed = seeds.get(i);
            Files.write(corpus.resolve("seed-" + i), seed);
            fuzz.accept(seed);
            for (int run = 0; run < DAMAGED / seeds.size(); run++) {
                byte[] bad = Arrays.copyOf(seed, run % 4 == 0 ? random.nextInt(seed.length) : seed.length);
                for (int flip = random.nextInt(4); flip >= 0 && bad.length > 0; flip--) {
                    bad[random.nextInt(bad.length)] = (byte) random.nextInt();
                }
                fuzz.accept(bad);
            }
        }
    }

    private Path tiny() {
        return TinyLlama.standard().withSizes(5, 4, 4, 1).withHeads(2, 1, 2).write(folder.resolve("tiny"));
    }

    @Test
    void safetensors() throws IOException {
        run(
                "Safetensors",
                SafetensorsFuzz::fuzzerTestOneInput,
                List.of(Files.readAllBytes(tiny().resolve("model.safetensors"))));
    }

    @Test
    void gguf() throws IOException {
        GgufWriter byteLevel = GgufWriter.bf16(tiny())
                .value("tokenizer.ggml.model", "gpt2")
                .value("tokenizer.ggml.pre", "gpt-2")
                .value("tokenizer.ggml.tokens", List.of("a", "b", "ab", "<s>", "</s>"))
                .value("tokenizer.ggml.token_type", List.of(1, 1, 1, 3, 3))
                .value("tokenizer.ggml.merges", List.of("a b"));
        GgufWriter pieces = GgufWriter.bf16(tiny())
                .value("tokenizer.ggml.model", "llama")
                .value("tokenizer.ggml.tokens", List.of("<unk>", "<s>", "▁", "a", "▁a"))
                .value("tokenizer.ggml.scores", List.of(0f, 0f, -1f, -2f, -3f))
                .value("tokenizer.chat_template", "{{ messages[0].content }}")
                .tensor("q", 8, new long[] {2, 32}, new byte[68])
                .tensor("r", 2, new long[] {32}, new byte[18]);
        run("Gguf", GgufFuzz::fuzzerTestOneInput, List.of(byteLevel.bytes(), pieces.bytes()));
    }

    @Test
    void torch() throws IOException {
        Path directory = tiny();
        TorchWriter.replace(directory, 1);
        run(
                "Torch",
                TorchFuzz::fuzzerTestOneInput,
                List.of(Files.readAllBytes(directory.resolve("pytorch_model.bin"))));
    }

    @Test
    void tokenizer() throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        seeds.add(SideFiles.sentencePiece().file("tokenizer.json").orElseThrow());
        run("Tokenizer", TokenizerFuzz::fuzzerTestOneInput, seeds);
    }

    @Test
    void templates() throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        seeds.add("{\"chat_template\": \"{{ bos_token }}{% for m in messages %}{{ m.content | trim }}{% endfor %}\"}"
                .getBytes(StandardCharsets.UTF_8));
        seeds.add(Files.readAllBytes(SharedFiles.demo().resolve("tokenizer_config.json")));
        run("Template", TemplateFuzz::fuzzerTestOneInput, seeds);
    }

    @Test
    void parquet() throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        for (String name :
                List.of("wiki-snappy.parquet", "wiki-zstd.parquet", "arc-snappy.parquet", "ptb-gzip.parquet")) {
            try (InputStream in = TextsTest.class.getResourceAsStream(name)) {
                seeds.add(in.readAllBytes());
            }
        }
        run("Parquet", ParquetFuzz::fuzzerTestOneInput, seeds);
    }
}
