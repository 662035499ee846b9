package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Codes that follow their offsets, and gradients by levels.
final class TunedLinearTest {

    private static final int ROWS = 5;
    private static final int COLS = 72;

    private static Codes compressed(int n, int m, int segments, boolean symmetric) {
        Random random = new Random(11);
        float[] weight = new float[ROWS * COLS];
        for (int i = 0; i < weight.length; i++) {
            weight[i] = (float) random.nextGaussian();
        }
        float[] identity = new float[COLS * COLS];
        for (int i = 0; i < COLS; i++) {
            identity[i * COLS + i] = 1;
        }
        PackedFormat format = new PackedFormat(n, m, true, 64, segments, symmetric, false);
        return new BestPreset().compress(weight, ROWS, COLS, new Hessian(identity, COLS), format);
    }

    @ParameterizedTest
    @CsvSource({"4,8,1,false", "3,8,2,true", "8,8,2,false", "4,4,3,true"})
    void nothingMovesWithoutOffsets(int n, int m, int segments, boolean symmetric) {
        Codes codes = compressed(n, m, segments, symmetric);
        TunedLinear linear = new TunedLinear(codes);
        float[] before = dense(linear, linear.levels(), codes.code());
        assertArrayEquals(codes.toFloats(), before, 1e-6f);
        byte[] moved = codes.code().clone();
        linear.recode(linear.levels(), moved, new float[ROWS * COLS]);
        assertArrayEquals(before, dense(linear, linear.levels(), moved), 0f);
    }

    /// Every N:M set keeps N, what codes and offsets add up to stays, and the squared offsets do not grow.
    @ParameterizedTest
    @CsvSource({"4,8,1,false", "3,8,2,true", "8,8,2,false", "2,4,1,true"})
    void codesFollowTheirOffsets(int n, int m, int segments, boolean symmetric) {
        Codes start = compressed(n, m, segments, symmetric);
        TunedLinear linear = new TunedLinear(start);
        float[] levels = linear.levels();
        byte[] codes = start.code().clone();
        float[] offsets = new float[ROWS * COLS];
        Random random = new Random(12);
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = (float) random.nextGaussian();
        }
        float[] wish = sum(dense(linear, levels, codes), offsets);
        double before = squares(offsets);
        linear.recode(levels, codes, offsets);
        assertTrue(squares(offsets) < before);
        assertArrayEquals(wish, sum(dense(linear, levels, codes), offsets), 1e-5f);
        for (int r = 0; r < ROWS; r++) {
            for (int from = 0; from < COLS; from += 64) {
                NmGroups sets = NmGroups.of(start.format(), Math.min(64, COLS - from));
                for (int set = 0; set < sets.count(); set++) {
                    int kept = 0;
                    for (int column : sets.columns(set)) {
                        kept += codes[r * COLS + from + column] == 0 ? 0 : 1;
                    }
                    assertEquals(sets.kept(set), kept);
                }
            }
        }
    }

    /// A pruned weight that wants to be large takes the place of the kept one that matters least.
    @Test
    void aPrunedWeightComesBack() {
        Codes start = compressed(4, 8, 1, false);
        TunedLinear linear = new TunedLinear(start);
        int pruned = 0;
        while (start.code()[pruned] != 0) {
            pruned++;
        }
        float[] offsets = new float[ROWS * COLS];
        offsets[pruned] = 10;
        byte[] codes = start.code().clone();
        linear.recode(linear.levels(), codes, offsets);
        assertEquals(2, codes[pruned], "the upper level of the only segment");
    }

    @ParameterizedTest
    @CsvSource({"4,8,1,false", "3,8,2,true", "8,8,2,false"})
    void levelGradientsAreThoseOfTheWeights(int n, int m, int segments, boolean symmetric) {
        Codes codes = compressed(n, m, segments, symmetric);
        TunedLinear linear = new TunedLinear(codes);
        Random random = new Random(13);
        float[] gradient = new float[ROWS * COLS];
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (float) random.nextGaussian();
        }
        float[] levels = linear.levels();
        float[] byLevels = linear.levelGradient(gradient, codes.code());
        float[] before = dense(linear, levels, codes.code());
        for (int l = 0; l < levels.length; l += 3) {
            float[] moved = levels.clone();
            moved[l] += 1;
            float[] after = dense(linear, moved, codes.code());
            double change = 0;
            for (int i = 0; i < after.length; i++) {
                change += (double) gradient[i] * (after[i] - before[i]);
            }
            // The weights are linear in the levels: only float32 rounding of about 64 terms differs.
            assertEquals(change, byLevels[l], 1e-4);
        }
    }

    private static float[] dense(TunedLinear linear, float[] levels, byte[] codes) {
        float[] out = new float[codes.length];
        linear.dense(levels, codes, out);
        return out;
    }

    private static float[] sum(float[] a, float[] b) {
        float[] out = new float[a.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = a[i] + b[i];
        }
        return out;
    }

    private static double squares(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += (double) value * value;
        }
        return sum;
    }
}
