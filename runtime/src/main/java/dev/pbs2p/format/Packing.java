package dev.pbs2p.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/// Turns the codes of a linear into its sliced planes and back, losing nothing; row units run in parallel.
public final class Packing {

    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Packing() {}

    /// The codes as stored, in fresh memory aligned to 64 bytes.
    ///
    /// @throws IllegalArgumentException if a code is not one of the format's, an N:M group keeps too
    ///     many weights, or columns are salient in a format without
    public static PackedMatrix pack(Codes codes) {
        PackedFormat format = codes.format();
        SlicedLayout layout = new SlicedLayout(format, codes.rows(), codes.cols());
        Arena arena = Arena.ofAuto();
        MemorySegment planes = arena.allocate(layout.planesBytes(), SlicedLayout.ROWS);
        MemorySegment steps = arena.allocate(layout.stepsBytes(), SlicedLayout.ROWS);
        for (int row = 0; row < codes.rows(); row++) {
            steps.set(HALF, 2L * row, codes.step()[row]);
        }
        MemorySegment salient = arena.allocate(layout.salientBytes(), SlicedLayout.ROWS);
        for (int col = 0; col < codes.cols(); col++) {
            if (codes.salient()[col]) {
                if (!format.salient()) {
                    throw new IllegalArgumentException(
                            "column " + col + " is salient, but the format has no salient columns");
                }
                int bits = salient.get(JAVA_BYTE, col / 8);
                salient.set(JAVA_BYTE, col / 8, (byte) (bits | (1 << (col % 8))));
            }
        }
        IntStream.range(0, layout.rowUnits()).parallel().forEach(unit -> {
            for (int g = 0; g < layout.groups(); g++) {
                byte[] bytes = PackedUnit.pack(codes, layout, unit, g);
                MemorySegment.copy(bytes, 0, planes, JAVA_BYTE, layout.offset(unit, g), bytes.length);
            }
        });
        return new PackedMatrix(
                format, codes.rows(), codes.cols(), planes.asReadOnly(), steps.asReadOnly(), salient.asReadOnly());
    }

    /// The codes that were packed.
    ///
    /// @throws IllegalArgumentException if the parts have other sizes than the shape needs
    /// @throws FormatException if the planes hold what packing never writes
    public static Codes unpack(PackedMatrix matrix) {
        SlicedLayout layout = SlicedLayout.of(matrix);
        Codes codes = Codes.empty(matrix.format(), matrix.rows(), matrix.cols());
        for (int row = 0; row < matrix.rows(); row++) {
            codes.step()[row] = matrix.steps().get(HALF, 2L * row);
        }
        for (int col = 0; col < matrix.cols(); col++) {
            codes.salient()[col] = matrix.isSalient(col);
        }
        IntStream.range(0, layout.rowUnits()).parallel().forEach(unit -> {
            for (int g = 0; g < layout.groups(); g++) {
                byte[] bytes = new byte[layout.group(g).bytes()];
                MemorySegment.copy(matrix.planes(), JAVA_BYTE, layout.offset(unit, g), bytes, 0, bytes.length);
                PackedUnit.unpack(codes, layout, unit, g, bytes);
            }
        });
        return codes;
    }
}
