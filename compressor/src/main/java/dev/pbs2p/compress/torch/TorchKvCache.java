package dev.pbs2p.compress.torch;

import dev.pbs2p.kernel.KvCache;
import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Keys and values of each layer: sequences × capacity × columns, made when a layer first appends.
final class TorchKvCache implements KvCache {

    private final int[] lengths;
    private final int kvCols;
    private final int capacity;
    private final @Nullable Tensor[] keys;
    private final @Nullable Tensor[] values;

    TorchKvCache(int sequences, int layers, int kvCols, int capacity) {
        this.lengths = new int[sequences];
        this.kvCols = kvCols;
        this.capacity = capacity;
        this.keys = new Tensor[layers];
        this.values = new Tensor[layers];
    }

    static TorchKvCache window(int sequences) {
        return new TorchKvCache(sequences, 0, 0, 0);
    }

    boolean isWindow() {
        return capacity == 0;
    }

    /// New tokens of each sequence in a batch of `rows`.
    int tokens(int rows) {
        if (rows % lengths.length != 0) {
            throw new IllegalArgumentException(
                    rows + " rows do not divide into " + lengths.length + " sequences of equal length");
        }
        return rows / lengths.length;
    }

    /// Most tokens that a sequence has.
    int longest() {
        return Arrays.stream(lengths).max().orElse(0);
    }

    /// Whether all sequences have the same number of tokens.
    boolean even() {
        return Arrays.stream(lengths).allMatch(length -> length == lengths[0]);
    }

    /// Stores the new keys (sequences × tokens × columns) and returns all: sequences × longest × columns.
    Tensor appendKeys(int layer, Tensor added) {
        return append(keys, layer, added);
    }

    /// The same for values.
    Tensor appendValues(int layer, Tensor added) {
        return append(values, layer, added);
    }

    private Tensor append(@Nullable Tensor[] store, int layer, Tensor added) {
        long tokens = added.size(1);
        if (longest() + tokens > capacity) {
            throw new IllegalArgumentException(
                    "the cache holds " + capacity + " tokens a sequence, but " + (longest() + tokens) + " are needed");
        }
        Tensor all = store[layer];
        if (all == null) {
            all = Native.empty(torch.ScalarType.Float, lengths.length, capacity, kvCols);
            all.retainReference();
            // What a shorter sequence has not filled is masked, but 0 · NaN would show.
            all.zero_();
            store[layer] = all;
        }
        try (PointerScope _ = new PointerScope()) {
            if (even()) {
                all.narrow(1, lengths[0], tokens).copy_(added);
            } else {
                for (int s = 0; s < lengths.length; s++) {
                    all.select(0, s).narrow(0, lengths[s], tokens).copy_(added.select(0, s));
                }
            }
        }
        return all.narrow(1, 0, longest() + tokens);
    }

    @Override
    public int sequences() {
        return lengths.length;
    }

    @Override
    public int length(int sequence) {
        return lengths[sequence];
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public void advance(int tokens) {
        if (!isWindow()) {
            for (int s = 0; s < lengths.length; s++) {
                lengths[s] += tokens;
            }
        }
    }

    @Override
    public void truncate(int sequence, int length) {
        if (length < 0 || length > lengths[sequence]) {
            throw new IllegalArgumentException(
                    "cannot cut a sequence of " + lengths[sequence] + " tokens to " + length);
        }
        lengths[sequence] = length;
    }

    @Override
    public void close() {
        release(keys);
        release(values);
    }

    private static void release(@Nullable Tensor[] store) {
        for (int layer = 0; layer < store.length; layer++) {
            Tensor tensor = store[layer];
            if (tensor != null) {
                tensor.releaseReference();
                store[layer] = null;
            }
        }
    }
}
