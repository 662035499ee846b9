package dev.pbs2p.model;

import dev.pbs2p.kernel.KvCache;

/// Checks the tokens that enter a model.
final class TokenIds {

    private TokenIds() {}

    /// @throws IllegalArgumentException if `ids` are not equally many for each sequence, or not all in the vocabulary
    static void check(int[] ids, KvCache cache, int vocabulary) {
        if (ids.length % cache.sequences() != 0) {
            throw new IllegalArgumentException(
                    ids.length + " tokens do not divide into " + cache.sequences() + " sequences of equal length");
        }
        for (int id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw new IllegalArgumentException("token id " + id + " is outside the vocabulary of the model, 0 to "
                        + (vocabulary - 1) + ": the tokenizer belongs to another model");
            }
        }
    }
}
