package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Group;
import dev.pbs2p.tensor.PackedFormat;

/// The order of a row's columns in slots, cut into pieces that are counted at once: the part of a group that one run of
/// activations covers. Linears whose orders are equal share their encoded activations.
///
/// @param cols columns of the row
/// @param m columns of an N:M group if those are consecutive; 0 if columns keep their order
/// @param piece places of a piece: 32, 64 or 128
record SlotOrder(int cols, int m, int piece) {

    static SlotOrder of(PackedFormat format, int cols) {
        boolean kept = format.dense() || format.strided();
        return new SlotOrder(cols, kept ? 0 : format.m(), Math.min(format.group(), ActivationQuantizer.RUN));
    }

    /// Places (slot × lane) of the row, padded to full quads.
    int places() {
        int unit = m == 0 ? SlicedLayout.LANES : SlicedLayout.LANES * m;
        int used = (cols + unit - 1) / unit * unit;
        return (used + SubsetSums.PLACES - 1) / SubsetSums.PLACES * SubsetSums.PLACES;
    }

    int pieces() {
        return (places() + piece - 1) / piece;
    }

    /// Quads of piece `p`: all but the last have as many as fit.
    int quads(int p) {
        return Math.min(piece, places() - p * piece) / SubsetSums.PLACES;
    }

    /// The run of activations that piece `p` belongs to.
    int run(int p) {
        return p * piece / ActivationQuantizer.RUN;
    }

    /// Subblocks of a piece; the last piece of a group may have fewer. No subblock of a group but the last is
    /// shorter than the first.
    int subblocks(Group group) {
        return piece / SlicedLayout.LANES / group.subblocks().getFirst().slots();
    }

    /// The column at a place; `cols` or more for padding.
    int column(int place) {
        if (m == 0) {
            return place;
        }
        int span = SlicedLayout.LANES * m;
        int inSpan = place % span;
        return place - inSpan + m * (inSpan % SlicedLayout.LANES) + inSpan / SlicedLayout.LANES;
    }
}
