package dev.pbs2p.kernel;

/// The sizes of one attention call, checked.
record AttentionShape(int headSize, int kvHeads, int sharing, int span) {

    static AttentionShape of(Matrix q, Matrix k, Matrix v, int heads, int kvHeads, int span) {
        if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0 || q.cols() % heads != 0) {
            throw new IllegalArgumentException("queries of " + q.cols() + " columns cannot be " + heads
                    + " heads that share " + kvHeads + " key heads");
        }
        int headSize = q.cols() / heads;
        if (k.cols() != kvHeads * headSize || v.cols() != k.cols() || k.rows() != q.rows() || v.rows() != q.rows()) {
            throw new IllegalArgumentException("queries " + q.rows() + "x" + q.cols() + " need keys and values "
                    + q.rows() + "x" + kvHeads * headSize + ", not " + k.rows() + "x" + k.cols() + " and " + v.rows()
                    + "x" + v.cols());
        }
        if (span < 1) {
            throw new IllegalArgumentException("a token must see at least itself; the span is " + span);
        }
        return new AttentionShape(headSize, kvHeads, heads / kvHeads, span);
    }

    int heads() {
        return kvHeads * sharing;
    }

    int kvCols() {
        return kvHeads * headSize;
    }

    /// The key head a query head reads.
    int kvHead(int head) {
        return head / sharing;
    }

    /// The first position a token at `position` sees.
    int from(int position) {
        return Math.max(0, position - span + 1);
    }
}
