package dev.pbs2p.kernel;

import dev.pbs2p.tensor.PackedFormat;

/// One thread's look-up tables for some rows of activations: those of a column group, or those of all groups met
/// so far, so that they are made only once for a product. The planes of a block's units pass by while a group's
/// tables lie in the first-level cache; whole rows of them lie in the second.
final class Forms {

    private byte[] form = new byte[0];
    private byte[] salientForm = new byte[0];
    private int product;
    private int rows;
    private int pieceBytes;
    private boolean kept;
    /// The piece that lies first.
    private int base;
    /// Where the pieces end that are encoded.
    private int encoded;

    /// Forgets what was encoded, unless it was for the same product.
    ///
    /// @param number of the product, from 1 on
    /// @param keep whether a group's tables are kept when the next group's are made
    void start(int number, int newRows, SlotOrder order, PackedFormat format, boolean keep) {
        if (product == number) {
            return;
        }
        product = number;
        rows = newRows;
        pieceBytes = order.piece() / SubsetSums.PLACES * SubsetSums.QUAD_BYTES;
        kept = keep;
        base = 0;
        encoded = 0;
        if (keep) {
            reserve(order.pieces(), format);
        }
    }

    private void reserve(int pieces, PackedFormat format) {
        int bytes = Species.FIRST + pieces * rows * pieceBytes;
        if (form.length < bytes) {
            form = new byte[bytes];
        }
        if (format.salient() && salientForm.length < bytes) {
            salientForm = new byte[bytes];
        }
    }

    /// Encodes the pieces of a group, `first` to before `end`, where they are not yet encoded.
    void encode(QuantizedRows quantized, SlotOrder order, PackedFormat format, int first, int end) {
        if (!kept) {
            base = first;
            encoded = first;
            reserve(end - first, format);
        }
        for (; encoded < end; encoded++) {
            int quads = order.quads(encoded);
            for (int row = 0; row < rows; row++) {
                int from = quantized.at(row) + encoded * order.piece();
                SubsetSums.encode(quantized.values(), from, quads, form, at(row, encoded));
                if (format.salient()) {
                    SubsetSums.encode(quantized.salientValues(), from, quads, salientForm, at(row, encoded));
                }
            }
        }
    }

    byte[] form() {
        return form;
    }

    byte[] salientForm() {
        return salientForm;
    }

    /// Where piece `piece` begins for row `row`.
    int at(int row, int piece) {
        return Species.FIRST + ((piece - base) * rows + row) * pieceBytes;
    }
}
