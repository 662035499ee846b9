package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.PackedFormat;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CoarseToFineTest {

    private static ScoredBlock fine(float[] weight, int rows, PackedFormat format) {
        float[] diagonal = new float[weight.length / rows];
        Arrays.fill(diagonal, 1);
        return CoarseToFine.fine(weight, rows, diagonal, NmGroups.of(format, diagonal.length));
    }

    @ParameterizedTest
    @CsvSource({"2,4,false,128", "4,8,true,128", "5,8,false,101", "1,16,true,77", "15,16,false,3"})
    void exactlyTheHighestScoresOfEveryGroupAreKept(int n, int m, boolean strided, int width) {
        int rows = 37;
        PackedFormat format = new PackedFormat(n, m, strided, 128, 1, false, false);
        ScoredBlock block = fine(Samples.weights(rows, width, 1), rows, format);
        NmGroups groups = NmGroups.of(format, width);
        for (int row = 0; row < rows; row++) {
            for (int set = 0; set < groups.count(); set++) {
                int at = row * width;
                int[] ascending = Arrays.stream(groups.columns(set))
                        .boxed()
                        .sorted((a, b) -> Float.compare(block.score()[at + a], block.score()[at + b]))
                        .mapToInt(Integer::intValue)
                        .toArray();
                int pruned = ascending.length - groups.kept(set);
                assertTrue(pruned <= groups.steps());
                for (int i = 0; i < ascending.length; i++) {
                    // Sub-mask i holds the i-th least important weight of the set.
                    assertEquals(i < pruned ? i : ScoredBlock.KEPT, block.step()[at + ascending[i]]);
                }
            }
        }
    }

    @Test
    void ofEqualScoresTheLeftOneIsKept() {
        PackedFormat format = new PackedFormat(2, 4, false, 32, 1, false, false);
        assertArrayEquals(
                new byte[] {-1, -1, 1, 0},
                fine(new float[] {1, -1, 1, 1}, 1, format).step());
        assertArrayEquals(
                new byte[] {-1, -1, 1, 0}, fine(new float[4], 1, format).step());
    }

    @Test
    void aDenseFormatKeepsAll() {
        PackedFormat format = new PackedFormat(8, 8, false, 128, 1, false, false);
        for (byte step : fine(Samples.weights(3, 100, 1), 3, format).step()) {
            assertEquals(ScoredBlock.KEPT, step);
        }
        assertEquals(0, NmGroups.of(format, 100).steps());
    }
}
