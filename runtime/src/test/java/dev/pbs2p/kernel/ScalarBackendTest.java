package dev.pbs2p.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The definition itself, on values worked out by hand.
class ScalarBackendTest {

    private final ScalarBackend backend = new ScalarBackend();

    private Matrix row(float... values) {
        return backend.matrix(values, 1, values.length);
    }

    @Test
    void matmulIsRowsTimesTransposedWeightPlusBias() {
        Linear w = backend.linear(
                "w", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2), Tensor.of(new float[] {0, 1, 2}, 3));
        Matrix x = backend.matrix(new float[] {1, 10, -1, 1}, 2, 2);
        assertArrayEquals(new float[] {21, 44, 67, 1, 2, 3}, backend.read(backend.matmul(x, w)));
    }

    @Test
    void normsFollowTheirFormulas() {
        Matrix gain = backend.vector("g", Tensor.of(new float[] {1, 2}, 2));
        assertArrayEquals(
                new float[] {3 / 5f, 2 * 4 / 5f}, backend.read(backend.rmsNorm(row(3, 4), gain, 12.5f)), 1e-6f);
        Matrix bias = backend.vector("b", Tensor.of(new float[] {5, 7}, 2));
        assertArrayEquals(new float[] {4, 9}, backend.read(backend.layerNorm(row(1, 3), gain, bias, 0)), 1e-6f);
    }

    @Test
    void ropeTurnsPairsByPositionTimesFrequency() {
        KvCache cache = backend.cache(1, 1, 4, 8);
        float[] quarter = {(float) (Math.PI / 2), 0};
        Matrix x = backend.matrix(new float[] {1, 2, 3, 4, 1, 2, 3, 4}, 2, 4);
        assertArrayEquals(new float[] {1, 2, 3, 4, -3, 2, 1, 4}, backend.read(backend.rope(x, quarter, cache)), 1e-6f);
        cache.advance(2);
        Matrix next = backend.rope(row(1, 2, 3, 4), quarter, cache);
        assertArrayEquals(new float[] {-1, 2, -3, 4}, backend.read(next), 1e-6f);
    }

    @Test
    void attentionLooksBackOnlyAndAsFarAsItsSpan() {
        Matrix zero = backend.matrix(new float[3], 3, 1);
        Matrix v = backend.matrix(new float[] {3, 5, 10}, 3, 1);
        KvCache window = backend.window(1);
        Matrix all = backend.attention(zero, zero, v, 1, 1, 0, Integer.MAX_VALUE, window);
        assertArrayEquals(new float[] {3, 4, 6}, backend.read(all));
        Matrix two = backend.attention(zero, zero, v, 1, 1, 0, 2, window);
        assertArrayEquals(new float[] {3, 4, 7.5f}, backend.read(two));
    }

    @Test
    void aCacheRemembersWhatAWindowForgets() {
        KvCache cache = backend.cache(2, 1, 1, 4);
        Matrix zero = backend.matrix(new float[2], 2, 1);
        backend.attention(zero, zero, backend.matrix(new float[] {1, 100}, 2, 1), 1, 1, 0, 9, cache);
        cache.advance(1);
        Matrix next = backend.attention(zero, zero, backend.matrix(new float[] {3, 300}, 2, 1), 1, 1, 0, 9, cache);
        assertArrayEquals(new float[] {2, 200}, backend.read(next));
        cache.advance(1);
        cache.truncate(1, 0);
        assertEquals(2, cache.length(0));
        assertEquals(0, cache.length(1));
    }

    @Test
    void aFullCacheSaysSo() {
        KvCache cache = backend.cache(1, 1, 1, 1);
        Matrix two = backend.matrix(new float[2], 2, 1);
        var e = assertThrows(IllegalStateException.class, () -> backend.attention(two, two, two, 1, 1, 0, 9, cache));
        assertEquals("the context is full: 0 of 1 tokens are used and 2 more do not fit", e.getMessage());
    }

    @Test
    void swigluIsSiluOfTheGateTimesUp() {
        float[] y = backend.read(backend.swiglu(row(0, 1), row(5, 2)));
        assertArrayEquals(new float[] {0, 2 * 0.7310586f}, y, 1e-6f);
    }

    @Test
    void aRepeatedStepReusesItsMatricesAndAKeptOneOutlivesItsScope() {
        List<Matrix> made = new ArrayList<>();
        try (var _ = backend.scope()) {
            Matrix x = row(1, 2);
            Matrix kept;
            try (var block = backend.scope()) {
                made.add(backend.relu(x));
                kept = block.keep(backend.add(x, made.getFirst()));
            }
            assertSame(made.getFirst(), backend.relu(x));
            assertArrayEquals(new float[] {2, 4}, backend.read(kept));
            made.add(x);
            made.add(kept);
        }
        try (var _ = backend.scope()) {
            for (int i = 0; i < 3; i++) {
                Matrix again = row(i, i);
                assertTrue(made.removeIf(m -> m == again));
            }
        }
    }
}
