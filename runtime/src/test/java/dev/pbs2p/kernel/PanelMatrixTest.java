package dev.pbs2p.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PanelMatrixTest {

    private static float[] random(int count) {
        Random random = new Random(count);
        float[] x = new float[count];
        for (int i = 0; i < count; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    @ParameterizedTest
    @CsvSource({"1,1", "3,16", "5,17", "64,100", "128,64"})
    void holdsRowsAndColumnsRoundedToTheNearestHalf(int rows, int cols) {
        float[] x = random(rows * cols + 1);
        HalfMatrix byRow = new HalfMatrix(rows, cols);
        HalfMatrix byColumn = new HalfMatrix(rows, cols);
        for (int r = 0; r < rows; r++) {
            byRow.setRow(r, x, 1 + r * cols, cols);
        }
        for (int c = 0; c < cols; c++) {
            byColumn.setColumn(c, x, 1 + c * rows);
        }
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                assertEquals(rounded(x[1 + r * cols + c]), byRow.get(r, c));
                assertEquals(rounded(x[1 + c * rows + r]), byColumn.get(r, c));
            }
        }
    }

    private static float rounded(float x) {
        return Float.float16ToFloat(Float.floatToFloat16(x));
    }

    @Test
    void keepsLargeNumbersFinite() {
        float[] x = {1e9f, 65520, -65520, Float.NEGATIVE_INFINITY, 65504, 1e-7f, -0f, Float.NaN};
        HalfMatrix half = new HalfMatrix(1, x.length);
        half.setRow(0, x, 0, x.length);
        float[] seen = new float[PanelMatrix.PANEL];
        half.copy(1, 1, seen);
        assertArrayEquals(
                new float[] {65504, 65504, -65504, -65504, 65504, rounded(1e-7f), -0f, Float.NaN},
                Arrays.copyOf(seen, x.length));
        assertTrue(rounded(1e-7f) > 0);
    }

    /// Panel by panel, or all rows at once: what lies behind the asked rows is left alone.
    @ParameterizedTest
    @CsvSource({"7,1", "7,3", "64,2", "64,3"})
    void copiesTheFirstRowsOfTheFirstPanels(int count, int panels) {
        int rows = 64;
        int cols = 40;
        float[] x = random(rows * cols);
        HalfMatrix half = new HalfMatrix(rows, cols);
        for (int r = 0; r < rows; r++) {
            half.setRow(r, x, r * cols, cols);
        }
        float[] seen = new float[3 * PanelMatrix.PANEL * rows];
        half.copy(count, panels, seen);
        for (int i = 0; i < seen.length; i++) {
            int row = i / PanelMatrix.PANEL % rows;
            int col = i / PanelMatrix.PANEL / rows * PanelMatrix.PANEL + i % PanelMatrix.PANEL;
            boolean copied = row < count && col < Math.min(cols, panels * PanelMatrix.PANEL);
            assertEquals(copied ? half.get(row, col) : 0, seen[i]);
        }
    }
}
