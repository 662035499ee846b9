package dev.pbs2p.kernel;

import dev.pbs2p.tensor.PackedFormat;

/// One thread's look-up tables for the activations of a column group, for some rows: small enough to stay in the caches
/// next to the core while the planes of all row units pass by.
final class Forms {

    private byte[] form = new byte[0];
    private byte[] salientForm = new byte[0];
    private int pieceBytes;
    private int rowBytes;

    /// Encodes `pieces` pieces from `first` on, of rows 0 to before `rows`.
    void encode(QuantizedRows quantized, int rows, SlotOrder order, PackedFormat format, int first, int pieces) {
        pieceBytes = order.piece() / SubsetSums.PLACES * SubsetSums.QUAD_BYTES;
        rowBytes = pieces * pieceBytes;
        if (form.length < Species.FIRST + rows * rowBytes) {
            form = new byte[Species.FIRST + rows * rowBytes];
        }
        if (format.salient() && salientForm.length < form.length) {
            salientForm = new byte[form.length];
        }
        for (int row = 0; row < rows; row++) {
            for (int piece = 0; piece < pieces; piece++) {
                int from = quantized.at(row) + (first + piece) * order.piece();
                int quads = order.quads(first + piece);
                SubsetSums.encode(quantized.values(), from, quads, form, at(row, piece));
                if (format.salient()) {
                    SubsetSums.encode(quantized.salientValues(), from, quads, salientForm, at(row, piece));
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

    /// Where piece `piece` of those encoded begins for row `row`.
    int at(int row, int piece) {
        return Species.FIRST + row * rowBytes + piece * pieceBytes;
    }
}
