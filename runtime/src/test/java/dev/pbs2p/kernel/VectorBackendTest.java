package dev.pbs2p.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.DenseWeight;
import dev.pbs2p.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Dense kernels and everything between the matmuls against the scalar definition, within bounds that follow from float
/// rounding (u = 2^-24): a sum of n products is off by at most (n + 2)·u times the sum of their magnitudes.
class VectorBackendTest {

    private static final double U = 0x1p-24;

    private final ScalarBackend scalar = new ScalarBackend();
    private final VectorBackend vector = new VectorBackend(2, 8);

    @AfterEach
    void close() {
        vector.close();
    }

    private static float[] values(int count, long seed) {
        Random random = new Random(seed);
        float[] x = new float[count];
        for (int i = 0; i < count; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    private static Tensor tensor(DType dtype, int rows, int cols, long seed) {
        float[] x = values(rows * cols, seed);
        if (dtype == DType.F32) {
            return Tensor.of(x, rows, cols);
        }
        MemorySegment data = Arena.ofAuto().allocate(2L * x.length);
        for (int i = 0; i < x.length; i++) {
            // Every eighth value is subnormal in float16.
            float value = i % 8 == 0 ? x[i] * 0x1p-16f : x[i];
            short bits =
                    dtype == DType.F16 ? Float.floatToFloat16(value) : (short) (Float.floatToRawIntBits(value) >>> 16);
            data.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
        }
        return new Tensor(dtype, new long[] {rows, cols}, data);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void denseMatmul(DType dtype) {
        int[] batches = {1, 2, 3, 7, 33};
        int[] sides = {1, 7, 8, 31, 32, 33, 64, 127, 130, 300};
        for (int i = 0; i < sides.length; i++) {
            int cols = sides[i];
            int rows = sides[sides.length - 1 - i];
            int batch = batches[i % batches.length];
            Tensor weight = tensor(dtype, rows, cols, i);
            Tensor bias = Tensor.of(values(rows, 9), rows);
            float[] x = values(batch * cols, 7);
            float[] expected = matmul(scalar, weight, bias, x, batch);
            float[] actual = matmul(vector, weight, bias, x, batch);
            for (int b = 0; b < batch; b++) {
                for (int r = 0; r < rows; r++) {
                    double magnitude = Math.abs(bias.get(r));
                    for (int c = 0; c < cols; c++) {
                        magnitude += Math.abs(x[b * cols + c] * weight.get((long) r * cols + c));
                    }
                    assertEquals(expected[b * rows + r], actual[b * rows + r], (cols + 2) * U * magnitude);
                }
            }
        }
    }

    @Test
    void byteMatmul() {
        int[] batches = {1, 2, 7};
        int[] sides = {1, 7, 127, 128, 129, 300, 512};
        for (int i = 0; i < sides.length; i++) {
            int cols = sides[i];
            int rows = sides[sides.length - 1 - i];
            int batch = batches[i % batches.length];
            ByteMatrix weight = ByteMatrix.of(Tensor.of(values(rows * cols, i), rows, cols));
            Tensor bias = Tensor.of(new float[rows], rows);
            float[] x = values(batch * cols, 7);
            float[] expected = matmul(scalar, weight, bias, x, batch);
            float[] actual = matmul(vector, weight, bias, x, batch);
            for (int b = 0; b < batch; b++) {
                for (int r = 0; r < rows; r++) {
                    double magnitude = 0;
                    for (int c = 0; c < cols; c++) {
                        magnitude += Math.abs(x[b * cols + c] * weight.get(r, c));
                    }
                    // The scale of a group is multiplied in after its sum: one rounding more.
                    assertEquals(expected[b * rows + r], actual[b * rows + r], (cols + 3) * U * magnitude);
                }
            }
        }
    }

    /// Plain sums are taken as the definition takes them; a conversation goes on where they end.
    @Test
    void beginsInPlainJava() {
        int rows = 67; // some are left over where several are summed together
        int size = rows * 300;
        Tensor weight = tensor(DType.F16, rows, 300, 1);
        Tensor bias = Tensor.of(values(rows, 9), rows);
        float[] x = values(2 * 300, 7);
        float[] expected = matmul(scalar, weight, bias, x, 2);
        try (VectorBackend backend = new VectorBackend(2, 8, 8 * size + 2 * 2 * size)) {
            Linear w = backend.linear("w", weight, bias);
            for (int pass = 0; pass < 3; pass++) {
                assertEquals(pass < 2, backend.plain());
                float[] actual = backend.read(backend.matmul(backend.matrix(x, 2, 300), w));
                assertArrayEquals(expected, actual, pass < 2 ? 0 : 1e-3f);
            }
        }
        try (VectorBackend large = new VectorBackend(2, 8, 8 * size)) {
            large.linear("w", weight, bias);
            assertFalse(large.plain());
        }
    }

    /// Who has the kernels compiled in the background gets a backend that uses them, and more time.
    @Test
    void staysWithPlainJavaWhileItWarmsUp() {
        assertTrue(scalar.warmUp().isEmpty());
        Tensor weight = tensor(DType.F16, 64, 300, 1);
        int products = 64 * 300;
        try (VectorBackend backend = new VectorBackend(2, 8, products)) {
            try (VectorBackend second = (VectorBackend) backend.warmUp().orElseThrow()) {
                assertFalse(second.plain());
                assertEquals(1, second.threads());
            }
            Linear w = new DenseLinear("w", weight, null);
            for (int pass = 0; pass < 8; pass++) {
                assertTrue(backend.plain());
                backend.matmul(backend.matrix(values(300, 7), 1, 300), w);
            }
            assertFalse(backend.plain());
            assertTrue(backend.warmUp().isEmpty());
        }
    }

    @Test
    void bytesAreWidenedExactly() {
        ByteMatrix weight = ByteMatrix.of(Tensor.of(values(3 * 300, 1), 3, 300));
        float[] expected = new float[300];
        float[] row = new float[300];
        for (int r = 0; r < 3; r++) {
            weight.row(r, expected, 0);
            Widening.row(weight, r, row, 0);
            assertArrayEquals(expected, row);
        }
    }

    private static float[] matmul(Backend backend, DenseWeight weight, Tensor bias, float[] x, int batch) {
        Linear w = backend.linear("w", weight, bias);
        return backend.read(backend.matmul(backend.matrix(x, batch, weight.cols()), w));
    }

    /// Widening is exact: one weight at a time comes out as it was stored.
    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void weightsAreWidenedExactly(DType dtype) {
        Tensor weight = tensor(dtype, 3, 67, 1);
        float[] row = new float[67];
        for (int r = 0; r < 3; r++) {
            Widening.row(weight, r, row, 0);
            for (int c = 0; c < 67; c++) {
                assertEquals(weight.get(r * 67L + c), row[c]);
            }
        }
    }

    private void assertClose(int rows, int cols, double tolerance, BiFunction<Backend, Matrix, Matrix> op) {
        float[] x = values(rows * cols, rows * 1000 + cols);
        float[] expected = scalar.read(op.apply(scalar, scalar.matrix(x, rows, cols)));
        float[] actual = vector.read(op.apply(vector, vector.matrix(x, rows, cols)));
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], tolerance * (1 + Math.abs(expected[i])));
        }
    }

    private static Matrix vector(Backend backend, int cols, long seed) {
        return backend.vector("v", Tensor.of(values(cols, seed), cols));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1,7", "3,8", "2,15", "5,16", "2,33", "1,64", "300,130"})
    void valuesAndRows(int rows, int cols) {
        assertClose(rows, cols, 0, (b, x) -> b.add(x, b.relu(x)));
        // The gate's exponential is good to 3e-7, its quotient and product add two roundings.
        assertClose(rows, cols, 5e-7, (b, x) -> b.swiglu(x, b.add(x, x)));
        // Half the relative error of a sum of squares, then the square root, quotient and two products.
        assertClose(rows, cols, (cols / 2 + 5) * U * 4, (b, x) -> b.rmsNorm(x, vector(b, cols, 1), 1e-5f));
        // The mean's error is relative to the mean magnitude, below 1 here; the factor's as above; eps keeps it below
        // 320.
        assertClose(
                rows,
                cols,
                cols == 1 ? 1e-4 : (cols + 8) * U * 16,
                (b, x) -> b.layerNorm(x, vector(b, cols, 1), vector(b, cols, 2), 1e-5f));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 8, 20, 32})
    void ropeIsTheSame(int half) {
        float[] frequencies = new float[half];
        for (int i = 0; i < half; i++) {
            frequencies[i] = (float) Math.pow(10_000, -(double) i / half);
        }
        KvCache scalarCache = scalar.cache(2, 1, 1, 99);
        KvCache vectorCache = vector.cache(2, 1, 1, 99);
        for (int step = 0; step < 3; step++) {
            float[] x = values(4 * 6 * half, step);
            float[] expected = scalar.read(scalar.rope(scalar.matrix(x, 4, 6 * half), frequencies, scalarCache));
            for (int again = 0; again < 2; again++) {
                Matrix turned = vector.rope(vector.matrix(x, 4, 6 * half), frequencies, vectorCache);
                assertArrayEquals(expected, vector.read(turned));
            }
            scalarCache.advance(2);
            vectorCache.advance(2);
            if (step == 1) {
                scalarCache.truncate(1, 1);
                vectorCache.truncate(1, 1);
            }
        }
    }

    /// Two sequences, a prompt and then tokens one by one, or whole windows; spans that cut, heads that share keys, and
    /// more positions than a block of the cache has.
    @ParameterizedTest
    @CsvSource({"4,2,8,1000", "4,4,5,1000", "6,1,64,3", "2,2,100,1", "3,3,130,4", "20,1,16,70"})
    void attention(int heads, int kvHeads, int headSize, int span) {
        KvCache scalarCache = scalar.cache(2, 2, kvHeads * headSize, 128);
        KvCache vectorCache = vector.cache(2, 2, kvHeads * headSize, 128);
        for (int tokens : new int[] {7, 1, 1, 20, 50, 1}) {
            for (int layer = 0; layer < 2; layer++) {
                compareAttention(heads, kvHeads, headSize, span, layer, tokens, scalarCache, vectorCache);
            }
            scalarCache.advance(tokens);
            vectorCache.advance(tokens);
            scalarCache.truncate(1, scalarCache.length(1) - 1);
            vectorCache.truncate(1, vectorCache.length(1) - 1);
        }
        compareAttention(heads, kvHeads, headSize, span, 0, 33, scalar.window(2), vector.window(2));
    }

    private void compareAttention(
            int heads, int kvHeads, int size, int span, int layer, int tokens, KvCache s, KvCache v) {
        float[] q = values(2 * tokens * heads * size, layer + tokens);
        float[] keys = values(2 * tokens * kvHeads * size, layer + tokens + 1);
        float[] vals = values(2 * tokens * kvHeads * size, layer + tokens + 2);
        BiFunction<Backend, KvCache, float[]> run = (b, cache) -> b.read(b.attention(
                b.matrix(q, 2 * tokens, heads * size),
                b.matrix(keys, 2 * tokens, kvHeads * size),
                b.matrix(vals, 2 * tokens, kvHeads * size),
                heads,
                kvHeads,
                layer,
                span,
                cache));
        // A score's error is size·u times at most about size/sqrt(size) = 12 here; it, the exponential's 3e-7 and
        // the sums' errors over 80 positions scale values of magnitude below 5.
        assertArrayEquals(run.apply(scalar, s), run.apply(vector, v), 1e-4f);
    }
}
