package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;

/// One thread's mask planes of a piece of a unit, and the sums counted over them.
///
/// Masks lie slot by slot, 64 bytes (rows) a mask, so that one pass over a slot serves all of them.
final class Masks {

    static final int ROWS = SlicedLayout.ROWS;

    /// Most sums of any format: (sign, keep) of four segments, and three of salient columns; when nothing is pruned,
    /// totals take the place of keeps.
    static final int MOST = 2 * 4 + 3;

    /// A byte a row: bit j = lane j of the slot.
    final byte[] planes = new byte[SlicedLayout.MAX_SLOTS * MOST * ROWS];

    /// 64 sums a mask, in [RowOrder], then those that all rows share.
    final short[] sums = new short[MOST * ROWS];

    /// Sums of single quads of two masks, as [NibbleKernel] leaves them.
    final byte[] raw = new byte[2 * NibbleKernel.RAW];

    private int count;

    /// Sets the number of masks a slot has.
    void reset(int masks) {
        count = masks;
    }

    /// From a slot's masks to the next slot's.
    int slotBytes() {
        return count * ROWS;
    }
}
