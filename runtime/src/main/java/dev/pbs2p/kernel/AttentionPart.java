package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.MAX;

import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Some tokens' queries of one key head, and room for their scores. A block of keys or values is widened once and meets
/// all of them; no query's result depends on the others.
final class AttentionPart {

    private static final VectorSpecies<Float> F = Species.FLOATS;
    private static final int LANES = F.length();
    private static final int BLOCK = KvBlock.POSITIONS;

    private final KvTile tile = new KvTile();
    /// `width` floats a query: the positions of all blocks that any query sees. Scores, then weights.
    private float[] scores = new float[0];

    private AttentionShape shape = new AttentionShape(1, 1, 1, 1);
    private int kvHead;
    private int row;
    private int position;
    private int queries;
    private int begin;
    private int end;
    private int width;

    /// Chooses what [#attend] computes.
    ///
    /// @param firstRow of the queries, whose token stands at `firstPosition`
    void queries(AttentionShape sizes, int head, int firstRow, int firstPosition, int tokens) {
        shape = sizes;
        kvHead = head;
        row = firstRow;
        position = firstPosition;
        queries = tokens * sizes.sharing();
        begin = sizes.from(firstPosition) / BLOCK * BLOCK;
        end = firstPosition + tokens;
        width = (end - begin + BLOCK - 1) / BLOCK * BLOCK;
        if (scores.length < queries * width) {
            scores = new float[Math.max(256, 2 * queries * width)];
        }
    }

    /// Writes what the chosen queries find.
    void attend(float[] q, List<KvBlock> blocks, float[] out) {
        int size = shape.headSize();
        Arrays.fill(scores, 0, queries * width, 0);
        for (int at = begin; at < end; at += BLOCK) {
            tile.keys(blocks.get(at / BLOCK).keys(kvHead), size, Math.min(BLOCK, end - at));
            for (int i = 0; i < queries; i += 2) {
                int j = Math.min(i + 1, queries - 1);
                tile.addProduct(q, query(i), query(j), scores, score(i, at), score(j, at));
            }
        }
        for (int i = 0; i < queries; i++) {
            weigh(i);
            Arrays.fill(out, query(i), query(i) + size, 0);
        }
        for (int at = begin; at < end; at += BLOCK) {
            tile.values(blocks.get(at / BLOCK).values(kvHead), size, Math.min(BLOCK, end - at));
            for (int i = 0; i < queries; i += 2) {
                int j = Math.min(i + 1, queries - 1);
                tile.addProduct(scores, score(i, at), score(j, at), out, query(i), query(j));
            }
        }
    }

    /// Where a query begins, and what becomes of it.
    private int query(int i) {
        int head = kvHead * shape.sharing() + i % shape.sharing();
        return ((row + i / shape.sharing()) * shape.heads() + head) * shape.headSize();
    }

    /// Where the score of a query at a position lies.
    private int score(int i, int at) {
        return i * width + at - begin;
    }

    /// Turns a query's scores into weights that add up to 1; those of positions it does not see into 0.
    private void weigh(int i) {
        int last = position + i / shape.sharing();
        int first = score(i, begin);
        int from = score(i, shape.from(last));
        int to = score(i, last + 1);
        // Whole vectors, which stay within the query's scores: their width is a multiple of any vector's.
        int firstVector = from - (from - first) % LANES;
        int endVectors = to + Math.floorMod(first - to, LANES);
        Arrays.fill(scores, firstVector, from, Float.NEGATIVE_INFINITY);
        Arrays.fill(scores, to, endVectors, Float.NEGATIVE_INFINITY);
        softmax(scores, firstVector, endVectors, (float) (1 / Math.sqrt(shape.headSize())));
        Arrays.fill(scores, first, from, 0);
        Arrays.fill(scores, to, first + width, 0);
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    /// Softmax of x · scale, in place, over whole vectors. What is -∞ becomes so small that it changes no sum.
    ///
    /// Each loop has a method to itself: behind that of the exponential the compiler inlines nothing any more,
    /// and vectors become objects.
    private static void softmax(float[] x, int from, int to, float scale) {
        exp(x, from, to, max(x, from, to), scale);
        multiply(x, from, to, 1 / sum(x, from, to));
    }

    private static void exp(float[] x, int from, int to, float max, float scale) {
        for (int i = from; i < to; i += LANES) {
            VectorMath.exp(load(x, i).sub(max).mul(scale)).intoArray(x, i);
        }
    }

    private static float sum(float[] x, int from, int to) {
        FloatVector sums = FloatVector.zero(F);
        for (int i = from; i < to; i += LANES) {
            sums = sums.add(load(x, i));
        }
        return VectorMath.sum(sums);
    }

    private static void multiply(float[] x, int from, int to, float factor) {
        for (int i = from; i < to; i += LANES) {
            load(x, i).mul(factor).intoArray(x, i);
        }
    }

    private static float max(float[] x, int from, int to) {
        FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int i = from; i < to; i += LANES) {
            most = most.max(load(x, i));
        }
        return most.reduceLanes(MAX);
    }
}
