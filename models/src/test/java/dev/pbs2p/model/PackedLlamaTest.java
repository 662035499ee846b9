package dev.pbs2p.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pbs2p.format.Packing;
import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The same model definition with packed weights.
class PackedLlamaTest {

    private static final PackedFormat FORMAT = new PackedFormat(4, 4, true, 32, 1, true, false);
    private static final TinyLlama TINY =
            TinyLlama.standard().withSizes(67, 40, 72, 2).withBias(true).withTied(false);

    /// The blocks' linears packed, against the values of their codes in the plain definition. Only the activations
    /// differ, rounded to 8 bits (at most 1/254 of the largest of a run, in 14 products one after another).
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void packedLinearsGiveTheLogitsOfTheirValues(boolean packHead) {
        Map<String, Weight> stored = new LinkedHashMap<>();
        Map<String, float[]> values = new HashMap<>();
        TINY.weights().forEach((name, dense) -> {
            int[] shape = TINY.shapes().get(name);
            boolean pack = shape.length == 2 && (packHead || name.contains("_proj"));
            Codes codes = pack ? signs(dense, shape[0], shape[1]) : null;
            stored.put(name, pack ? Packing.pack(codes) : Tensor.of(dense, longs(shape)));
            values.put(name, pack ? codes.toFloats() : dense);
        });
        int[] ids = new Random(3).ints(9, 0, TINY.vocab()).toArray();
        double[] frequencies = PlainLlama.frequencies(TINY, 10_000);
        double[][] expected = new PlainLlama(TINY, values, frequencies, Integer.MAX_VALUE).logits(ids);
        for (Named<Supplier<Backend>> kind : TestBackends.all()) {
            assertEquals(0, error(expected, logits(kind.getPayload(), stored, ids)), 0.03, kind.getName());
        }
    }

    private static float[] logits(Supplier<Backend> kind, Map<String, Weight> stored, int[] ids) {
        try (Backend backend = kind.get();
                Model model = Models.open(new InMemory(stored), backend);
                KvCache cache = backend.window(1)) {
            return backend.read(model.logits(model.forward(ids, cache)));
        }
    }

    /// Root mean square of the difference, relative to the expected logits.
    private static double error(double[][] expected, float[] seen) {
        double squares = 0;
        double errors = 0;
        for (int i = 0; i < seen.length; i++) {
            double wanted = expected[i / TINY.vocab()][i % TINY.vocab()];
            squares += wanted * wanted;
            errors += (seen[i] - wanted) * (seen[i] - wanted);
        }
        return Math.sqrt(errors / squares);
    }

    /// One bit a weight: its sign times its row's mean magnitude.
    private static Codes signs(float[] weight, int rows, int cols) {
        Codes codes = Codes.empty(FORMAT, rows, cols);
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

    private static long[] longs(int[] shape) {
        return Arrays.stream(shape).asLongStream().toArray();
    }

    private record InMemory(Map<String, Weight> weights) implements Checkpoint {

        @Override
        public String source() {
            return "memory";
        }

        @Override
        public Set<String> names() {
            return weights.keySet();
        }

        @Override
        public Weight weight(String name) {
            return weights.get(name);
        }

        @Override
        public Optional<byte[]> file(String name) {
            return Optional.of(TINY.configJson().getBytes());
        }

        @Override
        public void close() {}
    }
}
