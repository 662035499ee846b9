package dev.pbs2p.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.eval.Protocol.Score;
import dev.pbs2p.model.Opened;
import dev.pbs2p.model.PlainLlama;
import dev.pbs2p.model.TinyLlama;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PerplexityTest {

    /// Logits of about 4 carry float32 errors of some 1e-5 (see LlamaTest); their mean is no worse, and exp keeps a
    /// small absolute error of the exponent as a relative one.
    private static final double TOLERANCE = 1e-5;

    private static final OptionalInt BOS = OptionalInt.of(1);

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"8, 1000, ALL", "8, 1000, SECOND_HALF", "9, 3, SECOND_HALF", "128, 1000, ALL", "4, 1, ALL"})
    void equalsThePlainDefinition(int window, int limit, Score score) {
        TinyLlama tiny = TinyLlama.standard();
        int[] text = text(tiny, 400);
        Protocol protocol = new Protocol(window, limit, score, BOS);
        double[] means = plainWindowMeans(tiny, text, protocol);
        double mean = Arrays.stream(means).average().orElseThrow();
        double variance = Arrays.stream(means).map(m -> (m - mean) * (m - mean)).sum() / (means.length - 1);
        try (Opened opened = Opened.scalar(tiny.write(directory))) {
            Perplexity seen = Perplexity.of(opened.model(), text, protocol, (done, total, estimate) -> {});
            assertEquals(Math.exp(mean), seen.perplexity(), TOLERANCE * Math.exp(mean));
            double stderr = Math.exp(mean) * Math.sqrt(variance / means.length);
            assertEquals(stderr, seen.stderr(), 1e-4 * Math.exp(mean));
            assertEquals(means.length, seen.windows());
            assertEquals(window, seen.window());
            assertEquals((long) means.length * protocol.predictions(), seen.tokens());
            assertEquals(protocol.describe(means.length), seen.protocol());
        }
    }

    /// 9001 · 32 · 63 logits a pass are more than are held at once.
    @Test
    void takesLargeVocabulariesInSlabs() {
        TinyLlama tiny = TinyLlama.standard().withSizes(9001, 6, 6, 1).withHeads(1, 1, 2);
        int[] text = text(tiny, 33 * 64);
        Protocol protocol = new Protocol(64, 33, Score.ALL, BOS);
        double mean =
                Arrays.stream(plainWindowMeans(tiny, text, protocol)).average().orElseThrow();
        try (Opened opened = Opened.scalar(tiny.write(directory))) {
            Perplexity seen = Perplexity.of(opened.model(), text, protocol, (done, total, estimate) -> {});
            assertEquals(Math.exp(mean), seen.perplexity(), TOLERANCE * Math.exp(mean));
        }
    }

    @Test
    void reportsARunningEstimateThatEndsAtTheResult() {
        TinyLlama tiny = TinyLlama.standard();
        List<Integer> done = new ArrayList<>();
        List<Double> estimates = new ArrayList<>();
        try (Opened opened = Opened.scalar(tiny.write(directory))) {
            Protocol protocol = new Protocol(100, Integer.MAX_VALUE, Score.ALL, BOS);
            Perplexity seen = Perplexity.of(opened.model(), text(tiny, 5000), protocol, (windows, total, estimate) -> {
                assertEquals(50, total);
                done.add(windows);
                estimates.add(estimate);
            });
            assertEquals(List.of(20, 40, 50), done);
            assertEquals(seen.perplexity(), estimates.getLast());
            assertTrue(estimates.getFirst() > 1);
        }
    }

    @Test
    void rejectsAWindowLongerThanTheContext() {
        TinyLlama tiny = TinyLlama.standard();
        try (Opened opened = Opened.scalar(tiny.write(directory))) {
            Protocol protocol = new Protocol(129, 1, Score.ALL, BOS);
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class,
                    () -> Perplexity.of(opened.model(), text(tiny, 500), protocol, (done, total, estimate) -> {}));
            assertTrue(e.getMessage().contains("use a window of 128 or less"), e.getMessage());
        }
    }

    static int[] text(TinyLlama tiny, int count) {
        return new Random(5).ints(count, 0, tiny.vocab()).toArray();
    }

    private static double[] plainWindowMeans(TinyLlama tiny, int[] text, Protocol protocol) {
        PlainLlama plain = new PlainLlama(tiny, PlainLlama.frequencies(tiny, 10_000), Integer.MAX_VALUE);
        int[] ids = protocol.windows(text);
        double[] means = new double[ids.length / protocol.window()];
        for (int w = 0; w < means.length; w++) {
            int[] window = Arrays.copyOfRange(ids, w * protocol.window(), (w + 1) * protocol.window());
            double[][] logits = plain.logits(window);
            int first = protocol.score() == Score.ALL ? 0 : protocol.window() / 2;
            double sum = 0;
            for (int p = first; p < window.length - 1; p++) {
                double total = Arrays.stream(logits[p]).map(Math::exp).sum();
                sum += Math.log(total) - logits[p][window[p + 1]];
            }
            means[w] = sum / (window.length - 1 - first);
        }
        return means;
    }
}
