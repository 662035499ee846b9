package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;

/// One thread's mask planes of a piece of a unit, and the sums counted over them.
///
/// Masks lie slot by slot, 64 bytes (rows) a mask, so that one pass over a slot serves all of them.
final class Masks {

    /// Most sums of any format: (sign, keep) of four segments, and three of salient columns; when nothing is pruned,
    /// totals take the place of keeps.
    static final int MOST = 2 * 4 + 3;

    /// A byte a row: bit j = lane j of the slot.
    final byte[] low = new byte[SlicedLayout.MAX_SLOTS * MOST * SlicedLayout.ROWS];
    /// The same, shifted right by a nibble; bits 4 to 7 are garbage.
    final byte[] high = new byte[low.length];
    /// Sums of single quads.
    final byte[] partial = new byte[PackedKernel.MAX_QUADS * 2 * MOST * SlicedLayout.ROWS];
    /// 64 sums a mask, in [RowOrder], then those that all rows share.
    final short[] sums = new short[MOST * SlicedLayout.ROWS];

    private int count;

    /// Sets the number of masks a slot has.
    void reset(int masks) {
        count = masks;
    }

    /// From a slot's masks to the next slot's.
    int slotBytes() {
        return count * SlicedLayout.ROWS;
    }
}
