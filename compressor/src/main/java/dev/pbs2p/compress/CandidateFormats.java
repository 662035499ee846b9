package dev.pbs2p.compress;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.PackedFormat;
import java.util.List;

/// The formats among which `--bits` chooses for every linear: those that no other format, nor a mixture of two, of the
/// same size beat in output error by more than measuring noise. From 1.35 to 3.5 bits a weight in wide matrices.
public final class CandidateFormats {

    private static final List<PackedFormat> ALL = List.of(
            strided(5, 256, 1, true),
            strided(6, 256, 1, true),
            strided(6, 128, 1, true),
            strided(8, 256, 1, true),
            strided(8, 128, 1, true),
            strided(8, 128, 1, false),
            strided(10, 128, 1, false),
            strided(16, 256, 2, true),
            strided(16, 128, 2, true),
            strided(16, 128, 2, false),
            strided(10, 128, 2, true),
            strided(12, 128, 2, true),
            strided(12, 128, 3, true),
            strided(16, 256, 4, true),
            strided(16, 128, 4, true),
            strided(16, 64, 4, true));

    private CandidateFormats() {}

    /// All of them, ascending in size.
    public static List<PackedFormat> all() {
        return ALL;
    }

    /// Bytes that a rows × cols linear takes in a format without salient columns, everything counted.
    public static long bytes(PackedFormat format, int rows, int cols) {
        return new SlicedLayout(format, rows, cols).bytes();
    }

    private static PackedFormat strided(int n, int group, int segments, boolean symmetric) {
        return new PackedFormat(n, 16, true, group, segments, symmetric, false);
    }
}
