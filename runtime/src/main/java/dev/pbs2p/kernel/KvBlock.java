package dev.pbs2p.kernel;

/// Keys and values of [#POSITIONS] tokens in one layer of one sequence.
final class KvBlock {

    /// Positions of a block.
    static final int POSITIONS = 64;

    private final int headSize;
    /// Of each head: a row a column of the head, a column a position.
    private final PanelMatrix[] keys;
    /// Of each head: a row a position.
    private final PanelMatrix[] values;

    private KvBlock(AttentionShape shape, MatrixMaker maker) {
        headSize = shape.headSize();
        keys = new PanelMatrix[shape.kvHeads()];
        values = new PanelMatrix[shape.kvHeads()];
        for (int head = 0; head < keys.length; head++) {
            keys[head] = maker.make(headSize, POSITIONS);
            values[head] = maker.make(POSITIONS, headSize);
        }
    }

    private interface MatrixMaker {
        PanelMatrix make(int rows, int cols);
    }

    /// One that remembers in float16.
    static KvBlock halves(AttentionShape shape) {
        return new KvBlock(shape, HalfMatrix::new);
    }

    /// One that gives what it was given.
    static KvBlock exact(AttentionShape shape) {
        return new KvBlock(shape, FloatMatrix::new);
    }

    boolean fits(AttentionShape shape) {
        return headSize == shape.headSize() && keys.length == shape.kvHeads();
    }

    /// Holds the keys and values of all heads that begin at k[at] and v[at].
    void put(int position, float[] k, float[] v, int at) {
        for (int head = 0; head < keys.length; head++) {
            keys[head].setColumn(position, k, at + head * headSize);
            values[head].setRow(position, v, at + head * headSize, headSize);
        }
    }

    /// The keys of a head: a row a column of the head, a column a position.
    PanelMatrix keys(int head) {
        return keys[head];
    }

    /// The values of a head: a row a position, a column a column of the head.
    PanelMatrix values(int head) {
        return values[head];
    }
}
