package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.PackedFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NmGroupsTest {

    private static PackedFormat format(int n, int m, boolean strided) {
        return new PackedFormat(n, m, strided, 128, 1, false, false);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 100, 127, 128})
    void everyColumnIsInOneSetOfTheRightSize(int width) {
        for (int m : new int[] {4, 8, 16}) {
            for (int n = 1; n < m; n++) {
                for (boolean strided : new boolean[] {false, true}) {
                    NmGroups groups = NmGroups.of(format(n, m, strided), width);
                    boolean[] seen = new boolean[width];
                    for (int g = 0; g < groups.count(); g++) {
                        int[] columns = groups.columns(g);
                        assertTrue(columns.length >= 1 && columns.length <= m);
                        assertEquals(Math.ceilDiv(columns.length * n, m), groups.kept(g));
                        for (int c : columns) {
                            assertTrue(!seen[c]);
                            seen[c] = true;
                        }
                    }
                    for (boolean s : seen) {
                        assertTrue(s);
                    }
                }
            }
        }
    }

    @Test
    void consecutiveSetsAreNeighbours() {
        NmGroups groups = NmGroups.of(format(4, 8, false), 20);
        assertEquals(3, groups.count());
        assertArrayEquals(new int[] {8, 9, 10, 11, 12, 13, 14, 15}, groups.columns(1));
        assertEquals(4, groups.kept(1));
        assertArrayEquals(new int[] {16, 17, 18, 19}, groups.columns(2));
        assertEquals(2, groups.kept(2));
    }

    @Test
    void stridedSetsTakeTheSameColumnOfEverySlot() {
        NmGroups groups = NmGroups.of(format(3, 4, true), 44);
        // Slots 0-3 are full; slot 4 has 8 columns and slot 5 four, in a subblock of its own.
        assertEquals(16, groups.count());
        assertArrayEquals(new int[] {5, 13, 21, 29}, groups.columns(5));
        assertEquals(3, groups.kept(5));
        assertArrayEquals(new int[] {35, 43}, groups.columns(11));
        assertEquals(2, groups.kept(11));
        assertArrayEquals(new int[] {36}, groups.columns(12));
        assertEquals(1, groups.kept(12));
    }

    @Test
    void aDenseFormatHasNoSets() {
        assertEquals(0, NmGroups.of(format(8, 8, true), 128).count());
    }

    @Test
    void aWidthOutsideTheColumnGroupIsRejected() {
        assertThrows(IllegalArgumentException.class, () -> NmGroups.of(format(4, 8, true), 0));
        assertThrows(IllegalArgumentException.class, () -> NmGroups.of(format(4, 8, true), 129));
    }
}
