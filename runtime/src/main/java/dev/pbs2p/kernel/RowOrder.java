package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;

/// The orders in which kernels keep the 64 rows of a unit, block by block of [#BLOCK] rows. Shorts: the even rows,
/// then the odd ones, because that is how a vector of bytes falls apart into two of shorts without moving lanes.
/// Floats: rows 0, 4, 8, …, then 2, 6, …, then 1, 5, …, then 3, 7, …, because that is how those fall apart into ints.
final class RowOrder {

    /// Rows of a block: the bytes of a vector.
    static final int BLOCK = Species.BYTES.length();

    private static final int[] PLACE = places();

    private RowOrder() {}

    /// Where row `row` of a unit is kept among floats.
    static int place(int row) {
        return PLACE[row];
    }

    private static int[] places() {
        int[] place = new int[SlicedLayout.ROWS];
        for (int row = 0; row < place.length; row++) {
            int inBlock = row % BLOCK;
            int quarter = inBlock % 2 * 2 + inBlock / 2 % 2;
            place[row] = row - inBlock + quarter * (BLOCK / 4) + inBlock / 4;
        }
        return place;
    }
}
