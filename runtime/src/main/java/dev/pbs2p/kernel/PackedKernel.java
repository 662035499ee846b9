package dev.pbs2p.kernel;

/// How masked sums of quantised activations are found: for each of 64 rows, the sum of the activations whose bit is set
/// in a mask plane. Every kernel finds the same exact integers.
///
/// Slots go in quads of four. A row's activations are encoded once, [#bytesPerQuad()] bytes a quad, and then meet every
/// row unit. Sums come in the order of [RowOrder].
sealed interface PackedKernel permits NibbleKernel, PopcountKernel {

    /// Slots of a quad.
    int QUAD = 4;

    /// Places (slot × lane) of a quad.
    int PLACES = 32;

    /// Most quads that are counted at once: a run of 128 columns.
    int MAX_QUADS = 4;

    /// For people: what it is and how wide.
    String description();

    int bytesPerQuad();

    /// Encodes the `quads` quads of activations that are counted at once, one signed byte a place in slot order, into
    /// `form` from `to` on.
    void encode(byte[] q, int from, int quads, byte[] form, int to);

    /// Counts masks `first` to `first + count` of `masks` over `quads` quads of the activations at `form[at]`, into
    /// 64 shorts a mask of `masks.sums`.
    void count(Masks masks, int first, int count, int quads, byte[] form, int at);

    /// The kernel for this processor: popcount where it counts the bits of a 512-bit vector in one instruction, else
    /// tables. Below 512 bits tables win also where such an instruction exists (NEON).
    static PackedKernel choose(int activationBits) {
        return Species.preferredBits() == 512 && Processor.countsVectorBits()
                ? new PopcountKernel(activationBits)
                : new NibbleKernel();
    }
}
