package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.Packing;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PaperPresetTest {

    private static final PackedFormat PAPER = new PackedFormat(4, 8, false, 128, 3, false, true);

    private static double relativeError(float[] weight, int rows, Hessian hessian, Codes codes) {
        int cols = hessian.size();
        float[] difference = Samples.difference(weight, codes.toFloats());
        return Samples.squared(difference, rows, cols, hessian.matrix())
                / Samples.squared(weight, rows, cols, hessian.matrix());
    }

    @ParameterizedTest
    @CsvSource({
        "4,8,false,128,3,false,true,33,300",
        "5,8,true,128,3,false,true,40,256",
        "2,4,false,32,1,true,false,7,70",
        "7,16,true,128,4,true,true,20,203",
        "1,4,true,64,2,false,true,3,61",
        "1,16,false,128,4,false,true,60,256",
        "15,16,false,512,2,false,false,9,530",
        "8,8,false,32,4,false,true,10,45",
        "16,16,true,256,2,true,true,5,257",
        "3,8,false,64,3,false,true,1,1",
    })
    void theCodesAreWhatTheFormatAllows(
            int n,
            int m,
            boolean strided,
            int group,
            int segments,
            boolean symmetric,
            boolean salient,
            int rows,
            int cols) {
        PackedFormat format = new PackedFormat(n, m, strided, group, segments, symmetric, salient);
        float[] weight = Samples.weights(rows, cols, 3);
        Hessian hessian = Samples.hessian(cols, 2);
        Codes codes = new PaperPreset().compress(weight, rows, cols, hessian, format);
        for (int g = 0; g < format.groups(cols); g++) {
            int start = g * group;
            int width = Math.min(group, cols - start);
            assertKeepsExactly(codes, start, NmGroups.of(format, width));
            int count = 0;
            for (int j = start; j < start + width; j++) {
                count += codes.salient()[j] ? 1 : 0;
            }
            assertEquals(salient, count > 0);
            assertTrue(count < 50);
        }
        for (int i = 0; i < rows * cols; i++) {
            int limit = codes.salient()[i % cols] ? 4 : 2 * segments;
            assertTrue(codes.code()[i] >= (format.dense() ? 1 : 0) && codes.code()[i] <= limit);
        }
        for (float value : codes.toFloats()) {
            assertTrue(Float.isFinite(value));
        }
        assertArrayEquals(
                codes.toFloats(), Packing.unpack(Packing.pack(codes)).toFloats(), "packing keeps every weight");
        double error = relativeError(weight, rows, hessian, codes);
        assertTrue(error < 0.6, "relative output error " + error);
    }

    private static void assertKeepsExactly(Codes codes, int start, NmGroups groups) {
        for (int row = 0; row < codes.rows(); row++) {
            for (int set = 0; set < groups.count(); set++) {
                int kept = 0;
                for (int j : groups.columns(set)) {
                    kept += codes.code()[row * codes.cols() + start + j] != 0 ? 1 : 0;
                }
                assertEquals(groups.kept(set), kept);
            }
        }
    }

    /// Levels of an independent implementation, for data that both make from the same generator.
    @ParameterizedTest
    @EnumSource
    void givesTheReferenceLevels(Compensation compensation) throws IOException {
        int rows = 12;
        int cols = 152;
        long[] state = {1};
        float[] weight = new float[rows * cols];
        for (int i = 0; i < weight.length; i++) {
            weight[i] = (float) ((uniform(state) + uniform(state) + uniform(state)) * (.02 + .002 * (i % cols % 11)));
        }
        state[0] = 2;
        float[] x = new float[400 * cols];
        double last = 0;
        for (int i = 0; i < x.length; i++) {
            last = .7 * (i % cols == 0 ? 0 : last) + uniform(state);
            x[i] = (float) (last * (1 + i % cols % 5));
        }
        Hessian hessian = new Hessian(Samples.gram(x, 400, cols), cols);
        PackedFormat format = new PackedFormat(4, 8, false, 64, 3, false, true);
        Codes codes = new PaperPreset(compensation).compress(weight, rows, cols, hessian, format);
        List<String> lines = lines("reference-levels.txt");
        int at = lines.indexOf(compensation.name()) + 1;
        for (int row = 0; row < rows; row++) {
            StringBuilder levels = new StringBuilder();
            for (int j = 0; j < cols; j++) {
                levels.append(j == 0 ? "" : " ").append(codes.level(row, j));
            }
            assertEquals(lines.get(at + row), levels.toString(), "row " + row);
        }
    }

    private static double uniform(long[] state) {
        state[0] = state[0] * 6364136223846793005L + 1442695040888963407L;
        return (state[0] >>> 40) * 0x1p-24 - 0.5;
    }

    private static List<String> lines(String name) throws IOException {
        try (InputStream in = PaperPresetTest.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }

    @Test
    void moreKeptWeightsAndSegmentsMeanLessError() {
        int rows = 64;
        int cols = 320;
        float[] weight = Samples.weights(rows, cols, 11);
        Hessian hessian = Samples.hessian(cols, 12);
        double last = Double.POSITIVE_INFINITY;
        for (int n : new int[] {4, 5, 6}) {
            PackedFormat format = new PackedFormat(n, 8, false, 128, 3, false, true);
            double error = relativeError(weight, rows, hessian, compress(weight, rows, hessian, format));
            assertTrue(error < last, n + ":8 " + error + " against " + last);
            last = error;
        }
        last = Double.POSITIVE_INFINITY;
        for (int segments = 1; segments <= 4; segments++) {
            PackedFormat format = new PackedFormat(4, 8, false, 128, segments, false, true);
            double error = relativeError(weight, rows, hessian, compress(weight, rows, hessian, format));
            assertTrue(error < last, segments + " segments " + error + " against " + last);
            last = error;
        }
    }

    private static Codes compress(float[] weight, int rows, Hessian hessian, PackedFormat format) {
        return new PaperPreset().compress(weight, rows, hessian.size(), hessian, format);
    }

    @Test
    void theNumberOfThreadsDoesNotMatter() {
        int rows = 100;
        float[] weight = Samples.weights(rows, 256, 1);
        Hessian hessian = Samples.hessian(256, 1);
        Codes[] results = new Codes[3];
        for (int i = 0; i < 3; i++) {
            int threads = new int[] {1, 2, 7}[i];
            try (ForkJoinPool pool = new ForkJoinPool(threads)) {
                results[i] = pool.submit(() -> compress(weight, rows, hessian, PAPER))
                        .join();
            }
        }
        for (Codes codes : results) {
            assertArrayEquals(results[0].code(), codes.code());
            assertArrayEquals(results[0].params(), codes.params());
            assertArrayEquals(results[0].step(), codes.step());
            assertArrayEquals(results[0].salient(), codes.salient());
        }
        assertArrayEquals(Samples.weights(rows, 256, 1), weight, "the weight is left alone");
    }

    @Test
    void deadColumnsAndZeroRowsGiveZeros() {
        int rows = 6;
        int cols = 140;
        int tokens = 300;
        float[] x = Samples.inputs(tokens, cols, 1);
        for (int t = 0; t < tokens; t++) {
            x[t * cols + 3] = 0;
            x[t * cols + 139] = 0;
            for (int j = 16; j < 40; j++) {
                x[t * cols + j] = 0;
            }
        }
        float[] weight = Samples.weights(rows, cols, 2);
        for (int i = 0; i < weight.length; i++) {
            weight[i] = i / cols == 2 ? 0 : i / cols == 4 ? weight[i] * 1e-7f : weight[i];
        }
        weight[5 * cols + 17] = 1e6f; // seen by no input
        Hessian hessian = new Hessian(Samples.gram(x, tokens, cols), cols);
        for (boolean symmetric : new boolean[] {false, true}) {
            PackedFormat format = new PackedFormat(4, 8, false, 64, 2, symmetric, true);
            Codes codes = compress(weight, rows, hessian, format);
            for (int j = 0; j < cols; j++) {
                assertEquals(0, codes.level(2, j));
            }
            for (int i = 0; i < rows * cols; i++) {
                assertTrue(Float.isFinite(codes.value(i / cols, i % cols)));
            }
            for (int i = 0; i < weight.length; i++) {
                weight[i] = hessian.dead()[i % cols] ? 0 : weight[i];
            }
            double error = relativeError(weight, rows, hessian, codes);
            assertTrue(error < 0.6, "relative output error " + error);
        }
    }

    @Test
    void sizesThatDoNotMatchAreRejected() {
        Hessian hessian = Samples.hessian(16, 1);
        PaperPreset preset = new PaperPreset();
        assertThrows(IllegalArgumentException.class, () -> preset.compress(new float[32], 2, 15, hessian, PAPER));
        assertThrows(IllegalArgumentException.class, () -> preset.compress(new float[30], 2, 15, hessian, PAPER));
    }
}
