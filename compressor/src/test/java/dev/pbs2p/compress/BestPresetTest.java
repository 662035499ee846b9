package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BestPresetTest {

    record Case(PackedFormat format, int rows, int cols) {}

    static Stream<Case> cases() {
        return Stream.of(
                new Case(new PackedFormat(8, 16, true, 128, 1, false, false), 40, 256),
                new Case(new PackedFormat(8, 16, true, 128, 1, true, false), 33, 300),
                new Case(new PackedFormat(6, 16, true, 512, 2, false, false), 3, 520),
                new Case(new PackedFormat(6, 8, true, 64, 2, false, false), 17, 200),
                new Case(new PackedFormat(4, 8, false, 128, 3, true, false), 5, 131),
                new Case(new PackedFormat(2, 4, true, 32, 4, false, false), 9, 70),
                new Case(new PackedFormat(16, 16, true, 128, 2, false, false), 34, 257),
                new Case(new PackedFormat(8, 8, true, 32, 4, true, false), 1, 33),
                new Case(new PackedFormat(16, 16, true, 256, 1, false, false), 2, 8));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void keepsNofMAndStaysCloseToTheWeight(Case c) {
        LayerProblem problem = LayerProblem.random(c.rows(), c.cols(), new Random(5));
        Codes codes = problem.compress(c.format());
        for (int r = 0; r < c.rows(); r++) {
            for (int start = 0; start < c.cols(); start += c.format().group()) {
                NmGroups sets = NmGroups.of(c.format(), Math.min(c.format().group(), c.cols() - start));
                for (int set = 0; set < sets.count(); set++) {
                    int kept = 0;
                    for (int j : sets.columns(set)) {
                        kept += codes.code()[r * c.cols() + start + j] == 0 ? 0 : 1;
                    }
                    assertEquals(sets.kept(set), kept);
                }
            }
        }
        double error = problem.relativeError(codes.toFloats());
        assertTrue(error < 0.3, "relative output error " + error);
    }

    @Test
    void doesNotDependOnTheNumberOfThreads() {
        LayerProblem problem = LayerProblem.random(100, 300, new Random(6));
        PackedFormat format = new PackedFormat(8, 16, true, 128, 2, false, false);
        Codes one = inPool(1, problem, format);
        Codes five = inPool(5, problem, format);
        assertArrayEquals(one.code(), five.code());
        assertArrayEquals(one.params(), five.params());
        assertArrayEquals(one.step(), five.step());
    }

    private static Codes inPool(int threads, LayerProblem problem, PackedFormat format) {
        try (ForkJoinPool pool = new ForkJoinPool(threads)) {
            return pool.submit(() -> problem.compress(format)).join();
        }
    }

    @Test
    void leavesTheWeightAsItIs() {
        LayerProblem problem = LayerProblem.random(4, 64, new Random(7));
        float[] before = problem.weight.clone();
        problem.compress(new PackedFormat(2, 4, true, 64, 1, false, false));
        assertArrayEquals(before, problem.weight);
    }

    @Test
    void storesAMatrixOfZerosAsZeros() {
        LayerProblem problem = LayerProblem.random(4, 128, new Random(8));
        java.util.Arrays.fill(problem.weight, 0);
        Codes codes = problem.compress(new PackedFormat(8, 16, true, 128, 2, false, false));
        assertArrayEquals(problem.weight, codes.toFloats());
    }

    @Test
    void refusesSalientColumnsAndAHessianOfAnotherSize() {
        LayerProblem problem = LayerProblem.random(4, 128, new Random(9));
        assertThrows(
                IllegalArgumentException.class,
                () -> problem.compress(new PackedFormat(4, 8, false, 128, 3, false, true)));
        Hessian other = LayerProblem.random(1, 64, new Random(9)).hessian;
        assertThrows(
                IllegalArgumentException.class,
                () -> new BestPreset()
                        .compress(problem.weight, 4, 128, other, new PackedFormat(8, 16, true, 128, 1, false, false)));
    }
}
