package dev.pbs2p.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.weights.Checkpoints;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class LlamaTest {

    /// A logit is a chain of some 15 sums of at most 64 float32 terms of size 1: rounding errors of 2^-24 a term add up
    /// to about 15 · 64 · 6e-8 = 6e-5 of the largest logit at worst.
    private static final double TOLERANCE = 6e-5;
    /// A cache keeps keys and values as float16, up to 2^-11 of them off, in the sums of two layers.
    private static final double CACHED = 2e-3;

    @TempDir
    Path directory;

    static Stream<TinyLlama> shapes() {
        TinyLlama standard = TinyLlama.standard();
        return Stream.of(
                standard,
                standard.withTied(false),
                standard.withBias(true),
                standard.withHeads(4, 4, 6),
                standard.withHeads(6, 1, 10),
                standard.withHeads(1, 1, 2).withSizes(3, 1, 1, 1),
                standard.withSizes(130, 64, 33, 3).withHeads(2, 1, 32),
                standard.withDtype(DType.F16),
                standard.withDtype(DType.BF16).withShards(4).withTied(false));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void logitsEqualThoseOfThePlainDefinition(TinyLlama tiny) {
        int[] ids = ids(tiny, 17);
        double[][] expected = plain(tiny, 10_000, Integer.MAX_VALUE).logits(ids);
        forEveryBackend(tiny, model -> assertLogits(expected, window(model, ids)));
    }

    @Test
    void oneTokenAtATimeGivesTheSameAsAllAtOnce() {
        TinyLlama tiny = TinyLlama.standard();
        int[] ids = ids(tiny, 17);
        double[][] expected = plain(tiny, 10_000, Integer.MAX_VALUE).logits(ids);
        forEveryBackend(tiny, model -> {
            try (KvCache cache = model.cache(1, ids.length)) {
                int prompt = 5;
                float[] logits = logits(model, model.forward(Arrays.copyOf(ids, prompt), cache));
                assertLogits(CACHED, Arrays.copyOf(expected, prompt), logits);
                for (int t = prompt; t < ids.length; t++) {
                    assertEquals(t, cache.length(0));
                    logits = logits(model, model.forward(new int[] {ids[t]}, cache));
                    assertLogits(CACHED, new double[][] {expected[t]}, logits);
                }
            }
        });
    }

    @Test
    void sequencesOfABatchDoNotSeeEachOther() {
        TinyLlama tiny = TinyLlama.standard();
        int[] both = ids(tiny, 12);
        PlainLlama plain = plain(tiny, 10_000, Integer.MAX_VALUE);
        double[][] first = plain.logits(Arrays.copyOf(both, 6));
        double[][] second = plain.logits(Arrays.copyOfRange(both, 6, 12));
        double[][] expected =
                Stream.concat(Arrays.stream(first), Arrays.stream(second)).toArray(double[][]::new);
        forEveryBackend(tiny, model -> {
            try (KvCache cache = model.backend().window(2)) {
                assertLogits(expected, logits(model, model.forward(both, cache)));
            }
        });
    }

    @Test
    void mistralLooksBackAsFarAsItsSlidingWindow() {
        TinyLlama tiny = TinyLlama.standard()
                .withConfig("architectures", "[\"MistralForCausalLM\"]")
                .withConfig("sliding_window", "4")
                .withConfig("rope_theta", "100.0");
        int[] ids = ids(tiny, 11);
        double[][] expected = plain(tiny, 100, 4).logits(ids);
        forEveryBackend(tiny, model -> assertLogits(expected, window(model, ids)));
    }

    @Test
    void namesTheWeightsOfABlockInTheOrderOfUse() {
        forEveryBackend(TinyLlama.standard().withBias(true), model -> {
            assertEquals(2, model.blocks());
            assertEquals(67, model.vocabulary());
            assertEquals(128, model.context());
            assertEquals(
                    Stream.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj")
                            .map(layer -> "model.layers.1." + layer + ".weight")
                            .toList(),
                    model.linears(1).subList(0, 4));
            assertEquals("model.layers.1.mlp.down_proj.weight", model.linears(1).getLast());
            assertEquals(2 + 7, model.vectors(0).size());
            assertTrue(TinyLlama.standard().withBias(true).shapes().keySet().containsAll(model.vectors(0)));
        });
    }

    @ParameterizedTest
    @CsvSource({
        "hidden_size, 24, model.embed_tokens.weight",
        "intermediate_size, 35, model.layers.0.mlp.gate_proj.weight",
        "num_key_value_heads, 1, model.layers.0.self_attn.k_proj.weight",
        "vocab_size, 68, model.embed_tokens.weight",
    })
    void rejectsAWeightOfAnotherShapeThanTheConfigImplies(String name, String value, String weight) {
        FormatException e = assertThrows(
                FormatException.class,
                () -> forEveryBackend(TinyLlama.standard().withConfig(name, value), _ -> {}));
        assertTrue(e.getMessage().contains(weight + " in "), e.getMessage());
        assertTrue(e.getMessage().contains("has the shape ["), e.getMessage());
        assertTrue(e.getMessage().contains("makes it ["), e.getMessage());
    }

    @Test
    void saysWhichWeightIsMissing() {
        TinyLlama tiny = TinyLlama.standard().withConfig("num_hidden_layers", "3");
        FormatException e = assertThrows(FormatException.class, () -> forEveryBackend(tiny, _ -> {}));
        assertTrue(e.getMessage().contains("no weight model.layers.2.input_layernorm.weight"), e.getMessage());
    }

    @Test
    void rejectsTokensOutsideItsVocabulary() {
        forEveryBackend(TinyLlama.standard(), model -> {
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class,
                    () -> model.embed(new int[] {3, 67}, model.backend().window(1)));
            assertTrue(e.getMessage().contains("67"), e.getMessage());
        });
    }

    private void forEveryBackend(TinyLlama tiny, Consumer<Model> test) {
        tiny.write(directory);
        for (Named<Supplier<Backend>> kind : TestBackends.all()) {
            try (Backend backend = kind.getPayload().get();
                    Checkpoint checkpoint = Checkpoints.open(directory);
                    Model model = Models.open(checkpoint, backend)) {
                test.accept(model);
            }
        }
    }

    private static PlainLlama plain(TinyLlama tiny, double theta, int span) {
        return new PlainLlama(tiny, PlainLlama.frequencies(tiny, theta), span);
    }

    private static int[] ids(TinyLlama tiny, int count) {
        return new Random(3).ints(count, 0, tiny.vocab()).toArray();
    }

    private static float[] window(Model model, int[] ids) {
        try (KvCache cache = model.backend().window(1)) {
            return logits(model, model.forward(ids, cache));
        }
    }

    private static float[] logits(Model model, Matrix hidden) {
        return model.backend().read(model.logits(hidden));
    }

    private static void assertLogits(double[][] expected, float[] actual) {
        assertLogits(TOLERANCE, expected, actual);
    }

    private static void assertLogits(double tolerance, double[][] expected, float[] actual) {
        double[] flat = Arrays.stream(expected).flatMapToDouble(Arrays::stream).toArray();
        double largest = Arrays.stream(flat).map(Math::abs).max().orElseThrow();
        double[] widened = new double[actual.length];
        Arrays.setAll(widened, i -> actual[i]);
        assertArrayEquals(flat, widened, tolerance * largest);
    }
}
