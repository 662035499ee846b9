package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.PackedFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The example that the paper works out in its supplementary C.
class SupplementaryExampleTest {

    private static final int SIZE = 8;
    /// Matrices are printed with four decimals.
    private static final double PRINTED = 5e-5;

    private static Map<String, float[]> printed;

    @BeforeAll
    static void read() throws IOException {
        printed = new TreeMap<>();
        float[] matrix = new float[0];
        int end = 0;
        for (String line : resource().lines().toList()) {
            if (Character.isLetter(line.charAt(0))) {
                matrix = new float[line.equals("input") ? 4 * SIZE : SIZE * SIZE];
                end = 0;
                printed.put(line, matrix);
            } else if (line.charAt(0) != '#') {
                for (String value : line.split(" ")) {
                    matrix[end++] = Float.parseFloat(value);
                }
            }
        }
    }

    private static String resource() throws IOException {
        try (InputStream in = SupplementaryExampleTest.class.getResourceAsStream("supplementary-c.txt")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void theFineStageGivesThePrintedMask() {
        Hessian hessian = new Hessian(Samples.gram(printed.get("input"), 4, SIZE), SIZE);
        float[] diagonal = new float[SIZE];
        for (int j = 0; j < SIZE; j++) {
            diagonal[j] = hessian.upper()[j * (SIZE + 1)];
        }
        PackedFormat format = new PackedFormat(6, 8, false, 64, 1, false, false);
        ScoredBlock block = CoarseToFine.fine(printed.get("weight"), SIZE, diagonal, NmGroups.of(format, SIZE));
        float[] mask = new float[SIZE * SIZE];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = block.kept(i) ? 1 : 0;
        }
        assertEquals(Arrays.toString(printed.get("mask")), Arrays.toString(mask));
    }

    @Test
    void thePrintedErrorsFollowFromThePrintedMatrices() {
        assertEquals(4.3851, distance("binarized"), 1e-4);
        assertEquals(3.8359, distance("pruned-and-binarized"), 1e-4);
    }

    private static double distance(String name) {
        double sum = 0;
        for (int i = 0; i < SIZE * SIZE; i++) {
            double d = printed.get("weight")[i] - printed.get(name)[i];
            sum += d * d;
        }
        return Math.sqrt(sum);
    }

    /// A fixed point of the alternation over μ, α and signs. One printed level (-0.0998) still is on its way to
    /// its single weight (-0.1002), as after a finite number of rounds.
    @Test
    void everyPrintedLevelButOneIsTheMeanOfItsWeights() {
        assertEquals(1, levelsOffTheirMean("binarized"));
        assertEquals(0, levelsOffTheirMean("pruned-and-binarized"));
    }

    private static int levelsOffTheirMean(String name) {
        int off = 0;
        for (int row = 0; row < SIZE; row++) {
            Map<Float, List<Float>> clusters = new TreeMap<>();
            for (int i = row * SIZE; i < (row + 1) * SIZE; i++) {
                boolean kept = name.equals("binarized") || printed.get("mask")[i] == 1;
                float level = printed.get(name)[i];
                if (kept) {
                    clusters.computeIfAbsent(level, _ -> new ArrayList<>()).add(printed.get("weight")[i]);
                } else {
                    assertEquals(0, level, "pruned weights are exactly 0");
                }
            }
            for (Map.Entry<Float, List<Float>> cluster : clusters.entrySet()) {
                double mean = cluster.getValue().stream()
                        .mapToDouble(Float::doubleValue)
                        .average()
                        .orElseThrow();
                // The mean of rounded weights, against a rounded level.
                off += Math.abs(mean - cluster.getKey()) > 2 * PRINTED ? 1 : 0;
            }
            assertTrue(clusters.size() <= 2);
        }
        return off;
    }
}
