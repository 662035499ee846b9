package dev.pbs2p.generate;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import java.util.List;

/// A decoder-only transformer over a [Backend]: token ids in, logits out, and its blocks one by one for the compressor.
public interface Model extends AutoCloseable {

    Backend backend();

    /// Rows of the logits.
    int vocabulary();

    /// Most positions the model was made for.
    int context();

    /// Number of transformer blocks (decoder layers).
    int blocks();

    /// Checkpoint names of the linear weights of a block, in the order in which the block uses them.
    List<String> linears(int block);

    /// Checkpoint names of the parameter vectors (norm gains and biases) of a block.
    List<String> vectors(int block);

    /// Room for `capacity` tokens of `sequences` sequences.
    KvCache cache(int sequences, int capacity);

    /// Hidden states entering block 0: rows × hidden size. `ids` holds the new tokens of each sequence in turn.
    Matrix embed(int[] ids, KvCache cache);

    /// Hidden states leaving a block.
    Matrix block(int block, Matrix x, KvCache cache);

    /// Logits (rows × vocabulary) of hidden states that have left the last block.
    Matrix logits(Matrix x);

    /// Hidden states leaving the last block, for the new tokens; moves the cache on.
    default Matrix forward(int[] ids, KvCache cache) {
        Matrix x = embed(ids, cache);
        for (int block = 0; block < blocks(); block++) {
            try (Backend.Scope scope = backend().scope()) {
                x = scope.keep(block(block, x, cache));
            }
        }
        cache.advance(ids.length / cache.sequences());
        return x;
    }

    @Override
    void close();
}
