package dev.pbs2p.compress.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.Packing;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Linear;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// LibTorch against the scalar definition. Sums of k float32 terms of size 1 differ by far less than k · 2⁻²²
/// (see [LinalgTest]); other operations round a few times.
final class TorchBackendTest {

    private static final float FEW_ROUNDINGS = 0x1p-20f;

    private final Backend scalar = new ScalarBackend();
    private final TorchBackend torch = new TorchBackend(2);
    private final Backend.Scope scope = torch.scope();

    @AfterEach
    void close() {
        scope.close();
        torch.close();
        scalar.close();
    }

    /// Runs the same operation on both backends and compares all values.
    private void same(float tolerance, Function<Backend, Matrix> operation) {
        float[] expected = scalar.read(operation.apply(scalar));
        assertArrayEquals(expected, torch.read(operation.apply(torch)), tolerance);
    }

    private static Matrix matrix(Backend backend, int rows, int cols, long seed) {
        return backend.matrix(LinalgTest.random(rows * cols, seed), rows, cols);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,20,7", "9,65,130"})
    void matmul(int rows, int inputs, int outputs) {
        Tensor weight = Tensor.of(LinalgTest.random(outputs * inputs, 1), outputs, inputs);
        Tensor bias = Tensor.of(LinalgTest.random(outputs, 2), outputs);
        float tolerance = (inputs + 4) * 0x1p-22f;
        same(tolerance, b -> b.matmul(matrix(b, rows, inputs, 3), b.linear("w", weight, null)));
        same(tolerance, b -> b.matmul(matrix(b, rows, inputs, 3), b.linear("w", weight, bias)));
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F64", "F32", "F16", "BF16"})
    void everyRealTypeIsRead(DType dtype) {
        int outputs = 5;
        int inputs = 6;
        byte[] bytes = new byte[outputs * inputs * dtype.bytes()];
        new Random(4).nextBytes(bytes);
        Tensor stored = new Tensor(dtype, new long[] {outputs, inputs}, MemorySegment.ofArray(bytes));
        try (Backend.Scope _ = torch.scope()) {
            assertArrayEquals(stored.toFloats(), Native.floats(TorchLinear.floats(stored)));
        }
        float[] rows = torch.read(torch.embed(torch.linear("t", stored, null), new int[] {4, 0, 4}));
        assertArrayEquals(Arrays.copyOfRange(stored.toFloats(), 24, 30), Arrays.copyOfRange(rows, 12, 18));
        assertArrayEquals(Arrays.copyOfRange(stored.toFloats(), 0, 6), Arrays.copyOfRange(rows, 6, 12));
    }

    @Test
    void packedWeightsAreExpanded() {
        PackedFormat format = new PackedFormat(2, 4, false, 32, 1, false, false);
        Codes codes = Codes.empty(format, 70, 40);
        Random random = new Random(5);
        for (int r = 0; r < 70; r++) {
            for (int c = 0; c < 40; c += 2) {
                codes.code()[r * 40 + c] = (byte) (1 + random.nextInt(2));
            }
            codes.step()[r] = Float.floatToFloat16(0.01f);
        }
        random.nextBytes(codes.params());
        Tensor dense = Tensor.of(codes.toFloats(), 70, 40);
        float[] expected = scalar.read(scalar.matmul(matrix(scalar, 3, 40, 6), scalar.linear("w", dense, null)));
        Linear packed = torch.linear("w", Packing.pack(codes), null);
        assertArrayEquals(expected, torch.read(torch.matmul(matrix(torch, 3, 40, 6), packed)), 44 * 0x1p-21f);
    }

    @ParameterizedTest
    @CsvSource({"1,1", "7,20", "3,257"})
    void elementwiseAndNorms(int rows, int cols) {
        Tensor gain = Tensor.of(LinalgTest.random(cols, 7), cols);
        Tensor bias = Tensor.of(LinalgTest.random(cols, 8), cols);
        same(FEW_ROUNDINGS, b -> b.add(matrix(b, rows, cols, 9), matrix(b, rows, cols, 10)));
        same(4 * FEW_ROUNDINGS, b -> b.swiglu(matrix(b, rows, cols, 9), matrix(b, rows, cols, 10)));
        same(0, b -> b.relu(matrix(b, rows, cols, 9)));
        same(8 * FEW_ROUNDINGS, b -> b.rmsNorm(matrix(b, rows, cols, 9), b.vector("g", gain), 1e-5f));
        same(
                8 * FEW_ROUNDINGS,
                b -> b.layerNorm(matrix(b, rows, cols, 9), b.vector("g", gain), b.vector("b", bias), 1e-5f));
        same(0, b -> b.rows(matrix(b, rows, cols, 9), new int[] {rows - 1, 0}));
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, 3, 1})
    void attentionOverWindows(int span) {
        same(4 * FEW_ROUNDINGS, b -> {
            try (KvCache window = b.window(2)) {
                return attend(b, window, 2 * 9, 11, 0, span);
            }
        });
    }

    /// Prefill, one token, several tokens, with sequences of equal and of different lengths.
    @ParameterizedTest
    @CsvSource({"2147483647,0", "4,0", "2147483647,3", "4,3"})
    void attentionOverACache(int span, int cut) {
        same(4 * FEW_ROUNDINGS, b -> {
            try (KvCache cache = b.cache(2, 2, 2 * 6, 40)) {
                for (int layer = 0; layer < 2; layer++) {
                    attend(b, cache, 2 * 5, 12 + layer, layer, span);
                }
                cache.advance(5);
                cache.truncate(1, 5 - cut);
                attend(b, cache, 2, 14, 0, span);
                attend(b, cache, 2, 15, 1, span);
                cache.advance(1);
                return attend(b, cache, 2 * 3, 16, 1, span);
            }
        });
    }

    /// Keys and values that are float16 already: the scalar backend keeps no more, LibTorch keeps all.
    private static Matrix attend(Backend b, KvCache cache, int rows, long seed, int layer, int span) {
        float[] frequencies = {1, 0.1f, 0.01f};
        Matrix q = b.rope(matrix(b, rows, 4 * 6, seed), frequencies, cache);
        return b.attention(
                q, halves(b, rows, 2 * 6, seed + 100), halves(b, rows, 2 * 6, seed + 200), 4, 2, layer, span, cache);
    }

    private static Matrix halves(Backend b, int rows, int cols, long seed) {
        float[] values = LinalgTest.random(rows * cols, seed);
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.float16ToFloat(Float.floatToFloat16(values[i]));
        }
        return b.matrix(values, rows, cols);
    }

    @Test
    void rotaryPositionsGrow() {
        float[] frequencies = {1, 0.003f};
        same(FEW_ROUNDINGS, b -> {
            try (KvCache window = b.window(1)) {
                return b.rope(matrix(b, 1300, 8, 17), frequencies, window);
            }
        });
    }

    @Test
    void replacedWeightsAreUsedUntilReleased() {
        Linear linear = torch.linear("w", Tensor.of(new float[] {2}, 1, 1), null);
        Matrix x = torch.matrix(new float[] {3}, 1, 1);
        assertEquals(6, torch.read(torch.matmul(x, linear))[0]);
        torch.replace("w", new float[] {5});
        assertEquals(15, torch.read(torch.matmul(x, linear))[0]);
        torch.release(List.of("w"));
        assertEquals(6, torch.read(torch.matmul(x, linear))[0]);
        assertThrows(IllegalArgumentException.class, () -> torch.release(List.of("v")));
    }

    @Test
    void aScopeFreesWhatWasMadeInItExceptWhatIsKept() {
        Matrix kept;
        long before = Pointer.totalCount();
        try (Backend.Scope inner = torch.scope()) {
            Matrix x = torch.matrix(new float[] {1, 2}, 1, 2);
            kept = inner.keep(torch.add(x, x));
        }
        assertArrayEquals(new float[] {2, 4}, torch.read(kept));
        assertTrue(Pointer.totalCount() - before <= 1, "pointers left over");
    }

    @Test
    void wrongShapesAreRefused() {
        Linear linear = torch.linear("w", Tensor.of(new float[6], 2, 3), null);
        Matrix x = torch.matrix(new float[4], 2, 2);
        assertThrows(IllegalArgumentException.class, () -> torch.matmul(x, linear));
        assertThrows(IllegalArgumentException.class, () -> torch.embed(linear, new int[] {2}));
        assertThrows(IllegalArgumentException.class, () -> torch.matrix(new float[3], 2, 2));
        assertThrows(IllegalArgumentException.class, () -> torch.rows(x, new int[] {2}));
        assertThrows(IllegalArgumentException.class, () -> torch.add(x, torch.matrix(new float[2], 1, 2)));
    }
}
