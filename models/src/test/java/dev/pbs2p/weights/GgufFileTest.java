package dev.pbs2p.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.model.LlamaConfig;
import dev.pbs2p.model.Models;
import dev.pbs2p.model.Opened;
import dev.pbs2p.model.RopeScaling;
import dev.pbs2p.model.SharedFiles;
import dev.pbs2p.model.TinyLlama;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tokenizer.ChatTemplate;
import dev.pbs2p.tokenizer.Message;
import dev.pbs2p.tokenizer.PublishedIds;
import dev.pbs2p.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {

    @TempDir
    Path folder;

    /// Sizes that blocks of 32 elements fill, with fewer key heads than heads.
    private static TinyLlama tiny() {
        return TinyLlama.standard().withSizes(67, 64, 96, 2).withHeads(4, 2, 16).withTied(false);
    }

    private GgufWriter writer() {
        return GgufWriter.of(tiny().write(folder.resolve("tiny")), GgufType.F32);
    }

    private Path gguf(GgufType type) {
        return GgufWriter.of(tiny().write(folder.resolve("tiny")), type).write(folder.resolve("tiny.gguf"));
    }

    private static float[] logits(Path model, int... ids) {
        try (Opened opened = Opened.scalar(model);
                KvCache cache = opened.model().backend().window(1)) {
            return opened.model()
                    .backend()
                    .read(opened.model().logits(opened.model().forward(ids, cache)));
        }
    }

    @Test
    void aModelReadBackGivesTheSameLogits() {
        Path file = gguf(GgufType.F32);
        float[] expected = logits(folder.resolve("tiny"), 1, 5, 66, 20);
        assertArrayEquals(expected, logits(file, 1, 5, 66, 20));
        TinyLlama biased = tiny().withTied(true).withBias(true);
        Path directory = biased.write(folder.resolve("biased"));
        // No bias of the feed-forward: what GGUF says of biases is whether queries have one.
        directory = biased.withConfig("mlp_bias", "false").write(directory);
        Path second = GgufWriter.of(directory, GgufType.F32).write(folder.resolve("biased.gguf"));
        assertArrayEquals(logits(directory, 3, 4, 5), logits(second, 3, 4, 5));
    }

    @Test
    void theDemoModelReadBackGivesTheSameLogitsAndIds() {
        assertIsTheDemo(GgufWriter.of(SharedFiles.demo(), GgufType.BF16).write(folder.resolve("demo.gguf")));
    }

    /// Written by the script with which other engines' files were made, where Python and NumPy are.
    @Test
    void theDemoModelOfAnotherWriterIsTheSame() throws InterruptedException {
        Path script = SharedFiles.shared("peers/hf2gguf.py");
        Path file = folder.resolve("demo.gguf");
        assumeTrue(python("-c", "import numpy"), "there is no python3 with numpy");
        assertTrue(python(script.toString(), SharedFiles.demo().toString(), file.toString(), "bf16"));
        assertIsTheDemo(file);
    }

    private static boolean python(String... arguments) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of("python3"));
        command.addAll(List.of(arguments));
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static void assertIsTheDemo(Path file) {
        int[] ids;
        try (Checkpoint directory = Checkpoints.open(SharedFiles.demo());
                Checkpoint read = Checkpoints.open(file);
                Tokenizer expected = Tokenizer.of(directory);
                Tokenizer tokenizer = Tokenizer.of(read)) {
            String text = "The old king's 1234567 sons\n\n said: \"naïve 日本 😀\"  <|end_of_text|> and went.";
            ids = expected.encode(text, true);
            assertArrayEquals(ids, tokenizer.encode(text, true));
            assertArrayEquals(expected.encode(text, false), tokenizer.encode(text, false));
            assertEquals(expected.decode(ids), tokenizer.decode(ids));
            assertEquals(expected.bos(), tokenizer.bos());
            assertEquals(expected.eos(), tokenizer.eos());
        }
        assertArrayEquals(logits(SharedFiles.demo(), ids), logits(file, ids));
    }

    @ParameterizedTest
    @EnumSource(GgufType.class)
    void everyTypeIsReadAsStored(GgufType type) {
        Path file = gguf(type);
        try (Checkpoint read = Checkpoints.open(file)) {
            assertEquals(tiny().shapes().keySet(), read.names());
            tiny().weights().forEach((name, values) -> {
                Tensor tensor = (Tensor) read.weight(name);
                assertEquals(
                        Arrays.stream(tiny().shapes().get(name))
                                .asLongStream()
                                .boxed()
                                .toList(),
                        Arrays.stream(tensor.shape()).boxed().toList());
                float[] seen = tensor.toFloats();
                tensor.unload();
                assertArrayEquals(seen, tensor.toFloats(), "after it was given back");
                for (int i = 0; i < seen.length; i++) {
                    assertEquals(values[i], seen[i], error(type, tensor, values, i), name);
                }
            });
        }
    }

    /// Half a step of the type for the largest value of the 32 around element `i`, and the rounding to 16 bits.
    private static double error(GgufType type, Tensor tensor, float[] values, int i) {
        if (type == GgufType.F32 || tensor.shape().length == 1) {
            return 0;
        }
        double largest = 0;
        for (int j = i / 32 * 32; j < i / 32 * 32 + 32; j++) {
            largest = Math.max(largest, Math.abs(values[j]));
        }
        return switch (type) {
            case BF16 -> Math.abs(values[i]) / 128;
            case Q8_0 -> largest * (0.5 / 127 + 0.001);
            case Q4_0 -> largest * (0.5 / 7 + 0.001);
            default -> largest / 2048;
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"ggml-vocab-llama-spm.gguf", "ggml-vocab-gpt-2.gguf"})
    void publishedVocabulariesGiveThePublishedIds(String name) throws IOException {
        Path folder = SharedFiles.shared("data/tokenizers");
        try (Checkpoint file = Checkpoints.open(folder.resolve(name));
                Tokenizer tokenizer = Tokenizer.of(file)) {
            PublishedIds.assertSame(name, tokenizer);
            boolean begins = name.contains("llama");
            assertEquals(begins ? 1 : 0, tokenizer.encode("a", true).length - tokenizer.encode("a", false).length);
        }
    }

    @Test
    void theChatTemplateAndSpecialTokensComeAlong() {
        Path file = writer().value("tokenizer.ggml.tokens", List.of("<unk>", "<|begin_of_text|>", "</s>"))
                .value("tokenizer.chat_template", "{{ bos_token }}{{ messages[0].content }}")
                .write(folder.resolve("chat.gguf"));
        try (Checkpoint read = Checkpoints.open(file)) {
            var template = ChatTemplate.of(read).orElseThrow();
            var messages = List.of(Message.user("hello"));
            assertEquals("<|begin_of_text|>hello", template.render(messages, true));
        }
    }

    @Test
    void theFactorsOfLlama3AreRecognised() throws IOException {
        RopeScaling scaling = new RopeScaling.Llama3(32, 1, 4, 8192);
        byte[] factors = new byte[8 * 4];
        for (int i = 0; i < 8; i++) {
            double frequency = Math.pow(500_000, -2.0 * i / 16);
            ByteBuffer.wrap(factors).order(ByteOrder.LITTLE_ENDIAN).putFloat(4 * i, (float)
                    (frequency / scaling.apply(frequency)));
        }
        GgufWriter writer = writer().value("llama.rope.freq_base", 500_000f)
                .tensor("rope_freqs.weight", 0, new long[] {8}, factors);
        try (Checkpoint read = Checkpoints.open(writer.write(folder.resolve("a.gguf")))) {
            assertEquals(scaling, LlamaConfig.of(read).ropeScaling());
        }
        factors[14] ^= 0x40;
        assertSays("another way than Llama 3", writer.write(folder.resolve("b.gguf")));
    }

    private static void assertSays(String said, Path file) {
        FormatException e = assertThrows(FormatException.class, () -> {
            try (Checkpoint read = Checkpoints.open(file)) {
                Models.open(read, new ScalarBackend()).close();
                Tokenizer.of(read).close();
            }
        });
        assertTrue(e.getMessage().contains(said), e.getMessage());
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), "one line");
    }

    @Test
    void whatIsNotSupportedIsNamed() {
        assertSays(
                "tensor a is stored as Q4_K, but what is read is F32, F16, Q4_0, Q8_0, BF16",
                new GgufWriter()
                        .tensor("a", 12, new long[] {256}, new byte[144])
                        .write(folder.resolve("a.gguf")));
        assertSays(
                "the unknown type 99",
                new GgufWriter()
                        .tensor("a", 99, new long[] {256}, new byte[144])
                        .write(folder.resolve("b.gguf")));
        assertSays(
                "tokenizer.ggml.model = t5; expected llama or gpt2",
                writer().value("tokenizer.ggml.model", "t5").write(folder.resolve("c.gguf")));
        assertSays(
                "the rule viking, by which its tokenizer cuts a text into words, is not one of gpt-2, llama-bpe",
                writer().value("tokenizer.ggml.model", "gpt2")
                        .value("tokenizer.ggml.tokens", List.of("a"))
                        .value("tokenizer.ggml.pre", "viking")
                        .write(folder.resolve("d.gguf")));
        assertSays(
                "llama.expert_count = 8",
                writer().value("llama.expert_count", 8).write(folder.resolve("e.gguf")));
        assertSays(
                "has no llama.block_count",
                writer().value("llama.block_count", null).write(folder.resolve("f.gguf")));
        assertSays(
                "llama.block_count = many",
                writer().value("llama.block_count", "many").write(folder.resolve("g.gguf")));
        assertSays(
                "has architectures = [\"mamba\"]; expected one of LlamaForCausalLM",
                writer().value("general.architecture", "mamba").write(folder.resolve("h.gguf")));
    }

    @Test
    void countsBeyondTheFileAreRefused() throws IOException {
        byte[] good = Files.readAllBytes(gguf(GgufType.F16));
        for (int at : new int[] {8, 16, 24}) { // tensors, values, bytes of the first key
            for (long count : new long[] {1L << 60, -1, Long.MAX_VALUE, good.length}) {
                byte[] bad = good.clone();
                ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putLong(at, count);
                assertSays(Long.toUnsignedString(count), Files.write(folder.resolve("bad.gguf"), bad));
            }
        }
        long[] huge = {1L << 60, 1L << 60};
        assertSays(
                "tensor a has the size",
                new GgufWriter().tensor("a", 0, huge, new byte[4]).write(folder.resolve("a.gguf")));
        assertSays(
                "tensor a has 4611686018427387904 bytes",
                new GgufWriter()
                        .tensor("a", 0, new long[] {1L << 60}, new byte[4])
                        .write(folder.resolve("b.gguf")));
        assertSays(
                "no whole blocks of Q8_0",
                new GgufWriter().tensor("a", 8, new long[] {4, 33}, new byte[4]).write(folder.resolve("c.gguf")));
    }

    @Test
    void truncatedAndDamagedFilesAreRefused() throws IOException {
        byte[] good = GgufWriter.of(tiny().write(folder.resolve("tiny")), GgufType.Q8_0)
                .value("tokenizer.ggml.tokens", List.of("a", "b", "c"))
                .value("tokenizer.ggml.scores", List.of(1f, 2f))
                .bytes();
        Path file = folder.resolve("bad.gguf");
        SplittableRandom random = new SplittableRandom(1);
        for (int length = 0; length < good.length; length += 1 + random.nextInt(4000)) {
            Files.write(file, Arrays.copyOf(good, length));
            assertThrows(FormatException.class, () -> Checkpoints.open(file).close(), "" + length);
        }
        int header = new String(good, StandardCharsets.ISO_8859_1).lastIndexOf(".weight");
        for (int run = 0; run < 200; run++) {
            byte[] bad = good.clone();
            for (int i = 0; i < 3; i++) {
                bad[random.nextInt(header)] = (byte) random.nextInt();
            }
            Files.write(file, bad);
            try (Checkpoint read = Checkpoints.open(file)) {
                read.file("config.json");
                read.file("tokenizer.json");
                read.names().forEach(read::weight);
            } catch (FormatException e) {
                assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
            }
        }
    }
}
