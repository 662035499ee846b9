package dev.pbs2p.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteMatrixTest {

    /// Rounding to the nearest level is off by half a level at most, and the largest value of a group by nothing but
    /// float rounding.
    @Test
    void roundsToTheNearestLevel() {
        Random random = new Random(1);
        float[] values = new float[3 * 300];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() * (1 + i % 300 / 128);
        }
        ByteMatrix matrix = ByteMatrix.of(Tensor.of(values, 3, 300));
        assertEquals(3, ByteMatrix.groups(300));
        for (int row = 0; row < 3; row++) {
            for (int col = 0; col < 300; col++) {
                float scale = matrix.scale(row, col / 128);
                assertEquals(values[row * 300 + col], matrix.get(row, col), 0.501 * scale);
            }
        }
        assertEquals(3 * 300 + 4 * 3 * 3, matrix.bytes());
    }

    @Test
    void keepsZeros() {
        assertArrayEquals(
                new float[6], ByteMatrix.of(Tensor.of(new float[6], 2, 3)).toFloats());
    }

    @Test
    void refusesPartsOfOtherSizes() {
        MemorySegment levels = MemorySegment.ofArray(new byte[6]);
        MemorySegment scales = MemorySegment.ofArray(new float[1]);
        assertThrows(IllegalArgumentException.class, () -> new ByteMatrix(2, 3, levels, scales));
    }
}
