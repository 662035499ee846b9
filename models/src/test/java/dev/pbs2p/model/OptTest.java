package dev.pbs2p.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.format.Packing;
import dev.pbs2p.format.Pbs2pWriter;
import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class OptTest {

    /// A logit is a chain of some 15 sums of at most 64 float32 terms of size 1: rounding errors of 2^-24 a term add up
    /// to about 15 · 64 · 6e-8 = 6e-5 of the largest logit at worst.
    private static final double TOLERANCE = 6e-5;
    /// A cache keeps keys and values as float16, up to 2^-11 of them off, in the sums of two layers.
    private static final double CACHED = 2e-3;

    @TempDir
    Path directory;

    static Stream<TinyOpt> shapes() {
        TinyOpt standard = TinyOpt.standard();
        TinyOpt projected = TinyOpt.projected();
        return Stream.of(
                standard,
                standard.withBias(false),
                standard.withTied(false),
                standard.withDecoder("decoder."),
                standard.withConfig("_remove_final_layer_norm", "true"),
                standard.withConfig("word_embed_proj_dim", null).withConfig("do_layer_norm_before", null),
                standard.withSizes(3, 2, 1, 1, 1),
                standard.withSizes(130, 64, 60, 3, 2),
                projected,
                projected.withTied(false).withBias(false),
                projected.withDecoder("decoder.").withSizes(31, 8, 5, 3, 8));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void logitsEqualThoseOfThePlainDefinition(TinyOpt tiny) {
        int[] ids = ids(tiny, 17);
        double[][] expected = new PlainOpt(tiny).logits(ids);
        try (Opened opened = Opened.scalar(tiny.write(directory));
                KvCache window = opened.backend().window(1)) {
            assertInstanceOf(Opt.class, opened.model());
            assertLogits(expected, logits(opened.model(), opened.model().forward(ids, window)));
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void oneTokenAtATimeGivesTheSameAsAllAtOnce(TinyOpt tiny) {
        int[] ids = ids(tiny, 9);
        double[][] expected = new PlainOpt(tiny).logits(ids);
        try (Opened opened = Opened.scalar(tiny.write(directory));
                KvCache cache = opened.model().cache(1, ids.length)) {
            int prompt = 4;
            Model model = opened.model();
            float[] logits = logits(model, model.forward(Arrays.copyOf(ids, prompt), cache));
            assertLogits(CACHED, Arrays.copyOf(expected, prompt), logits);
            for (int t = prompt; t < ids.length; t++) {
                assertLogits(
                        CACHED, new double[][] {expected[t]}, logits(model, model.forward(new int[] {ids[t]}, cache)));
            }
        }
    }

    @Test
    void sequencesOfABatchHaveTheirOwnPositions() {
        TinyOpt tiny = TinyOpt.standard();
        int[] both = ids(tiny, 12);
        PlainOpt plain = new PlainOpt(tiny);
        double[][] expected = Stream.concat(
                        Arrays.stream(plain.logits(Arrays.copyOf(both, 6))),
                        Arrays.stream(plain.logits(Arrays.copyOfRange(both, 6, 12))))
                .toArray(double[][]::new);
        try (Opened opened = Opened.scalar(tiny.write(directory));
                KvCache window = opened.backend().window(2)) {
            assertLogits(expected, logits(opened.model(), opened.model().forward(both, window)));
        }
    }

    /// The blocks' linears packed in a file, their biases beside them, against the values of their codes in the plain
    /// definition. Only the activations differ, rounded to 8 bits (at most 1/254 of the largest of a run, in 12
    /// products one after another).
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void packedLinearsKeepTheirBiases(boolean before) throws IOException {
        TinyOpt tiny = (before ? TinyOpt.standard() : TinyOpt.projected()).withSizes(67, 40, 72, 2, 4);
        Map<String, Weight> stored = new LinkedHashMap<>();
        Map<String, float[]> values = new HashMap<>();
        Pbs2pWriter writer =
                new Pbs2pWriter().file("config.json", tiny.configJson().getBytes());
        tiny.weights().forEach((name, dense) -> {
            long[] shape = tiny.shapes().get(name);
            if (name.contains(".layers.") && shape.length == 2) {
                Codes codes = signs(dense, (int) shape[0], (int) shape[1]);
                stored.put(name, Packing.pack(codes));
                values.put(name, codes.toFloats());
                writer.packed(name, codes.format(), codes.rows(), codes.cols());
            } else {
                stored.put(name, Tensor.of(dense, shape));
                values.put(name, dense);
                writer.dense(name, DType.F32, shape);
            }
        });
        Path file = directory.resolve("opt.pbs2p");
        writer.write(file, stored::get);
        int[] ids = ids(tiny, 9);
        double[][] expected = new PlainOpt(tiny, values).logits(ids);
        try (Opened opened = Opened.scalar(file);
                KvCache window = opened.backend().window(1)) {
            float[] seen = logits(opened.model(), opened.model().forward(ids, window));
            double squares = 0;
            double errors = 0;
            for (int i = 0; i < seen.length; i++) {
                double wanted = expected[i / tiny.vocab()][i % tiny.vocab()];
                squares += wanted * wanted;
                errors += (seen[i] - wanted) * (seen[i] - wanted);
            }
            assertEquals(0, Math.sqrt(errors / squares), 0.03);
        }
    }

    @Test
    void namesTheWeightsOfABlockInTheOrderOfUse() {
        TinyOpt tiny = TinyOpt.standard().withDecoder("decoder.");
        try (Opened opened = Opened.scalar(tiny.write(directory))) {
            assertEquals(
                    Stream.of(
                                    "self_attn.q_proj",
                                    "self_attn.k_proj",
                                    "self_attn.v_proj",
                                    "self_attn.out_proj",
                                    "fc1",
                                    "fc2")
                            .map(layer -> "decoder.layers.1." + layer + ".weight")
                            .toList(),
                    opened.model().linears(1));
            assertEquals(4 + 6, opened.model().vectors(0).size());
            assertTrue(tiny.shapes().keySet().containsAll(opened.model().vectors(0)));
            assertEquals(TinyOpt.POSITIONS, opened.model().context());
            assertEquals(tiny.vocab(), opened.model().vocabulary());
            assertEquals(2, opened.model().blocks());
        }
    }

    @Test
    void rejectsMoreTokensThanItHasPositions() {
        TinyOpt tiny = TinyOpt.standard();
        try (Opened opened = Opened.scalar(tiny.write(directory));
                KvCache window = opened.backend().window(1)) {
            Model model = opened.model();
            model.forward(ids(tiny, TinyOpt.POSITIONS), window);
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class, () -> model.embed(ids(tiny, TinyOpt.POSITIONS + 1), window));
            assertEquals("position 32 is beyond the 32 positions that the model has learned", e.getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "ffn_dim; null; lacks ffn_dim",
                "activation_function; \"gelu\"; the only activation supported",
                "layer_norm_elementwise_affine; false; with gains and biases",
                "num_attention_heads; 3; a divisor of the hidden size, 20",
                "quantization_config; {\"quant_method\":\"gptq\"}; quantised already",
                "word_embed_proj_dim; 12; makes it [67, 12]",
                "max_position_embeddings; 31; embed_positions.weight",
                "enable_bias; 3; true or false",
            })
    void rejectsWhatItCannotUseInOneSentence(String name, String json, String said) {
        Path written = TinyOpt.standard().withConfig(name, json).write(directory);
        FormatException e = assertThrows(FormatException.class, () -> Opened.scalar(written));
        assertTrue(e.getMessage().contains(said), e.getMessage());
        assertTrue(!e.getMessage().contains("\n"), "one line");
    }

    /// One bit a weight: its sign times its row's mean magnitude.
    private static Codes signs(float[] weight, int rows, int cols) {
        Codes codes = Codes.empty(new PackedFormat(4, 4, true, 32, 1, true, false), rows, cols);
        Arrays.fill(codes.params(), (byte) 100);
        for (int r = 0; r < rows; r++) {
            float magnitude = 0;
            for (int c = 0; c < cols; c++) {
                codes.code()[r * cols + c] = (byte) (weight[r * cols + c] < 0 ? 1 : 2);
                magnitude += Math.abs(weight[r * cols + c]) / cols;
            }
            codes.step()[r] = Float.floatToFloat16(magnitude / 100);
        }
        return codes;
    }

    private static int[] ids(TinyOpt tiny, int count) {
        return new Random(3).ints(count, 0, tiny.vocab()).toArray();
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
