package dev.pbs2p.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Keys and values on the Java heap, in blocks that are made as tokens come: in float16, for in a long text they
/// weigh as much as a packed model. A window has blocks of one layer in float32, which the next layer writes over.
final class HostKvCache implements KvCache {

    private final int layers;
    private final int kvCols;
    private final int capacity;
    private final int[] length;
    /// Layer by layer, sequence by sequence.
    private final List<List<KvBlock>> blocks;

    HostKvCache(int sequences, int layers, int kvCols, int capacity) {
        if (sequences < 1 || layers < 1 || kvCols < 1 || capacity < 1) {
            throw new IllegalArgumentException("a cache needs sequences, layers, columns and room, not " + sequences
                    + ", " + layers + ", " + kvCols + " and " + capacity);
        }
        this.layers = layers;
        this.kvCols = kvCols;
        this.capacity = capacity;
        this.length = new int[sequences];
        this.blocks = none(layers * sequences);
    }

    private HostKvCache(int sequences) {
        this.layers = 0;
        this.kvCols = 0;
        this.capacity = 0;
        this.length = new int[sequences];
        this.blocks = none(sequences);
    }

    static HostKvCache window(int sequences) {
        if (sequences < 1) {
            throw new IllegalArgumentException("a window needs at least one sequence, not " + sequences);
        }
        return new HostKvCache(sequences);
    }

    private static List<List<KvBlock>> none(int lists) {
        return Stream.generate(() -> (List<KvBlock>) new ArrayList<KvBlock>())
                .limit(lists)
                .toList();
    }

    private boolean isWindow() {
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

    /// Stores the keys and values of all sequences' new tokens.
    void append(int layer, AttentionShape shape, HostMatrix k, HostMatrix v) {
        int tokens = tokens(k.rows());
        if (!isWindow() && (layer < 0 || layer >= layers || k.cols() != kvCols)) {
            throw new IllegalArgumentException("layer " + layer + " with keys " + k + " and values " + v
                    + " does not fit a cache of " + layers + " layers and " + kvCols + " columns");
        }
        for (int s = 0; s < length.length; s++) {
            int from = length[s];
            if (!isWindow() && tokens > capacity - from) {
                throw new IllegalStateException("the context is full: " + from + " of " + capacity
                        + " tokens are used and " + tokens + " more do not fit");
            }
            List<KvBlock> mine = blocks(layer, s);
            makeRoom(mine, from + tokens, shape);
            for (int t = 0; t < tokens; t++) {
                mine.get((from + t) / KvBlock.POSITIONS)
                        .put((from + t) % KvBlock.POSITIONS, k.data, v.data, (s * tokens + t) * k.cols());
            }
        }
    }

    private void makeRoom(List<KvBlock> list, int positions, AttentionShape shape) {
        if (!list.isEmpty() && !list.getFirst().fits(shape)) {
            list.clear();
        }
        while (list.size() * KvBlock.POSITIONS < positions) {
            list.add(isWindow() ? KvBlock.exact(shape) : KvBlock.halves(shape));
        }
    }

    /// The blocks of a layer and sequence, [KvBlock#POSITIONS] positions each.
    List<KvBlock> blocks(int layer, int sequence) {
        return blocks.get((isWindow() ? 0 : layer) * length.length + sequence);
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
        blocks.forEach(List::clear);
    }
}
