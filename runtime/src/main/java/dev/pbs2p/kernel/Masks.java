package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;

/// One thread's mask planes of a piece of a unit, and the sums counted over them.
///
/// Masks lie in packs of [#PACK]: slot by slot, 64 bytes (rows) a mask. Their places do not depend on the format: the
/// compiler takes the checks of bounds out of a loop only where a step is a constant.
final class Masks {

    static final int ROWS = SlicedLayout.ROWS;

    /// Most sums of any format: (sign, keep) of four segments, and three of salient columns; when nothing is pruned,
    /// totals take the place of keeps.
    static final int MOST = 2 * 4 + 3;

    /// From a slot of a pack to the next: on narrow vectors as far as from a slot's tables to the next slot's, so that
    /// one offset serves both.
    static final int SLOT = SubsetSums.WIDE ? 4 * ROWS : NibbleKernel.SLOT;
    /// Masks of a pack.
    static final int PACK = SLOT / ROWS;
    /// Units of two masks each that are worked on together.
    static final int UNITS = Math.max(1, PACK / 2);
    /// From a pack to the next.
    static final int PACK_BYTES = SlicedLayout.MAX_SLOTS * SLOT;

    /// A byte a row: bit j = lane j of the slot.
    final byte[] planes = new byte[Species.FIRST + Math.ceilDiv(MOST, PACK) * PACK_BYTES];

    /// 64 sums a mask, in [RowOrder], then those that all rows share.
    final short[] sums = new short[MOST * ROWS];

    /// Sums of single quads of the masks that are summed together.
    final byte[] raw = new byte[Species.FIRST + 2 * UNITS * SubsetSums.RAW];

    /// Where mask `mask` begins, at slot 0.
    static int first(int mask) {
        return Species.FIRST + at(mask);
    }

    /// Where the sums of single quads of the mask begin that is summed as number `i`.
    static int raw(int i) {
        return Species.FIRST + i * SubsetSums.RAW;
    }

    /// From mask 0 to mask `mask`.
    static int at(int mask) {
        return mask / PACK * PACK_BYTES + mask % PACK * ROWS;
    }
}
