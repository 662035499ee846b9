package dev.pbs2p.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PackingTest {

    static List<PackedFormat> formats() {
        List<PackedFormat> formats = new ArrayList<>();
        for (int m : new int[] {4, 8, 16}) {
            for (int n : Stream.of(1, 2, m / 2, m - 1, m).distinct().toList()) {
                for (int group = n == m ? 32 : 8 * m; group <= 512; group *= 2) {
                    for (int segments = 1; segments <= 4; segments++) {
                        // Each combination of the three flags, spread over the sizes.
                        for (int flags = segments & 1; flags < 8; flags += 2) {
                            formats.add(new PackedFormat(
                                    n, m, (flags & 1) == 1, group, segments, (flags & 2) == 2, (flags & 4) == 4));
                        }
                    }
                }
            }
        }
        for (int flags = 0; flags < 8; flags++) {
            for (int segments = 1; segments <= 4; segments++) {
                boolean strided = (flags & 1) == 1;
                formats.add(new PackedFormat(4, 8, strided, 128, segments, (flags & 2) == 2, (flags & 4) == 4));
                formats.add(new PackedFormat(8, 8, strided, 128, segments, (flags & 2) == 2, (flags & 4) == 4));
            }
        }
        return formats;
    }

    @ParameterizedTest
    @MethodSource("formats")
    void losesNothing(PackedFormat format) {
        int[][] shapes = {{1, 1}, {1, 7}, {3, 9}, {65, 1}, {64, 172}, {66, 8 * format.m() + 1}, {7, 513}, {130, 96}};
        int first = new Random(format.toString().hashCode()).nextInt(shapes.length);
        // Two shapes for each format; every shape meets formats of every kind.
        for (int i = 0; i < 2; i++) {
            int[] shape = shapes[(first + 3 * i) % shapes.length];
            Codes codes = RandomCodes.of(format, shape[0], shape[1], 42);
            Codes back = Packing.unpack(Packing.pack(codes));
            assertArrayEquals(codes.code(), back.code(), () -> format + " " + shape[0] + "x" + shape[1]);
            assertArrayEquals(codes.params(), back.params());
            assertArrayEquals(codes.step(), back.step());
            assertArrayEquals(codes.salient(), back.salient());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "4,  8, true,  1, false, false, 1.63",
        "4,  8, false, 1, false, false, 1.63",
        "8, 16, true,  1, false, false, 1.63",
        "4,  8, true,  1, true,  false, 1.57",
        "8, 16, true,  1, true,  false, 1.57",
        "8,  8, true,  2, false, false, 2.26",
        "4,  8, false, 3, false, true,  3.15",
        "6,  8, false, 3, false, true,  3.4"
    })
    void costsNoMoreBitsThanPromised(
            int n, int m, boolean strided, int segments, boolean symmetric, boolean salient, double most) {
        PackedFormat format = new PackedFormat(n, m, strided, 128, segments, symmetric, salient);
        double bits = new SlicedLayout(format, 4096, 4096).realBits();
        assertTrue(bits <= most, () -> format + " takes " + bits + " bits");
        // The same from the bytes themselves, at a size that is quick to pack.
        PackedMatrix packed = Packing.pack(RandomCodes.of(format, 128, 4096, 1));
        assertEquals(bits, 8.0 * packed.bytes() / (128 * 4096), 0.01);
    }

    @Test
    void placesBitsAsDocumented() {
        // 1:4 consecutive, groups of 32: one subblock of 4 slots, column 4·lane + slot. Column 13 = lane 3, slot 1.
        PackedFormat format = new PackedFormat(1, 4, false, 32, 2, false, false);
        Codes codes = Codes.empty(format, 2, 32);
        codes.code()[32 + 13] = 4; // segment 1, sign 1
        codes.params()[codes.paramsAt(1, 0) + 2] = -5; // mu of segment 0
        PackedMatrix packed = Packing.pack(codes);
        byte[] expected = new byte[64 * (1 + 1 + 4 + 4)];
        expected[1] = 1 << 3; // sign plane, kept weight 0, row 1
        expected[64 + 1] = 1 << 3; // segment plane
        expected[64 * (2 + 1) + 1] = 1 << 3; // keep plane, slot 1
        expected[64 * (6 + 2) + 1] = -5; // third parameter
        assertArrayEquals(expected, packed.planes().toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void marksSalientColumnsByBits() {
        PackedFormat format = new PackedFormat(8, 8, true, 32, 1, true, true);
        Codes codes = RandomCodes.of(format, 1, 40, 3);
        for (int col = 0; col < 40; col++) {
            codes.salient()[col] = col == 9 || col == 39;
            codes.code()[col] = 1;
        }
        byte[] bitmap = Packing.pack(codes).salient().toArray(ValueLayout.JAVA_BYTE);
        assertArrayEquals(new byte[] {0, 2, 0, 0, (byte) 0x80, 0, 0, 0}, bitmap);
    }

    @Test
    void alignsPlanes() {
        PackedMatrix packed = Packing.pack(RandomCodes.of(new PackedFormat(2, 4, true, 64, 1, true, false), 3, 70, 5));
        assertEquals(0, packed.planes().address() % 64);
    }

    @Test
    void rejectsCodesThatBreakTheFormat() {
        PackedFormat format = new PackedFormat(2, 4, false, 32, 1, false, false);
        Codes crowded = Codes.empty(format, 1, 32);
        crowded.code()[4] = crowded.code()[5] = crowded.code()[7] = 1;
        assertMessage("the 2:4 group of row 0 and column 7 keeps more than 2 weights", crowded);

        Codes ragged = Codes.empty(format, 1, 33);
        ragged.code()[32] = 1;
        Packing.pack(ragged); // one of one column may always stay
        Codes segment = Codes.empty(format, 1, 32);
        segment.code()[3] = 3;
        assertMessage("the code of row 0, column 3 is 3, not 0 to 2", segment);
        Codes negative = Codes.empty(format, 1, 32);
        negative.code()[3] = -1;
        assertMessage("the code of row 0, column 3 is -1, not 0 to 2", negative);
        Codes salient = Codes.empty(format, 1, 32);
        salient.salient()[6] = true;
        assertMessage("column 6 is salient, but the format has no salient columns", salient);
        Codes pruned = Codes.empty(new PackedFormat(4, 4, false, 32, 1, false, false), 1, 32);
        assertMessage("the code of row 0, column 0 is 0, not 1 to 2", pruned);
    }

    @Test
    void rejectsPlanesThatPackingNeverWrites() {
        PackedFormat format = new PackedFormat(1, 4, true, 32, 1, true, false);
        PackedMatrix good = Packing.pack(Codes.empty(format, 1, 32));
        byte[] planes = good.planes().toArray(ValueLayout.JAVA_BYTE);
        planes[64] = planes[128] = 1;
        PackedMatrix bad = new PackedMatrix(format, 1, 32, MemorySegment.ofArray(planes), good.steps(), good.salient());
        FormatException e = assertThrows(FormatException.class, () -> Packing.unpack(bad));
        assertTrue(e.getMessage().contains("more than 1 kept weights"), e.getMessage());
        PackedMatrix shorter = new PackedMatrix(format, 1, 32, good.planes().asSlice(64), good.steps(), good.salient());
        assertThrows(IllegalArgumentException.class, () -> Packing.unpack(shorter));
    }

    private static void assertMessage(String message, Codes codes) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Packing.pack(codes));
        assertEquals(message, e.getMessage());
    }
}
