package dev.pbs2p.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.eval.Protocol.Score;
import dev.pbs2p.model.Opened;
import dev.pbs2p.model.PlainLlama;
import dev.pbs2p.model.TinyLlama;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KlDivergenceTest {

    private static final Protocol PROTOCOL = new Protocol(16, 4, Score.ALL, OptionalInt.empty());
    private static final Progress QUIET = (done, total, estimate) -> {};

    @TempDir
    Path directory;

    @Test
    void aModelDoesNotDivergeFromItself() {
        TinyLlama tiny = TinyLlama.standard();
        tiny.write(directory);
        try (Opened one = Opened.scalar(directory);
                Opened other = Opened.scalar(directory)) {
            KlDivergence seen =
                    KlDivergence.of(one.model(), other.model(), PerplexityTest.text(tiny, 100), PROTOCOL, QUIET);
            assertEquals(0, seen.divergence(), 1e-12);
            assertEquals(1, seen.agreement());
            assertEquals(4 * 15, seen.tokens());
        }
    }

    @Test
    void equalsThePlainDefinition() {
        TinyLlama reference = TinyLlama.standard();
        TinyLlama model = reference.withSeed(8).withBias(true);
        int[] text = PerplexityTest.text(reference, 100);
        double sum = 0;
        double agreed = 0;
        for (int w = 0; w < 4; w++) {
            int[] window = Arrays.copyOfRange(text, w * 16, (w + 1) * 16);
            double[][] p = plain(reference).logits(window);
            double[][] q = plain(model).logits(window);
            for (int t = 0; t < 15; t++) {
                double[] a = softmax(p[t]);
                double[] b = softmax(q[t]);
                for (int i = 0; i < a.length; i++) {
                    sum += a[i] * Math.log(a[i] / b[i]);
                }
                agreed += top(a) == top(b) ? 1 : 0;
            }
        }
        try (Opened one = Opened.scalar(reference.write(directory.resolve("reference")));
                Opened other = Opened.scalar(model.write(directory.resolve("model")))) {
            KlDivergence seen = KlDivergence.of(one.model(), other.model(), text, PROTOCOL, QUIET);
            // As in PerplexityTest: float32 errors of the logits, about 1e-5 each.
            assertEquals(sum / 60, seen.divergence(), 2e-5);
            assertEquals(agreed / 60, seen.agreement(), 1e-12);
            assertTrue(seen.stderr() > 0 && seen.stderr() < seen.divergence());
        }
    }

    @Test
    void rejectsModelsOfDifferentVocabularies() {
        TinyLlama tiny = TinyLlama.standard();
        try (Opened one = Opened.scalar(tiny.write(directory.resolve("one")));
                Opened other = Opened.scalar(tiny.withSizes(68, 20, 36, 2).write(directory.resolve("other")))) {
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class,
                    () -> KlDivergence.of(one.model(), other.model(), new int[100], PROTOCOL, QUIET));
            assertTrue(e.getMessage().contains("67 and 68 tokens"), e.getMessage());
        }
    }

    private static PlainLlama plain(TinyLlama tiny) {
        return new PlainLlama(tiny, PlainLlama.frequencies(tiny, 10_000), Integer.MAX_VALUE);
    }

    private static double[] softmax(double[] logits) {
        double sum = Arrays.stream(logits).map(Math::exp).sum();
        return Arrays.stream(logits).map(x -> Math.exp(x) / sum).toArray();
    }

    private static int top(double[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return best;
    }
}
