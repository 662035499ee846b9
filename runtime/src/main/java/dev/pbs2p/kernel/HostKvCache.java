package dev.pbs2p.kernel;

import java.util.Arrays;

/// Keys and values in arrays of the Java heap, one pair a layer and sequence, that grow as tokens come.
final class HostKvCache implements KvCache {

    private static final int FIRST_TOKENS = 256;

    private final int layers;
    private final int kvCols;
    private final int capacity;
    private final int[] length;
    private final float[][] keys;
    private final float[][] values;

    HostKvCache(int sequences, int layers, int kvCols, int capacity) {
        if (sequences < 1 || layers < 1 || kvCols < 1 || capacity < 1) {
            throw new IllegalArgumentException("a cache needs sequences, layers, columns and room, not " + sequences
                    + ", " + layers + ", " + kvCols + " and " + capacity);
        }
        if ((long) capacity * kvCols > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "a cache of " + capacity + " tokens of " + kvCols + " columns is too large: use a shorter context");
        }
        this.layers = layers;
        this.kvCols = kvCols;
        this.capacity = capacity;
        this.length = new int[sequences];
        this.keys = new float[layers * sequences][0];
        this.values = new float[layers * sequences][0];
    }

    private HostKvCache(int sequences) {
        this.layers = 0;
        this.kvCols = 0;
        this.capacity = 0;
        this.length = new int[sequences];
        this.keys = new float[0][];
        this.values = new float[0][];
    }

    static HostKvCache window(int sequences) {
        if (sequences < 1) {
            throw new IllegalArgumentException("a window needs at least one sequence, not " + sequences);
        }
        return new HostKvCache(sequences);
    }

    boolean isWindow() {
        return capacity == 0;
    }

    /// Tokens of each sequence in a batch of `rows` rows.
    int tokens(int rows) {
        if (rows % length.length != 0) {
            throw new IllegalArgumentException(
                    rows + " rows do not make sequences of equal length for " + length.length + " sequences");
        }
        return rows / length.length;
    }

    /// Copies the keys and values of all sequences' new tokens; a window keeps nothing.
    void append(int layer, HostMatrix k, HostMatrix v) {
        if (isWindow()) {
            return;
        }
        int tokens = tokens(k.rows());
        for (int s = 0; s < length.length; s++) {
            append(layer, s, k, v, s * tokens, tokens);
        }
    }

    private void append(int layer, int sequence, HostMatrix k, HostMatrix v, int first, int tokens) {
        if (layer < 0 || layer >= layers || k.cols() != kvCols || v.cols() != kvCols) {
            throw new IllegalArgumentException("layer " + layer + " with keys " + k + " and values " + v
                    + " does not fit a cache of " + layers + " layers and " + kvCols + " columns");
        }
        int from = length[sequence];
        if (tokens > capacity - from) {
            throw new IllegalStateException("the context is full: " + from + " of " + capacity + " tokens are used and "
                    + tokens + " more do not fit");
        }
        int at = layer * length.length + sequence;
        int needed = (from + tokens) * kvCols;
        if (keys[at].length < needed) {
            int room = Math.min(capacity, Math.max(FIRST_TOKENS, Math.max(from + tokens, 2 * from)));
            keys[at] = Arrays.copyOf(keys[at], room * kvCols);
            values[at] = Arrays.copyOf(values[at], room * kvCols);
        }
        System.arraycopy(k.data, first * kvCols, keys[at], from * kvCols, tokens * kvCols);
        System.arraycopy(v.data, first * kvCols, values[at], from * kvCols, tokens * kvCols);
    }

    /// Keys of a layer and sequence, a row a position.
    float[] keys(int layer, int sequence) {
        return keys[layer * length.length + sequence];
    }

    /// Values of a layer and sequence, a row a position.
    float[] values(int layer, int sequence) {
        return values[layer * length.length + sequence];
    }

    @Override
    public int sequences() {
        return length.length;
    }

    @Override
    public int length(int sequence) {
        return length[sequence];
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public void advance(int tokens) {
        if (isWindow()) {
            return;
        }
        for (int s = 0; s < length.length; s++) {
            length[s] = Math.addExact(length[s], tokens);
        }
    }

    @Override
    public void truncate(int sequence, int newLength) {
        if (newLength < 0 || newLength > length[sequence]) {
            throw new IllegalArgumentException(
                    "cannot cut a sequence of " + length[sequence] + " tokens to " + newLength);
        }
        length[sequence] = newLength;
    }

    @Override
    public void close() {
        Arrays.fill(keys, new float[0]);
        Arrays.fill(values, new float[0]);
    }
}
