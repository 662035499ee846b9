package dev.pbs2p.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SamplerTest {

    private static final SamplingOptions PLAIN = new SamplingOptions(1, 1, 0, 1, 0, 11);
    private static final int[] NONE = {};

    private static float[] logits(long seed, int n) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] logits = new float[n];
        for (int i = 0; i < n; i++) {
            logits[i] = (float) (random.nextDouble() * 6 - 3);
        }
        return logits;
    }

    /// How often each token comes in 20000 draws.
    private static double[] frequencies(SamplingOptions options, float[] logits) {
        Sampler sampler = new Sampler(options);
        double[] count = new double[logits.length];
        for (int i = 0; i < 20_000; i++) {
            count[sampler.sample(logits.clone(), NONE, 0)] += 1 / 20_000.0;
        }
        return count;
    }

    /// The distribution by its definition: all tokens sorted, each limit applied to the whole.
    private static double[] expected(SamplingOptions o, float[] logits) {
        double[] p = new double[logits.length];
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(logits[i] / o.temperature());
        }
        double sum = Arrays.stream(p).sum();
        Integer[] order = IntStream.range(0, p.length).boxed().toArray(Integer[]::new);
        Arrays.sort(order, (a, b) -> Double.compare(p[b], p[a]));
        double[] kept = new double[p.length];
        double before = 0;
        for (int rank = 0; rank < order.length; rank++) {
            int id = order[rank];
            boolean inside = (o.topK() == 0 || rank < o.topK())
                    && (o.topP() == 1 || before < o.topP())
                    && p[id] >= o.minP() * p[order[0]];
            kept[id] = inside || rank == 0 ? p[id] : 0;
            before += p[id] / sum;
        }
        double total = Arrays.stream(kept).sum();
        return Arrays.stream(kept).map(x -> x / total).toArray();
    }

    @ParameterizedTest
    @CsvSource({
        "1,0,1,0",
        "0.5,0,1,0",
        "2,0,1,0",
        "1,1,1,0",
        "1,5,1,0",
        "1,0,0.9,0",
        "1,0,0.01,0",
        "1,0,1,0.2",
        "0.8,10,0.95,0.05",
        "3,40,0.5,0.1"
    })
    void drawsFollowTheDistribution(float temperature, int topK, float topP, float minP) {
        SamplingOptions options = new SamplingOptions(1, temperature, topK, topP, minP, 5);
        float[] logits = logits(1, 30);
        double[] seen = frequencies(options, logits);
        double[] expected = expected(options, logits);
        for (int i = 0; i < seen.length; i++) {
            // Five standard deviations of a frequency over 20000 draws.
            double bound = 5 * Math.sqrt(expected[i] * (1 - expected[i]) / 20_000) + 1e-12;
            assertEquals(expected[i], seen[i], bound, "token " + i);
        }
    }

    @Test
    void greedyTakesTheFirstOfTheBest() {
        Sampler sampler = new Sampler(SamplingOptions.GREEDY);
        assertEquals(1, sampler.sample(new float[] {-2, 3, 1, 3}, NONE, 0));
        assertEquals(0, sampler.sample(new float[] {-5, Float.NEGATIVE_INFINITY}, NONE, 0));
    }

    @Test
    void seedsDecide() {
        float[] logits = logits(2, 200);
        int[] a = run(PLAIN, logits);
        assertTrue(Arrays.equals(a, run(PLAIN, logits)));
        assertTrue(!Arrays.equals(a, run(PLAIN.withSeed(12), logits)));
    }

    private static int[] run(SamplingOptions options, float[] logits) {
        Sampler sampler = new Sampler(options);
        return IntStream.range(0, 50)
                .map(_ -> sampler.sample(logits.clone(), NONE, 0))
                .toArray();
    }

    @Test
    void repetitionIsPenalizedOnceAToken() {
        Sampler sampler = new Sampler(SamplingOptions.GREEDY.withRepetitionPenalty(2));
        float[] logits = {4, 3, -1, -1.5f};
        assertEquals(1, sampler.sample(logits, new int[] {0, 0, 2, 3}, 3));
        assertEquals(2, logits[0]);
        assertEquals(-2, logits[2]);
        assertEquals(-1.5f, logits[3]); // beyond the count
    }

    @Test
    void brokenLogitsAreReported() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThrows(
                    IllegalStateException.class, () -> new Sampler(PLAIN).sample(new float[] {1, bad, 0}, NONE, 0));
        }
        float none = Float.NEGATIVE_INFINITY;
        assertThrows(IllegalStateException.class, () -> new Sampler(PLAIN).sample(new float[] {none, none}, NONE, 0));
    }

    @Test
    void optionsHaveRanges() {
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withTemperature(-1));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withTemperature(Float.NaN));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withTopK(-1));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withTopP(0));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withMinP(2));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withRepetitionPenalty(0));
    }
}
