package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;

/// The order in which kernels keep the 64 rows of a unit: in each block of [#BLOCK] rows first the even ones, then the
/// odd ones, because that is how a vector of bytes falls apart into two vectors of shorts without moving lanes.
final class RowOrder {

    /// Rows of a block: the bytes of a vector.
    static final int BLOCK = Species.BYTES.length();

    private static final int[] PLACE = places();

    private RowOrder() {}

    /// Where row `row` of a unit is kept.
    static int place(int row) {
        return PLACE[row];
    }

    private static int[] places() {
        int[] place = new int[SlicedLayout.ROWS];
        for (int row = 0; row < place.length; row++) {
            int inBlock = row % BLOCK;
            place[row] = row - inBlock + inBlock / 2 + (inBlock % 2) * (BLOCK / 2);
        }
        return place;
    }
}
