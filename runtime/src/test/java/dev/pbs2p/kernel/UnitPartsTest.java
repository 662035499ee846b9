package dev.pbs2p.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.PackedFormat;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitPartsTest {

    private static final int BLOCK = 4;

    private static List<PackedLinear> linears(String units) {
        PackedFormat format = new PackedFormat(8, 16, true, 128, 1, false, false);
        List<PackedLinear> linears = new ArrayList<>();
        for (String one : units.split(" ", -1)) {
            int rows = 64 * Integer.parseInt(one) - 1;
            linears.add(PackedLinear.of(one, PackedCases.matrix(format, rows, 16, 1), null));
        }
        return linears;
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "1, 3",
        "2, 2",
        "8, 2",
        "11, 2",
        "11, 3",
        "3, 8",
        "16 2 2, 2",
        "7 7, 2",
        "5 1 1, 4",
        "1 1 1, 2",
        "13 4 9, 3",
        "4 4, 1"
    })
    void everyUnitIsOfOnePart(String units, int threads) {
        List<PackedLinear> linears = linears(units);
        UnitParts parts = new UnitParts();
        parts.cut(linears(BLOCK + " 1"), 5, BLOCK); // parts of before are gone
        parts.cut(linears, threads, BLOCK);
        List<String> found = new ArrayList<>();
        for (int part = 0; part < parts.count(); part++) {
            assertTrue(parts.end(part) > parts.first(part));
            assertEquals(parts.first(part) / BLOCK, (parts.end(part) - 1) / BLOCK);
            for (int unit = parts.first(part); unit < parts.end(part); unit++) {
                found.add(parts.linear(part) + ":" + unit);
            }
        }
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < linears.size(); i++) {
            for (int unit = 0; unit < linears.get(i).layout().rowUnits(); unit++) {
                expected.add(i + ":" + unit);
            }
        }
        assertEquals(
                expected.stream().sorted().toList(), found.stream().sorted().toList());
    }

    @ParameterizedTest
    @CsvSource({"8, 2", "11, 2", "22, 2", "16 2 2, 2", "7 7, 2", "11 11, 3", "23, 3", "40, 3", "9, 8"})
    void threadsGetTheSameWork(String units, int threads) {
        UnitParts parts = new UnitParts();
        parts.cut(linears(units), threads, BLOCK);
        int[] work = new int[threads]; // each part goes to whoever is free first
        for (int part = 0; part < parts.count(); part++) {
            int free = 0;
            for (int thread = 1; thread < threads; thread++) {
                free = work[thread] < work[free] ? thread : free;
            }
            work[free] += parts.end(part) - parts.first(part) + 1;
        }
        int least = Integer.MAX_VALUE;
        int most = 0;
        for (int one : work) {
            least = Math.min(least, one);
            most = Math.max(most, one);
        }
        assertTrue(most - least <= 3, most + " and " + least);
    }
}
