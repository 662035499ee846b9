package dev.pbs2p.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pbs2p.format.Packing;
import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Packed kernels against the scalar definition, on the same bits: equal floats, not close ones.
class PackedMatmulTest {

    static List<PackedFormat> formats() {
        return PackedCases.formats();
    }

    private static void assertEqual(PackedMatrix matrix, float[] x, int batch, int bits, int threads) {
        Tensor bias = Tensor.of(PackedCases.activations(1, matrix.rows(), 5), matrix.rows());
        float[] expected;
        try (ScalarBackend scalar = new ScalarBackend(bits, "test")) {
            expected = multiply(scalar, matrix, bias, x, batch);
        }
        try (VectorBackend vector = new VectorBackend(threads, bits)) {
            assertArrayEquals(expected, multiply(vector, matrix, bias, x, batch));
        }
        try (VectorBackend plain = new VectorBackend(threads, bits, Long.MAX_VALUE)) {
            assertArrayEquals(expected, multiply(plain, matrix, bias, x, batch));
        }
    }

    private static float[] multiply(Backend backend, PackedMatrix matrix, @Nullable Tensor bias, float[] x, int batch) {
        Linear w = backend.linear("w", matrix, bias);
        return backend.read(backend.matmul(backend.matrix(x, batch, matrix.cols()), w));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void theDecoderReadsWhatWasPacked(PackedFormat format) {
        Codes codes = PackedCases.codes(format, 70, 300, 1);
        PackedMatrix matrix = Packing.pack(codes);
        SlicedLayout layout = SlicedLayout.of(matrix);
        UnitDecoder decoder = new UnitDecoder(matrix, layout);
        int[] levels = new int[SlicedLayout.ROWS * format.group()];
        for (int row = 0; row < 70; row++) {
            for (int g = 0; g < layout.groups(); g++) {
                decoder.decode(row / 64, g, levels);
                int cols = layout.group(g).cols();
                for (int c = 0; c < cols; c++) {
                    assertEquals(codes.level(row, g * format.group() + c), levels[row % 64 * cols + c]);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void everyFormatAtAwkwardSizes(PackedFormat format) {
        int[] sides = {1, 7, 8, 64, 127, 128, 129, 172, 256, 300, 512};
        int[] rows = {1, 63, 64, 65, 130};
        for (int i = 0; i < sides.length; i++) {
            PackedMatrix matrix = PackedCases.matrix(format, rows[i % rows.length], sides[i], i);
            assertEqual(matrix, PackedCases.activations(1, sides[i], i), 1, 8, 1);
        }
    }

    /// Linears of one form and of several, packed and dense.
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 40})
    void severalLinearsTogether(int batch) {
        PackedFormat one = new PackedFormat(8, 16, true, 128, 1, false, false);
        PackedFormat two = new PackedFormat(8, 16, true, 128, 2, false, false);
        PackedFormat salient = new PackedFormat(6, 8, false, 128, 3, false, true);
        float[] x = PackedCases.activations(batch, 300, 9);
        for (List<PackedFormat> formats :
                List.of(List.of(one, one, one), List.of(one, two), List.of(one, salient), List.of(salient, salient))) {
            List<Weight> weights = new ArrayList<>();
            for (PackedFormat format : formats) {
                weights.add(PackedCases.matrix(format, 70 + 1100 * (weights.size() % 2), 300, weights.size()));
            }
            assertTogether(weights, x, batch);
        }
        PackedMatrix packed = PackedCases.matrix(one, 70, 300, 1);
        Tensor dense = Tensor.of(PackedCases.activations(5, 300, 2), 5, 300);
        assertTogether(List.of(packed, packed, dense), x, batch);
    }

    /// Row blocks of which one takes several times as long as another, so that a thread without work gets the rest of a
    /// part.
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 70})
    void restsOfPartsChangeHands(int batch) {
        int cols = 2056;
        int rows = SlicedLayout.BLOCK * SlicedLayout.ROWS;
        List<PackedMatrix> weights = List.of(
                PackedCases.matrix(new PackedFormat(8, 16, true, 128, 1, false, false), rows, cols, 1),
                PackedCases.matrix(new PackedFormat(8, 16, true, 128, 4, false, false), rows, cols, 2));
        float[] x = PackedCases.activations(batch, cols, 3);
        List<float[]> expected = new ArrayList<>();
        try (VectorBackend alone = new VectorBackend(1, 8)) {
            weights.forEach(weight -> expected.add(multiply(alone, weight, null, x, batch)));
        }
        for (int threads = 2; threads <= 3; threads++) {
            try (VectorBackend vector = new VectorBackend(threads, 8)) {
                List<Linear> linears = weights.stream()
                        .map(weight -> vector.linear("w", weight, null))
                        .toList();
                for (int round = 0; round < 30; round++) {
                    try (var _ = vector.scope()) {
                        List<Matrix> products = vector.matmul(vector.matrix(x, batch, cols), linears);
                        for (int i = 0; i < products.size(); i++) {
                            assertArrayEquals(expected.get(i), vector.read(products.get(i)));
                        }
                    }
                }
            }
        }
    }

    private static void assertTogether(List<Weight> weights, float[] x, int batch) {
        for (int threads = 1; threads <= 3; threads++) {
            try (VectorBackend vector = new VectorBackend(threads, 8)) {
                List<Linear> linears = weights.stream()
                        .map(weight -> vector.linear("w", weight, null))
                        .toList();
                Matrix in = vector.matrix(x, batch, 300);
                List<Matrix> products = vector.matmul(in, linears);
                assertEquals(linears.size(), products.size());
                for (int i = 0; i < linears.size(); i++) {
                    assertArrayEquals(vector.read(vector.matmul(in, linears.get(i))), vector.read(products.get(i)));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 6, 7, 8, 33})
    void batches(int batch) {
        for (PackedFormat format : List.of(
                new PackedFormat(8, 16, true, 128, 1, false, false),
                new PackedFormat(6, 8, false, 128, 3, false, true))) {
            PackedMatrix matrix = PackedCases.matrix(format, 130, 300, batch);
            assertEqual(matrix, PackedCases.activations(batch, 300, batch), batch, 8, 2);
        }
    }

    /// So many rows that they meet a unit in tiles, whatever the kernel: an odd number, and more than the largest tile.
    @ParameterizedTest
    @MethodSource("formats")
    void longBatches(PackedFormat format) {
        PackedMatrix matrix = PackedCases.matrix(format, 65, 300, 9);
        assertEqual(matrix, PackedCases.activations(35, 300, 9), 35, 8, 1);
        matrix = PackedCases.matrix(format, 3, 129, 10);
        int many = TileKernel.TILE + 33;
        assertEqual(matrix, PackedCases.activations(many, 129, 10), many, 8, 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {6, 7, 8})
    void activationBits(int bits) {
        PackedMatrix matrix = PackedCases.matrix(new PackedFormat(4, 8, true, 128, 2, false, true), 65, 300, bits);
        assertEqual(matrix, PackedCases.activations(2, 300, bits), 2, bits, 1);
    }

    /// All activations at the ends of their range, all levels at theirs.
    @ParameterizedTest
    @MethodSource("formats")
    void extremes(PackedFormat format) {
        for (byte level : new byte[] {-128, 127}) {
            Codes codes = PackedCases.codes(format, 64, 128, level);
            Arrays.fill(codes.params(), level);
            PackedMatrix matrix = Packing.pack(codes);
            float[] x = new float[4 * 128];
            Arrays.fill(x, 0, 128, 1);
            Arrays.fill(x, 128, 256, -1);
            for (int i = 256; i < 384; i++) {
                x[i] = i % 2 == 0 ? 3 : -3;
            }
            assertEqual(matrix, x, 4, 8, 1);
            assertEqual(matrix, Arrays.copyOf(x, 40 * 128), 40, 8, 1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void anyNumberOfThreads(int threads) {
        PackedMatrix matrix = PackedCases.matrix(new PackedFormat(8, 16, true, 128, 1, false, false), 500, 2200, 3);
        assertEqual(matrix, PackedCases.activations(2, 2200, threads), 2, 8, threads);
    }

    /// Three whole row blocks and a short one, shared out in every way.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void rowBlocks(int threads) {
        int rows = 3 * SlicedLayout.BLOCK * SlicedLayout.ROWS + 200;
        PackedMatrix matrix = PackedCases.matrix(new PackedFormat(4, 8, true, 64, 1, false, false), rows, 200, 3);
        assertEqual(matrix, PackedCases.activations(1, 200, threads), 1, 8, threads);
        assertEqual(matrix, PackedCases.activations(3, 200, threads), 3, 8, threads);
        // One tile of many rows and one of few, both in parts of several row blocks.
        int batch = BatchKernel.TILE + 3;
        assertEqual(matrix, PackedCases.activations(batch, 200, threads), batch, 8, threads);
    }

    /// Planes outside the heap and large enough to be fetched ahead: whole row blocks and parts of one, one segment and
    /// more.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void largePlanes(int threads) {
        int cols = 2056;
        int rows = 2 * SlicedLayout.BLOCK * SlicedLayout.ROWS + 200;
        for (PackedFormat format : List.of(
                new PackedFormat(8, 16, true, 128, 1, false, false),
                new PackedFormat(12, 16, true, 128, 3, true, false))) {
            PackedMatrix heap = PackedCases.matrix(format, rows, cols, 4);
            try (Arena arena = Arena.ofShared()) {
                MemorySegment planes =
                        arena.allocate(heap.planes().byteSize(), 64).copyFrom(heap.planes());
                PackedMatrix matrix = new PackedMatrix(format, rows, cols, planes, heap.steps(), heap.salient());
                assertEqual(matrix, PackedCases.activations(1, cols, threads), 1, 8, threads);
                assertEqual(matrix, PackedCases.activations(3, cols, threads), 3, 8, threads);
                assertEqual(matrix, PackedCases.activations(6, cols, threads), 6, 8, threads);
            }
        }
    }

    /// A run that holds no number has no result; others are not touched by it.
    @Test
    void notANumberStaysInItsRow() {
        PackedMatrix matrix = PackedCases.matrix(new PackedFormat(8, 16, true, 128, 1, false, false), 64, 256, 1);
        float[] x = PackedCases.activations(3, 256, 1);
        x[256 + 130] = Float.NaN;
        x[512] = Float.NEGATIVE_INFINITY;
        assertEqual(matrix, x, 3, 8, 1);
    }

    @Test
    void encodedActivationsAreNotTakenForAnotherMatrix() {
        PackedMatrix matrix = PackedCases.matrix(new PackedFormat(8, 16, true, 128, 1, false, false), 64, 256, 1);
        try (ScalarBackend scalar = new ScalarBackend();
                VectorBackend vector = new VectorBackend(1, 8)) {
            Linear w = vector.linear("w", matrix, null);
            for (int step = 0; step < 3; step++) {
                float[] x = PackedCases.activations(1, 256, step);
                float[] expected =
                        scalar.read(scalar.matmul(scalar.matrix(x, 1, 256), scalar.linear("w", matrix, null)));
                try (var _ = vector.scope()) {
                    Matrix in = vector.matrix(x, 1, 256);
                    assertArrayEquals(expected, vector.read(vector.matmul(in, w)));
                    assertArrayEquals(expected, vector.read(vector.matmul(in, w)));
                }
            }
        }
    }
}
